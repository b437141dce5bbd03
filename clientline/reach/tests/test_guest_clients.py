"""Clients who are signed in book on the page for guests without a code, as themselves."""

import pytest
from django.test import Client

from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests.models import BookingRequest
from clientline.reach.tests.guests import details_url, list_times, open_page, read, typed
from organizations.models import Audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(salon):
    always_at_work(salon.staff)
    open_page(salon)
    salon.start = days_ahead(3, hour=10)
    return salon


def send(client, shop):
    page = client.get(details_url(shop, shop.start))
    return page, client.post("/b/salon/details", typed(page, consent="on"))


def test_a_signed_in_client_books_at_once_and_once(shop, client):
    client.force_login(shop.client)
    page, booked = send(client, shop)
    assert "Book this visit? " in read(page) and "First and family name" not in read(page)
    again = client.post("/b/salon/details", typed(page, consent="on"))
    assert (booked.status_code, again.status_code) == (303, 303)
    visit = Appointment.objects.get(appointment_date=shop.start)
    assert (visit.client, visit.created_by) == (shop.client, shop.client)
    assert Audit.objects.get(table="appointments", row=visit.pk, action="insert").source == "guest"
    assert "this is your visit" in read(client.get(booked["Location"]))


def test_a_slot_that_is_gone_is_another_for_them_too(shop, client):
    client.force_login(shop.client)
    page = client.get(details_url(shop, shop.start))
    other = Client()
    other.force_login(shop.stranger)
    assert send(other, shop)[1].status_code == 303
    refused = client.post("/b/salon/details", typed(page, consent="on"))
    assert (refused.status_code, shop.start.isoformat() in list_times(refused)) == (409, False)


@pytest.mark.parametrize("who", ["staff", "admin"])
def test_whoever_is_no_client_here_is_a_guest(shop, client, who):
    client.force_login(getattr(shop, who))
    assert "First and family name" in read(client.get(details_url(shop, shop.start)))


def test_a_client_of_another_organization_is_a_guest(shop, clinic, client):
    client.force_login(clinic.client)
    assert "First and family name" in read(client.get(details_url(shop, shop.start)))
    assert not BookingRequest.objects.exists()
