"""Clients who are signed in book on the page for guests without a code, as themselves."""

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests.models import BookingRequest
from clientline.reach.tests.guests import WHO, details_url, fill_in, list_times, open_page, read, typed
from clientline.tests.pages import see
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


@pytest.mark.sweep
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


def test_who_signs_in_after_they_asked_as_a_guest_is_led_to_the_code(shop, client):
    chosen = {"service": shop.service.pk, "staff": "", "start": shop.start.isoformat()}
    sent = fill_in(shop, "details", **chosen, **WHO)
    asked = client.post("/b/salon/details", sent)
    client.force_login(shop.client)
    again = client.post("/b/salon/details", sent)
    assert (again.status_code, again["Location"]) == (303, asked["Location"])


@pytest.mark.sweep
def test_a_slot_that_is_gone_is_another_for_them_too(shop, client):
    client.force_login(shop.client)
    page = client.get(details_url(shop, shop.start))
    other = Client()
    other.force_login(shop.stranger)
    assert send(other, shop)[1].status_code == 303
    refused = client.post("/b/salon/details", typed(page, consent="on"))
    assert (refused.status_code, shop.start.isoformat() in list_times(refused)) == (409, False)


@pytest.mark.sweep
def test_whoever_is_no_client_here_is_a_guest(shop, clinic, client):
    for user in (shop.staff, shop.admin, clinic.client):
        client.force_login(user)
        assert "name" in see(client, details_url(shop, shop.start))["form"].fields, user
    assert not BookingRequest.objects.exists()


def sign_in(client, person, password=PASSWORD, **headers):
    page = client.get("/b/salon/sign-in?next=/b/salon/times")
    return client.post("/b/salon/sign-in", typed(page, email=person.email, password=password), headers=headers)


@pytest.mark.sweep
def test_a_client_signs_in_on_the_page_and_out_again(shop, client):
    answer = sign_in(client, shop.client)
    assert (answer.status_code, answer["Location"]) == (303, "/b/salon/times")
    page, booked = send(client, shop)
    assert booked.status_code == 303
    key = page.content.decode().partition('action="/b/salon/sign-out"')[2].partition('value="')[2].partition('"')[0]
    assert client.post("/b/salon/sign-out", {"form": key}).status_code == 303
    assert "First and family name" in read(client.get(details_url(shop, days_ahead(4))))


@pytest.mark.sweep
def test_nobody_else_does_and_all_are_told_the_same(shop, clinic, client):
    others = (shop.staff, clinic.client)
    answers = [sign_in(client, each) for each in others] + [sign_in(client, shop.client, password="wrong")]
    for answer in answers:
        assert (answer.status_code, "These do not belong to a client here." in read(answer)) == (200, True)
    assert "_auth_user_id" not in client.session


@pytest.mark.sweep
def test_it_leads_nowhere_else(shop, client):
    page = client.get("/b/salon/sign-in")
    for place in ("https://evil.example/", "//evil.example", "/admin/", "/b/salonx/", "/b/other"):
        sent = typed(page, email=shop.client.email, password=PASSWORD) | {"next": place}
        assert client.post("/b/salon/sign-in", sent)["Location"] == "/b/salon", place


def test_no_other_site_signs_somebody_in(shop, client):
    assert sign_in(client, shop.client, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert "_auth_user_id" not in client.session
