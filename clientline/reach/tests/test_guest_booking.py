"""A guest books: step by step, without a script, a session or a cookie."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.reach.guests import codes, links
from clientline.reach.guests.models import BookingRequest
from clientline.reach.tests.guests import (
    WHO,
    ask,
    details_url,
    fill_in,
    list_times,
    make_visit,
    open_page,
    read,
    request,
    type_code,
    typed,
)
from clientline.tests.pages import Page
from organizations.models import Audit
from services.models import Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(salon):
    always_at_work(salon.staff, salon.colleague)
    salon.service.staff.set([salon.staff, salon.colleague], through_defaults={"organization": salon.organization})
    open_page(salon, phone="030 123456")
    salon.start = days_ahead(3, hour=10)
    return salon


@pytest.mark.sweep
def test_a_guest_goes_from_the_service_to_the_booked_visit_and_the_audit_says_so(shop, client):
    services = client.get("/b/salon")
    people = client.get(next(url for url in Page(services).links if "/people" in url))
    assert "Salon staff" in read(people) and "Salon colleague" in read(people)
    times = client.get(next(url for url in Page(people).links if f"staff={shop.staff.pk}" in url))
    details = client.get(next(url for url in Page(times).links if "/details" in url))
    asked = client.post(
        "/b/salon/details", typed(details, name="Kim Weber", contact_email="Kim@Example.com", consent="on")
    )
    assert asked.status_code == 303
    assert Appointment.objects.filter(client__name="Kim Weber").count() == 0  # nothing is held
    code = codes.write_code(BookingRequest.objects.get())
    booked = client.post(asked["Location"], typed(client.get(asked["Location"]), code=code))
    visit = Appointment.objects.get(client__name="Kim Weber")
    assert (booked.status_code, visit.staff, visit.created_by, visit.price) == (303, shop.staff, visit.client, 45)
    assert (visit.client.contact_email, visit.client.role, visit.client.signs_in) == (
        "kim@example.com",
        "client",
        False,
    )
    assert "Kim, this is your visit" in read(client.get(booked["Location"]))
    assert not client.cookies
    entries = Audit.objects.filter(row__in=[visit.pk, visit.client_id]).values_list("table", "source", "actor")
    assert {("appointments", "guest", visit.client_id), ("users", "guest", None)} <= set(entries)


def test_a_second_click_books_nothing_and_leads_there_again(shop, client):
    sent = WHO | {"service": shop.service.pk, "start": shop.start.isoformat()}
    form = fill_in(shop, "details", **sent)
    once, twice = client.post("/b/salon/details", form), client.post("/b/salon/details", form)
    assert (once["Location"], BookingRequest.objects.count()) == (twice["Location"], 1)
    answers = [type_code(client, once["Location"]) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert Appointment.objects.filter(client__name="Kim Weber").count() == 1
    opened = [links.find_organization_of_link(each["Location"].removeprefix("/v/")) for each in answers]
    assert opened == [shop.organization.pk] * 2


def test_the_same_address_and_name_are_the_same_client_and_nothing_is_overwritten(shop):
    known = UserFactory(
        organization=shop.organization, name="Weber, Kim", role="client", contact_email="kim@example.com", phone="1"
    )
    for day, name in enumerate(["kim  WEBER", "Kím Weber"], start=3):
        make_visit(shop, days_ahead(day), name=name, phone="0170 99999")
        assert Appointment.objects.get(appointment_date=days_ahead(day)).client == known, name
        known.refresh_from_db()
        assert (known.name, known.phone) == ("Weber, Kim", "1"), name


def test_another_name_at_a_known_address_is_a_new_client_who_looks_known(shop, client):
    known = UserFactory(organization=shop.organization, name="Jo Weber", role="client", contact_email="kim@example.com")
    make_visit(shop, shop.start)
    new = Appointment.objects.get(appointment_date=shop.start).client
    assert (new != known, new.name) == (True, "Kim Weber")
    client.force_login(shop.manager)
    assert "Jo Weber" in client.get(f"/admin/accounts/user/{new.pk}/change/").content.decode()


def test_who_was_turned_away_is_asked_to_call_and_no_second_record_is_made(shop, client):
    UserFactory(
        organization=shop.organization,
        name="Kim Weber",
        role="client",
        contact_email="kim@example.com",
        is_active=False,
    )
    refused = type_code(client, request(shop, shop.start))
    assert refused.status_code == 409
    assert "You cannot book here online. Please call. Telephone: 030 123456" in read(refused)
    assert User.objects.filter(name="Kim Weber").count() == 1


def test_a_time_that_was_taken_meanwhile_becomes_another_without_typing_again(shop, client):
    place = request(shop, shop.start, staff=shop.staff)
    AppointmentFactory(client=shop.stranger, staff=shop.staff, service=shop.service, appointment_date=shop.start)
    refused = type_code(client, place)
    assert refused.status_code == 409
    offered = list_times(refused)
    assert len(offered) == 6 and shop.start.isoformat() not in offered
    moved = client.post(place, typed(refused, start=offered[0]))
    assert moved.status_code == 303
    visit = Appointment.objects.get(client__name="Kim Weber")
    assert visit.appointment_date == timezone.datetime.fromisoformat(offered[0])


@pytest.mark.sweep
def test_what_is_not_bookable_online_is_neither_shown_nor_booked(shop, client):
    Service.objects.filter(pk=shop.service.pk).update(bookable_online=False)
    assert "Salon service" not in read(client.get("/b/salon"))
    assert client.get(details_url(shop, shop.start)).status_code == 303
    Service.objects.filter(pk=shop.service.pk).update(bookable_online=True)
    User.objects.filter(pk=shop.staff.pk).update(bookable_online=False)
    make_visit(shop, shop.start)
    assert Appointment.objects.get(client__name="Kim Weber").staff == shop.colleague
    User.objects.filter(pk=shop.colleague.pk).update(bookable_online=False)
    asked = BookingRequest.objects.count()
    assert "Nothing else is free around that time." in read(client.get(details_url(shop, days_ahead(4))))
    ask(client, shop, days_ahead(4))
    assert BookingRequest.objects.count() == asked


@pytest.mark.sweep
def test_what_the_page_offers_no_longer_is_not_booked_by_a_code_on_its_way(shop, client):
    of_staff, of_anyone = request(shop, shop.start, staff=shop.staff), request(shop, days_ahead(4, hour=10))
    User.objects.filter(pk=shop.staff.pk).update(bookable_online=False)
    sent = BookingRequest.objects.earliest("id")
    refused = client.post(of_staff, fill_in(sent, "confirm", code=codes.write_code(sent)))
    assert (refused.status_code, "You cannot book here online." in read(refused)) == (409, True)
    assert (shop.staff.name in read(refused), "Anyone who is free" in read(refused)) == (True, False)
    for changes in ({"bookable_online": False}, {"bookable_online": True, "is_active": False}):
        Service.objects.filter(pk=shop.service.pk).update(**changes)
        refused = type_code(client, of_anyone)
        assert (refused.status_code, "Salon service" in read(refused)) == (409, True), changes
    assert not User.objects.filter(name="Kim Weber").exists()


def test_a_page_that_is_closed_or_of_nobody_is_not_found(shop, client):
    assert client.get("/b/clinic").status_code == 404
    open_page(shop, guest_page=False)
    answer = client.get("/b/salon")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
