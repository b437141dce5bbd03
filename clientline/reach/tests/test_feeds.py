"""Feeds: what calendar programs read, for whom, how much, how often, and until when."""

from datetime import timedelta
from hashlib import sha256

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.reach.calendars import feeds
from clientline.reach.calendars.models import Feed
from clientline.reach.tests.visits import cancel
from clientline.tests.problems import fields, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(salon, api, settings):
    settings.PUBLIC_URL = "https://book.clientline.example"

    def make(caller=None, **body):
        answer = api(caller or salon.staff).post("/feeds", {"purpose": "My telephone"} | body)
        assert answer.status_code == 201, answer.json()
        return answer.json()["url"].removeprefix("https://book.clientline.example")

    return make


def read(path, **headers):
    return Client().get(path, headers=headers)


def read_events(path):
    return icalendar.Calendar.from_ical(read(path).content).events


def test_a_feed_is_a_published_calendar_without_guests(book, make):
    visit = book()
    answer = read(make())
    calendar = icalendar.Calendar.from_ical(answer.content)
    (event,) = calendar.events
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert (calendar["method"], calendar["name"]) == ("PUBLISH", "Salon: My telephone")
    assert calendar["x-wr-calname"] == "Salon: My telephone"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in answer.content
    assert b"ATTENDEE" not in answer.content
    assert b"VTIMEZONE" not in answer.content
    assert (event["uid"], event["dtstart"].dt, event["summary"]) == (visit.calendar_uid, visit.appointment_date, "Busy")


@pytest.mark.sweep
def test_it_tells_as_much_as_was_chosen(book, make):
    book()
    for detail, says in (("busy", "Busy"), ("service", "Salon service"), ("name", "Salon service, Salon")):
        (event,) = read_events(make(detail=detail, purpose=detail))
        assert event["summary"] == says


def test_a_first_name_is_never_the_family_name(salon, book, make):
    book()
    path = make(detail="name")
    for name, says in (("Weber, Kim Lea", "Kim"), ("Kim Weber, Jr.", "Kim"), ("Weber,", "Weber"), ("Cher", "Cher")):
        User.objects.filter(pk=salon.client.pk).update(name=name)
        assert [str(event["summary"]) for event in read_events(path)] == [f"Salon service, {says}"], name


def test_cancelled_visits_are_left_out_and_what_is_far_away(book, make):
    path = make()
    cancel(visit=book())
    for days in (-31, -29, 179, 181):
        book(days_ahead(days))
    days = [(event["dtstart"].dt - days_ahead(0)).days for event in read_events(path)]
    assert days == [-29, 179]


def test_at_most_two_thousand(salon, make, monkeypatch):
    assert feeds.MOST_EVENTS == 2000
    monkeypatch.setattr(feeds, "MOST_EVENTS", 20)
    first = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(1)
    )
    rows = [
        Appointment(
            organization=salon.organization,
            client=salon.client,
            staff=salon.staff,
            service=salon.service,
            appointment_date=start,
            ends_at=start + timedelta(minutes=5),
            busy_from=start,
            busy_until=start + timedelta(minutes=5),
            price=0,
            cancellation_notice=0,
            late_cancellation_fee=0,
            no_show_fee=0,
        )
        for start in (first.ends_at + timedelta(minutes=5 * number) for number in range(25))
    ]
    Appointment.objects.bulk_create(rows)
    events = read_events(make())
    assert len(events) == 20
    assert events[0]["uid"] == first.calendar_uid  # the nearest ones stay


def test_what_did_not_change_is_not_sent_again(book, make):
    path, visit = make(), book()
    first = read(path)
    again = read(path, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    cancel(visit=visit)
    changed = read(path, **{"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


@pytest.mark.sweep
def test_thirty_reads_an_hour(make, monkeypatch):
    path = make()
    assert [read(path).status_code for _ in range(2)] == [200] * 2
    assert Feed.objects.get().read_in_hour == 2
    Feed.objects.update(read_in_hour=29)
    assert read(path).status_code == 200
    refused = read(path)
    assert refused.status_code == 429
    assert 3590 < int(refused["Retry-After"]) <= 3600
    Feed.objects.update(hour_began_at=timezone.now() - timedelta(hours=1))
    assert read(path).status_code == 200


def deactivate(person):
    person.is_active = False
    person.save(update_fields=["is_active"])


def give_password(person):
    person.set_password("another-good-password")
    person.save(update_fields=["password"])


def give_role(person):
    person.role = "manager"
    person.save(update_fields=["role"])


def test_it_ends_with_who_made_it(salon):
    for person, change in ((salon.staff, deactivate), (salon.manager, give_password), (salon.colleague, give_role)):
        feed, token = feeds.make_feed(user=person, purpose="Mine", detail="busy", now=timezone.now())
        assert feeds.find_feed(token) == feed
        change(person)
        assert feeds.find_feed(token) is None, change.__name__
    assert read(f"/feeds/{token}.ics").status_code == 404


def test_it_is_read_with_another_key_too(salon, settings):
    """As at another installation; one that was made when the key counted is, once it was read with that key."""
    feed, token = feeds.make_feed(user=salon.staff, purpose="Mine", detail="busy", now=timezone.now())
    _, older = feeds.make_feed(user=salon.staff, purpose="Older", detail="busy", now=timezone.now())
    of_the_key = sha256(salon.staff.get_session_auth_hash().encode()).digest()
    Feed.objects.exclude(pk=feed.pk).update(standing=of_the_key)
    assert read(f"/feeds/{older}.ics").status_code == 200
    settings.SECRET_KEY = "of another installation"
    assert [read(f"/feeds/{each}.ics").status_code for each in (token, older)] == [200, 200]


def test_the_token_is_32_bytes_and_kept_nowhere(make):
    token = make().removeprefix("/feeds/").removesuffix(".ics")
    assert len(token) == 43
    row = Feed.objects.get()
    assert token not in str(vars(row))
    assert len(bytes(row.digest)) == 32
    assert read("/feeds/" + "A" * 43 + ".ics").status_code == 404


@pytest.mark.sweep
def test_each_sees_their_own(salon, clinic, book, make, api):
    book()
    path = make(salon.staff)
    assert read_events(make(salon.colleague)) == []
    (event,) = read_events(make(salon.client, detail="name"))
    assert event["summary"] == "Salon service"
    assert [row["purpose"] for row in api(salon.staff).get("/feeds").json()["results"]] == ["My telephone"]
    mine = api(salon.staff).get("/feeds").json()["results"][0]
    assert set(mine) == {"id", "purpose", "detail", "last_read_at", "created_at"}
    assert problem(api(salon.admin).delete(f"/feeds/{mine['id']}")) == (404, "not_found")
    assert api(salon.staff).delete(f"/feeds/{mine['id']}").status_code == 204
    assert read(path).status_code == 404


def test_one_feed_for_each_purpose(salon, make, api):
    make()
    assert api(salon.staff).post("/feeds", {"purpose": "My telephone"}).status_code in (400, 409)
    assert fields(api(salon.staff).post("/feeds", {"purpose": "x", "detail": "all"})) == {"detail": "invalid_choice"}
    assert fields(api(salon.staff).post("/feeds", {})) == {"purpose": "required"}
