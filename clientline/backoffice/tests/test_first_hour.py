"""A new organization's first hour by its links and forms: from an empty day to the first report."""

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from django.utils.html import strip_tags

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment, WorkingHours
from clientline.tests.pages import typed
from organizations.tests.factories import OrganizationFactory
from services.models import Service

LINK = re.compile(r'<a\b[^>]*?href="([^"]+)"[^>]*?(?:aria-label="([^"]+)"[^>]*)?>(.*?)</a>', re.DOTALL)


@pytest.fixture
def owner(client, db):
    home = OrganizationFactory(name="Corner Barbers", timezone="Europe/Berlin", currency="EUR")
    owner = UserFactory(organization=home, role="admin", name="Bruno", email="bruno@corner.example")
    client.force_login(owner)
    return owner


def find_link(page, name):
    """The address behind the first link that is called so; None where there is none."""
    links = LINK.findall(page.content.decode())
    found = (address for address, label, said in links if (unescape(label) or read(said)).startswith(name))
    return next((urljoin(page.wsgi_request.get_full_path(), unescape(each)) for each in found), None)


def read(html):
    return " ".join(unescape(strip_tags(html)).split())


def follow(client, page, *names):
    for name in names:
        address = find_link(page, name)
        assert address, f"{name} is no link of {page.wsgi_request.path}: {read(page.content.decode())[:2000]}"
        page = client.get(address, follow=True)
    return page


def send(client, page, **values):
    """The page's form as it stands, with `values` typed; returns where it leads."""
    answer = client.post(page.wsgi_request.get_full_path(), typed(page, **values), follow=True)
    assert answer.redirect_chain, read(answer.content.decode())[:2000]
    return answer


@pytest.mark.sweep
def test_links_and_forms_lead_from_an_empty_organization_to_the_first_report(client, owner):
    page = client.get("/admin/")
    assert "Nobody works on this day" in read(page.content.decode())
    page = follow(client, page, "Say what you offer", "Add service")
    page = send(client, page, name="Haircut", duration="30", price="45")
    page = follow(client, page, "Team", "Add to the team")
    page = send(client, page, name="Tilda", email="tilda@corner.example", role="staff")
    page = follow(client, page, "Working hours", "Tilda: edit the week")
    copied = client.post(
        page.wsgi_request.get_full_path(), typed(page, copy="0", **{"0-0-starts": "09:00", "0-0-ends": "17:00"})
    )
    page = send(client, copied)
    assert WorkingHours.objects.count() == 5
    page = follow(client, page, "Today", "Next day")
    for _ in range(2):  # a weekend
        page = page if find_link(page, "Book 09:00 with Tilda") else follow(client, page, "Next day")
    page = follow(client, page, "Book 09:00 with Tilda")
    page = send(client, page, name="Kim Weber", email="kim@corner.example", service=Service.objects.get().pk)
    assert "Booked: Kim Weber, Haircut" in read(page.content.decode())
    page = send(client, follow(client, page, "Take payment"))
    assert "Payment recorded: 45.00 EUR" in read(page.content.decode())
    page = send(client, follow(client, page, "Refund"), amount="10", reason="Had to wait")
    assert "Refunded: 10.00 EUR" in read(page.content.decode())
    page = follow(client, page, "Reports")
    figures = re.findall(r'class="figure".*?([\d.]+)', page.content.decode(), re.DOTALL)
    assert figures == ["45.00", "10.00", "35.00", "0.00", "0.00"]
    assert User.objects.filter(role="client").get().name == "Kim Weber"


def test_where_the_documents_pictures_are_taken_there_is_what_is_looked_for(client, salon):
    """By `screenshots`: from day to day, to the reports, to a visit that took place, and from it to its client."""
    Appointment.objects.filter(pk=salon.visit.pk).update(status="completed")
    client.force_login(salon.manager)
    day = client.get(f"/admin/?date={salon.visit.appointment_date:%Y-%m-%d}")
    assert [name for name in ("Next day", "Previous day", "Today", "Reports") if not find_link(day, name)] == []
    completed = re.search(r'<a class="visit completed[^"]*" href="([^"]+)"', day.content.decode())
    assert completed
    visit = client.get(unescape(completed[1])).content.decode()
    assert f'<dt>Client</dt><dd><a href="/admin/accounts/user/{salon.client.pk}/change/">' in visit
