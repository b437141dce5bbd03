"""Somebody's last day can be planned: nobody is booked with them after it, and what is booked already is said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import people
from accounts.models import User
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.tests.factories import AppointmentFactory, SpecialHoursFactory, WorkingHoursFactory
from clientline.tests.problems import problem
from clientline.tests.rehearsals import undone

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime.now(BERLIN).date()
LAST = TODAY + timedelta(days=56 - TODAY.weekday())  # a Monday, on which the salon's staff work 9 to 17
TUESDAY, NEXT_MONDAY, NEXT_WEDNESDAY = (LAST + timedelta(days=days) for days in (1, 7, 9))
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)  # a Monday


@pytest.fixture
def leaving(salon):
    for model in (SpecialHours, TimeOff):
        model.objects.all().delete()
    Appointment.objects.all().update(status="completed")
    return salon


def at(day, hour):
    """An hour of a day in Berlin."""
    return datetime.combine(day, time(hour), BERLIN)


def plan(api, cast, day, by=None):
    return api(by or cast.manager).patch(f"/users/{cast.staff.pk}", {"works_until": day and str(day)})


def count_starts(api, cast, first, last):
    asked = {"service": cast.service.pk, "staff": cast.staff.pk, "from": str(first), "to": str(last)}
    answer = api(cast.client).get("/availability", asked)
    assert answer.status_code == 200, answer.json()
    return {date.fromisoformat(day["date"]): day["slots"] for day in answer.json()["days"] if day["slots"]}


@pytest.mark.sweep
def test_free_times_and_clients_bookings_stop_after_the_last_day(leaving, api):
    SpecialHoursFactory(staff=leaving.staff, date=NEXT_WEDNESDAY, starts="09:00", ends="17:00")
    before = count_starts(api, leaving, LAST, NEXT_WEDNESDAY)
    assert set(before) == {LAST, NEXT_MONDAY, NEXT_WEDNESDAY}
    answer = plan(api, leaving, LAST)
    assert (answer.status_code, answer.json()["works_until"], answer.json()["stranded"]) == (200, str(LAST), 0)
    assert count_starts(api, leaving, LAST, NEXT_WEDNESDAY) == {LAST: before[LAST]}
    wish = {"service": leaving.service.pk, "staff": leaving.staff.pk, "client": leaving.client.pk}
    late = wish | {"appointment_date": at(NEXT_MONDAY, 10).isoformat()}
    assert problem(api(leaving.client).post("/appointments", late)) == (409, "outside_working_hours")
    assert (
        api(leaving.client).post("/appointments", wish | {"appointment_date": at(LAST, 10).isoformat()}).status_code
        == 201
    )
    assert plan(api, leaving, None).json()["works_until"] is None
    assert set(count_starts(api, leaving, LAST, NEXT_WEDNESDAY)) == set(before)


def test_the_last_evening_goes_on_into_its_night(leaving, api):
    WorkingHoursFactory(staff=leaving.staff, weekday=0, starts="20:00", ends="02:00")
    plan(api, leaving, LAST)
    assert set(count_starts(api, leaving, LAST, NEXT_MONDAY)) == {LAST, TUESDAY}


@pytest.mark.sweep
def test_visits_after_the_last_day_are_stranded_until_it_is_later(leaving, api):
    kept, stranded, on_purpose = (
        AppointmentFactory(client=leaving.client, staff=leaving.staff, service=leaving.service, appointment_date=start)
        for start in (at(LAST, 10), at(NEXT_MONDAY, 10), at(NEXT_MONDAY, 22))
    )
    assert plan(api, leaving, LAST).json()["stranded"] == 1
    listed = api(leaving.manager).get("/appointments", {"stranded": "true"}).json()["results"]
    assert [visit["id"] for visit in listed] == [stranded.pk], (kept, on_purpose)
    answer = plan(api, leaving, NEXT_MONDAY).json()
    assert answer["stranded"] == 0
    assert not Appointment.objects.filter(stranded=True).exists()
    assert api(leaving.manager).put(f"/users/{leaving.staff.pk}", answer).status_code == 200, "what was answered"


def test_a_put_without_it_keeps_the_last_day(leaving, api):
    plan(api, leaving, LAST)
    body = {"name": "Anna", "email": leaving.staff.email, "role": "staff"}
    assert api(leaving.manager).put(f"/users/{leaving.staff.pk}", body).json()["works_until"] == str(LAST)


def test_nobody_plans_their_own_last_day(leaving, api):
    for person in (leaving.staff, leaving.client):
        answer = api(person).patch(f"/users/{person.pk}", {"works_until": str(LAST)})
        assert problem(answer) == (403, "permission_denied"), person.role


def test_the_past_stays_and_clients_have_no_last_day(leaving, api):
    yesterday = leaving.organization.find_local_date(datetime.now(UTC)) - timedelta(days=1)
    answer = plan(api, leaving, str(yesterday))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "works_until")
    answer = api(leaving.manager).patch(f"/users/{leaving.client.pk}", {"works_until": str(LAST)})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid")
    new = {"name": "New", "role": "client", "works_until": str(LAST)}
    assert api(leaving.manager).post("/users", new).status_code == 400
    new = {"name": "New", "email": "new@salon.example", "role": "staff", "works_until": str(LAST)}
    assert api(leaving.manager).post("/users", new).json()["works_until"] == str(LAST)


def change(person, now, **changes):
    person = User.objects.get(pk=person.pk)
    return people.change_person(by=None, person=person, changes=changes, now=now)


def test_who_is_deactivated_after_the_last_day_left_on_that_day(leaving):
    change(leaving.staff, NOW, works_until=date(2027, 3, 8))
    assert change(leaving.staff, NOW + timedelta(days=20), is_active=False).works_until == date(2027, 3, 8)
    change(leaving.colleague, NOW, works_until=date(2027, 3, 8))
    assert change(leaving.colleague, NOW, is_active=False).works_until == date(2027, 3, 1)


def test_who_goes_on_after_a_last_day_was_not_there_in_between(leaving):
    change(leaving.staff, NOW, works_until=date(2027, 3, 1))
    for later in (None, date(2027, 6, 1)):
        with undone():
            change(leaving.staff, NOW + timedelta(days=14), works_until=later)
            rows = WorkingHours.objects.filter(staff=leaving.staff)
            assert sorted(str(row.valid_until or row.valid_from) for row in rows) == ["2027-03-01", "2027-03-15"]
            assert User.objects.get(pk=leaving.staff.pk).works_until == later


def test_who_comes_back_may_have_a_last_day_ahead(leaving, api):
    path = f"/users/{leaving.staff.pk}"
    assert api(leaving.admin).patch(path, {"is_active": False}).status_code == 200
    assert plan(api, leaving, LAST).status_code == 400, "who has left"
    answer = api(leaving.admin).patch(path, {"is_active": True, "works_until": str(LAST)})
    assert (answer.status_code, answer.json()["works_until"]) == (200, str(LAST))
