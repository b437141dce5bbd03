"""Days, clocks and amounts have one form each on all pages of an organization: that of its country."""

import re
from datetime import timedelta

import pytest

from accounts.models import User
from clientline import wording
from clientline.backoffice.tests.test_german_pages import list_pages, list_said
from clientline.tests.pages import see
from organizations.models import Organization

# What no page of an organization in the United States shows: 2029-12-08, 8 Dec, 14:30, 45.00 USD.
FOREIGN = re.compile(r"\d{4}-\d\d-\d\d|\b\d{1,2} [A-Z][a-z]{2}\b|\b\d\d:\d\d\b(?!:)|\d\.\d\d [A-Z]{3}\b")
PARTED = re.compile(r"\b\d\d:\d\d(?=[\xa0 ][AP]M)")  # 11:30 AM
EPOCH = "2000-01-03"  # of a number that programs send


@pytest.fixture
def american(clinic, salon, client):
    Organization.objects.filter(pk=clinic.organization.pk).update(country="US")
    clinic.admin = User.objects.get(pk=clinic.admin.pk)
    client.force_login(clinic.admin)
    return clinic


def list_foreign(client, url):
    said = (PARTED.sub("", text) for text in list_said(client.get(url).text))
    return sorted(text for text in said if FOREIGN.search(text.replace(EPOCH, "")))


def find_foreign(client, urls):
    found = {url: list_foreign(client, url) for url in urls}
    return {url: texts for url, texts in found.items() if texts}


@pytest.mark.sweep
@pytest.mark.django_db
def test_an_american_salon_sees_its_own_forms(american, client):
    visit, day = american.visit, f"{american.visit.appointment_date:%Y-%m-%d}"
    urls = [
        f"/admin/?date={day}",
        f"/admin/week/?staff={american.staff.pk}&date={day}",
        f"/admin/appointments/appointment/{visit.pk}/change/",
        "/admin/appointments/appointment/",
        "/admin/appointments/workinghours/",
        "/admin/payments/payment/",
        f"/admin/accounts/user/{american.client.pk}/change/",
    ]
    assert find_foreign(client, urls) == {}


@pytest.mark.whole  # the test above asks for the pages that people look at most
@pytest.mark.django_db
def test_no_page_of_an_american_salon_has_another_form(american, client):
    american.sidebar = see(client, "/admin/")["sidebar"]
    assert find_foreign(client, list_pages(american)) == {}


@pytest.mark.django_db
def test_a_visit_is_told_as_its_country_writes_it_and_the_next_organizations_as_theirs(american, salon, client):
    local = american.visit.appointment_date.astimezone(american.organization.zone)
    page = client.get(f"/admin/appointments/appointment/{american.visit.pk}/change/").text
    assert f"{local:%a, %b} {local.day}, {local.year}" in page
    listed = client.get("/admin/appointments/appointment/").text
    clock = f"{local:%I:%M}".lstrip("0") + f"\xa0{local:%p}"
    assert f'<span class="nowrap">{local:%a, %b} {local.day}, {local.year} {clock}</span>' in listed
    client.force_login(salon.admin)
    listed = client.get("/admin/appointments/appointment/").text
    local = salon.visit.appointment_date.astimezone(salon.organization.zone)
    link = f'<a href="/admin/appointments/appointment/{salon.visit.pk}/change/"><span class="nowrap">'
    assert f"{link}{local:%a} {local.day} {local:%b %Y %H:%M}</span></a></th>" in listed, "which leads to its row"


@pytest.mark.django_db
def test_a_week_begins_on_sunday_where_the_country_begins_it_so_and_hours_stand_below_their_days(american, client):
    board = see(client, f"/admin/week/?staff={american.staff.pk}&date=2029-12-08")["board"]  # a Saturday
    assert [f"{each['column'].day:%a %d}" for each in board.drawn][::6] == ["Sun 02", "Sat 08"]
    page = see(client, "/admin/week-hours/")
    assert (page["weekdays"][0], page["weekdays"][1], page["weekdays"][6]) == ("Sun", "Mon", "Sat")
    [days] = [days for person, days, _ in page["people"] if person == american.staff]
    weekday = american.working_hours.weekday
    assert [number for number, stretches in enumerate(days) if stretches] == [(weekday + 1) % 7]


@pytest.mark.django_db
def test_the_scripts_of_the_day_get_their_clocks_from_the_page(american, client):
    day = american.visit.appointment_date
    page = client.get(f"/admin/?date={day:%Y-%m-%d}").text
    assert 'data-clocks="12:{}\xa0AM|1:{}\xa0AM|' in page
    assert 'data-minutes="30"' in page
    day += timedelta(days=(american.working_hours.weekday - day.weekday()) % 7)
    page = client.get(f"/admin/?date={day:%Y-%m-%d}").text
    assert f"&amp;time={american.working_hours.starts:%H:%M}" in page  # what is sent stays as it is
    assert f">+ {wording.find_style('en', 'US').write_clock(american.working_hours.starts)}<" in page
