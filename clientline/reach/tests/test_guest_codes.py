"""The code: who is told what, how often, and that scanners and strangers find and change nothing."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.reach.guests import codes
from clientline.reach.guests.models import BookingRequest
from clientline.reach.tests.guests import (
    WHO,
    ask,
    details_url,
    fill_in,
    make_visit,
    open_page,
    read,
    request,
    type_code,
    typed,
)
from clientline.tests.rendering import unrendered

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(salon):
    always_at_work(salon.staff)
    open_page(salon, phone="030 123456")
    salon.start = days_ahead(3, hour=10)
    return salon


SECRETS = re.compile(r"[0-9a-f]{43}|value=\"eyJ[^\"]+\"|W1s?[\w:-]{20,}|\"[\w-]+:[\w-]+:[\w-]+\"")


def observe(shop, address):
    """Statements and answers of everything that somebody without a code can do with an address."""
    client = Client()
    with CaptureQueriesContext(connection) as ran:
        form = typed(client.get(details_url(shop, shop.start)), **(WHO | {"contact_email": address}))
        asked = client.post("/b/salon/details", form)
        page = client.get(asked["Location"])
        wrong = client.post(asked["Location"], typed(page, code="not it"))
    statements = [re.sub(r"'[^']*'|_?\w*\d+\w*", "?", each["sql"]) for each in ran]
    answers = [(each.status_code, SECRETS.sub("", each.content.decode())) for each in (asked, page, wrong)]
    return statements, [(status, text.replace(address, "ADDRESS")) for status, text in answers]


@pytest.mark.sweep
def test_a_known_and_an_unknown_address_run_the_same_statements_and_get_the_same_answers(shop):
    who = {"role": "client", "name": WHO["name"], "contact_email": "known@x.example"}
    known = UserFactory(organization=shop.organization, **who)
    for day in range(4):
        AppointmentFactory(client=known, staff=shop.staff, service=shop.service, appointment_date=days_ahead(20 + day))
    observe(shop, "first@x.example")  # compiles what is kept
    unknown_ran, unknown_seen = observe(shop, "other@x.example")
    known_ran, known_seen = observe(shop, "known@x.example")
    assert known_ran == unknown_ran
    assert len(known_ran) == 64  # of four requests
    assert known_seen == unknown_seen
    assert [status for status, _ in known_seen] == [303, 200, 409]


def test_limits_are_these_unless_an_operator_says_otherwise(settings):
    limits = (settings.GUEST_CODES_AN_HOUR, settings.GUEST_FORMS_IN_TEN_MINUTES, settings.GUEST_VISITS_AHEAD)
    assert limits == (5, 10, 3)


# Lower ones in the tests.


@pytest.mark.sweep
def test_only_a_code_beyond_the_limit_of_an_hour_is_refused_whichever_organization_is_asked(
    shop, clinic, client, settings
):
    settings.GUEST_CODES_AN_HOUR = 2
    open_page(clinic)
    assert [ask(client, shop, shop.start).status_code for _ in range(3)] == [303, 303, 429]
    always_at_work(clinic.staff)
    refused = ask(client, clinic, shop.start)
    assert (refused.status_code, int(refused["Retry-After"]) > 3000) == (429, True)
    assert "So many codes were sent to this address" in read(refused)
    assert ask(client, shop, shop.start, contact_email="else@example.com").status_code == 303
    BookingRequest.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert ask(client, shop, shop.start).status_code == 303


@pytest.mark.sweep
def test_only_a_form_beyond_the_limit_of_ten_minutes_and_a_network_is_refused_whichever_organization_is_asked(
    shop, clinic, settings
):
    settings.GUEST_FORMS_IN_TEN_MINUTES = 2
    open_page(clinic)
    always_at_work(clinic.staff)

    def send(number, address, home=shop):
        return ask(Client(REMOTE_ADDR=address), home, shop.start, contact_email=f"kim{number}@example.com").status_code

    assert [send(n, f"2001:db8::{n + 1}") for n in range(3)] == [303, 303, 429]
    assert send(3, "2001:db8::1", clinic) == 429
    assert send(4, "2001:db8:0:1::1") == 303
    BookingRequest.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    assert send(5, "2001:db8::1") == 303


@pytest.mark.sweep
def test_the_log_holds_no_secret(shop, client, caplog):
    place = ask(client, shop, shop.start)["Location"]
    link = type_code(client, place)["Location"]
    with unrendered():
        client.get(f"{link}/move")
    lines = [record.getMessage() for record in caplog.records if record.name == "clientline.requests"]
    assert f"GET {link}/move 200".replace(link, "/v/secret") in lines[-1]
    for secret in (place.rpartition("/")[2], link.rpartition("/")[2]):
        assert not [line for line in lines if secret in line]


def test_a_visit_more_ahead_is_refused_to_an_address_whatever_the_name(shop, client, settings):
    settings.GUEST_VISITS_AHEAD = 2
    for day in range(2):
        make_visit(shop, days_ahead(3 + day), name=f"Kim {'abc'[day]}")
    refused = type_code(client, request(shop, days_ahead(8)))
    assert refused.status_code == 409
    assert "as many coming visits as you may book here at once. Telephone: 030 123456" in read(refused)
    assert not Appointment.objects.filter(client__name="Kim Weber").exists()
    make_visit(shop, days_ahead(8), contact_email="else@example.com")


@pytest.mark.sweep
def test_five_wrong_codes_end_a_request(shop, client):
    place = request(shop, shop.start)
    assert "This is not the code" in read(type_code(client, place, code="x"))
    with unrendered():
        assert {type_code(client, place, code=f"x{n}").status_code for n in range(4)} == {409}
    over = type_code(client, place)
    assert (over.status_code, "does not hold any more" in read(over)) == (409, True)
    assert not Appointment.objects.filter(client__name="Kim Weber").exists()


def test_a_code_may_be_typed_in_any_digits(shop, client):
    place = request(shop, shop.start)
    arabic = codes.write_code(BookingRequest.objects.get()).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert type_code(client, place, code=f"{arabic[:3]} {arabic[3:]}").status_code == 303


@pytest.mark.sweep
def test_a_code_holds_for_half_an_hour_and_a_request_for_a_day(shop, client):
    place = request(shop, shop.start)
    with unrendered():
        for hours, status in ((25, 404), (23, 200)):
            BookingRequest.objects.update(created_at=timezone.now() - timedelta(hours=hours))
            assert client.get(place).status_code == status, hours
        for minutes, status in ((31, 409), (29, 303)):
            BookingRequest.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))
            assert type_code(client, place).status_code == status, minutes


@pytest.mark.sweep
def test_scanners_change_nothing(shop, client):
    place = request(shop, shop.start)

    def count():
        return BookingRequest.objects.values_list("wrong_codes", "proven_at").get(), Appointment.objects.count()

    before = count()
    for url in ("/b/salon", details_url(shop, shop.start), place):
        with unrendered():
            assert client.get(url).status_code == client.head(url).status_code == 200
            assert client.get(url, headers={"Sec-Purpose": "prefetch"}).status_code == 200
    for url in ("/b/salon/details", place):
        sent = WHO | {"service": shop.service.pk, "start": shop.start.isoformat(), "code": "123456"}
        for form in ({}, {"form": "made up"}, {"form": ""}):
            assert client.post(url, sent | form).status_code == 403
        assert [getattr(client, method)(url).status_code for method in ("put", "patch", "delete")] == [405] * 3
    assert count() == before


def test_the_form_of_one_page_is_none_of_another(shop, clinic, client):
    open_page(clinic)
    for home, place in ((clinic, "details"), (shop, "confirm")):
        sent = fill_in(home, place, **WHO, service=shop.service.pk, start=shop.start.isoformat())
        assert client.post("/b/salon/details", sent).status_code == 403, (home, place)


def test_what_is_missing_is_said_and_what_was_typed_stays(shop, client):
    for who, said in (
        (
            {"name": " ", "contact_email": "", "consent": ""},
            ["Tell us your name.", "Tell us where the code may go.", "Please agree, or nothing can be booked."],
        ),
        ({"name": "\u3164"}, ["Tell us your name."]),
        ({"name": "Kim \u202eeeL"}, ["Leave out the hidden signs that turn the direction of writing around."]),
        ({"name": "123", "contact_email": "kim@"}, ["Tell us your name.", "This is no e-mail address"]),
    ):
        answer = ask(client, shop, shop.start, **who, notes="left-handed")
        assert (answer.status_code, "left-handed" in answer.content.decode()) == (200, True), who
        assert [each for each in said if each not in read(answer)] == [], who
    assert not BookingRequest.objects.exists()
