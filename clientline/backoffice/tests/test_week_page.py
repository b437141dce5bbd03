"""Week: seven days of one person, and whose."""

from datetime import UTC, date, datetime

import pytest

from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import see, tell
from clientline.tests.rendering import unrendered

pytestmark = pytest.mark.clock

WEDNESDAY = date(2097, 6, 19)


def opened(client, who, **query):
    client.force_login(who)
    response = client.get("/admin/week/", query)
    assert response.status_code == 200
    return response


def titles(response):
    return [each["column"].title for each in response.context["board"].drawn]


def labels(response):
    drawn = response.context["board"].drawn
    places = [place for each in drawn for place in each["places"] if place.kind != "free"]
    return [place.label.replace(", first visit", "") for place in places]  # where the cast's lie depends on the day


@pytest.fixture
def visits(salon):
    starts = datetime(2097, 6, 18, 8, tzinfo=UTC)
    common = {"service": salon.service, "appointment_date": starts}
    return [
        AppointmentFactory(client=salon.client, staff=salon.staff, **common),
        AppointmentFactory(client=salon.stranger, staff=salon.colleague, **common),
    ]


def test_seven_days_from_monday_of_whoever_has_hours(salon, visits, client):
    response = opened(client, salon.manager, date=WEDNESDAY)
    assert titles(response) == [f"{day} Jun" for day in "Mon 17|Tue 18|Wed 19|Thu 20|Fri 21|Sat 22|Sun 23".split("|")]
    assert response.context["person"] == salon.staff
    assert labels(response) == ["10:00–10:30 Salon client, Salon service, with Salon staff, scheduled"]
    colleague = opened(client, salon.manager, date=WEDNESDAY, staff=salon.colleague.pk)
    assert labels(colleague) == ["10:00–10:30 Salon stranger, Salon service, with Salon colleague, scheduled"]


@pytest.mark.sweep
def test_staff_see_their_own_week_whatever_they_ask(salon, clinic, visits, client, without_row_security):
    for asked in ("x", "9" * 5000, ""):
        with unrendered():
            assert opened(client, salon.staff, date=WEDNESDAY, staff=asked).context["person"] == salon.staff, asked
    for other in (salon.colleague, clinic.staff):
        response = opened(client, salon.staff, date=WEDNESDAY, staff=other.pk)
        assert response.context["person"] == salon.staff
        assert "stranger" not in response.content.decode()
        assert "Clinic" not in response.content.decode()


def test_managers_choose_among_their_own_people(salon, clinic, visits, client, without_row_security):
    response = opened(client, salon.manager, date=WEDNESDAY, staff=clinic.staff.pk)
    assert response.context["person"] == salon.staff
    assert "Clinic" not in response.content.decode()


def test_an_operator_chooses_an_organization_first(salon, operator, client):
    client.force_login(operator)
    assert client.get("/admin/week/")["Location"] == "/admin/organizations/organization/"
    client.post(f"/admin/act/{salon.organization.pk}/")
    assert see(client, "/admin/week/")["person"] == salon.staff


def test_the_page_costs_so_many_queries_however_many_visits_it_shows(salon, visits, client, django_assert_num_queries):
    client.force_login(salon.manager)
    see(client, "/admin/week/", {"date": WEDNESDAY})
    for hour in range(9, 15):
        starts = datetime(2097, 6, 20, hour, tzinfo=UTC)
        person = UserFactory(organization=salon.organization)
        AppointmentFactory(client=person, staff=salon.staff, service=salon.service, appointment_date=starts)
    with django_assert_num_queries(12):
        response = client.get("/admin/week/", {"date": WEDNESDAY})
    assert len(labels(response)) == 7


@pytest.mark.sweep
def test_the_edges_of_the_calendar_and_the_weeks_of_clock_changes_open(salon, client):
    for day in ("2000-01-01", "2099-12-31", "2026-03-29", "2026-10-25"):
        with unrendered():
            assert len(titles(opened(client, salon.manager, date=day))) == 7, day
    assert len(titles(opened(client, salon.manager, date=day))) == 7


def test_an_odd_date_is_named(salon, client):
    for sent in ("9999-12-31", "0001-01-01", "yesterday"):
        with unrendered():
            assert tell(opened(client, salon.manager, date=sent))[-1].endswith("This is the present week."), sent
    assert "This is the present week." in opened(client, salon.manager, date=sent).content.decode()
