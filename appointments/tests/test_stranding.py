"""Whatever leaves a coming visit without its person says so: in the answer, in the list, and on Today."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts import people
from accounts.models import User
from appointments import booking
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, WorkingHoursFactory
from appointments.working_time import stranding
from appointments.working_time.hours import find_minute
from clientline.tests.problems import problem

MIGRATION = import_module("appointments.migrations.0014_old_stranded_visits")
MONDAY = datetime(2097, 6, 3, 8, tzinfo=UTC)  # 10:00 in Berlin
NINE_TO_TEN = {"starts_at": "2097-06-03T10:00:00+02:00", "ends_at": "2097-06-03T11:00:00+02:00"}


@pytest.fixture
def booked(salon):
    """A visit within hours, and one at night, which somebody booked on purpose."""
    for model in (SpecialHours, TimeOff):
        model.objects.all().delete()
    salon.inside, salon.outside = (
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
        for start in (MONDAY, MONDAY + timedelta(hours=12))
    )
    return salon


def list_stranded(api, caller):
    answer = api(caller).get("/appointments", {"stranded": "true"})
    assert answer.status_code == 200, answer.json()
    return [visit["id"] for visit in answer.json()["results"]]


def test_a_visit_in_decades_costs_no_look_at_the_days_before_it(booked):
    """Those of the casts are years before the last one: two looks at a clock for each visit, its start and its end."""
    visits = Appointment.objects.filter(organization=booked.organization)
    find_minute.cache_clear()
    problems = stranding.find_problems(organization=booked.organization, visits=visits, zone=booked.organization.zone)
    assert problems[booked.inside.pk] == set()
    assert find_minute.cache_info().misses <= 2 * visits.count()


@pytest.mark.sweep
def test_time_off_says_what_it_strands_and_its_end_takes_that_back(booked, api):
    client = api(booked.manager)
    made = client.post("/time-off", NINE_TO_TEN | {"staff": booked.staff.pk}).json()
    assert made["stranded"] == 1
    assert list_stranded(api, booked.manager) == [booked.inside.pk]
    path = f"/time-off/{made['id']}"
    assert "stranded" not in client.get(path).json()
    assert client.patch(path, {"reason": "Dentist"}).json()["stranded"] == 0
    assert client.put(path, made | {"reason": "Dentist"}).json() == client.get(path).json(), "nothing changed"
    answer = client.delete(path)
    assert (answer.status_code, answer["Stranded"]) == (204, "0")
    assert list_stranded(api, booked.manager) == []


def test_what_was_booked_outside_hours_is_stranded_by_time_off_only_while_that_lasts(booked, api):
    client = api(booked.manager)
    evening = {"starts_at": "2097-06-03T20:00:00+02:00", "ends_at": "2097-06-03T23:00:00+02:00"}
    made = client.post("/time-off", evening | {"staff": booked.staff.pk}).json()
    assert (made["stranded"], list_stranded(api, booked.manager)) == (1, [booked.outside.pk])
    client.delete(f"/time-off/{made['id']}")
    assert list_stranded(api, booked.manager) == []


@pytest.mark.sweep
def test_each_reason_strands_until_it_is_gone(booked, api):
    client, hours = api(booked.manager), f"/working-hours/{booked.working_hours.pk}"
    made = client.post("/time-off", NINE_TO_TEN | {"staff": booked.staff.pk}).json()
    client.patch(hours, {"starts": "11:00"})
    client.delete(f"/time-off/{made['id']}")
    assert list_stranded(api, booked.manager) == [booked.inside.pk]
    client.patch(hours, {"starts": "09:00"})
    assert list_stranded(api, booked.manager) == []


@pytest.mark.sweep
def test_an_old_mark_lasts_until_nothing_is_in_the_way(booked, api):
    Appointment.objects.filter(pk__in=[booked.inside.pk, booked.outside.pk]).update(stranded=True)
    made = api(booked.manager).post("/time-off", NINE_TO_TEN | {"staff": booked.staff.pk}).json()
    api(booked.manager).delete(f"/time-off/{made['id']}")
    assert list_stranded(api, booked.manager) == [booked.outside.pk]


@pytest.mark.sweep
def test_a_closure_in_whole_days_strands_everybodys_visits_of_them(booked, api):
    theirs = AppointmentFactory(
        client=booked.client, staff=booked.colleague, service=booked.service, appointment_date=MONDAY
    )
    body = {"whole_days": True, "from_date": "2097-06-03", "to_date": "2097-06-03"}
    assert api(booked.manager).post("/time-off", body).json()["stranded"] == 3
    assert list_stranded(api, booked.manager) == [booked.inside.pk, booked.outside.pk, theirs.pk]
    assert list_stranded(api, booked.staff) == [booked.inside.pk, booked.outside.pk]
    assert problem(api(booked.client).get("/appointments", {"stranded": "true"})) == (403, "permission_denied")
    every = {visit["id"] for visit in api(booked.staff).get("/appointments", {"stranded": "false"}).json()["results"]}
    assert every == {booked.visit.pk}


@pytest.mark.sweep
def test_hours_that_change_or_end_strand_who_was_inside(booked, api):
    client, path = api(booked.manager), f"/working-hours/{booked.working_hours.pk}"
    assert client.patch(path, {"starts": "10:00"}).json()["stranded"] == 0
    assert client.patch(path, {"starts": "11:00"}).json()["stranded"] == 1
    assert client.patch(path, {"starts": "09:00"}).json()["stranded"] == 0
    assert list_stranded(api, booked.manager) == []
    assert client.delete(path)["Stranded"] == "1"
    assert list_stranded(api, booked.manager) == [booked.inside.pk]
    body = {"staff": booked.staff.pk, "weekday": 0, "starts": "08:00", "ends": "17:00", "valid_from": "2097-01-01"}
    assert client.post("/working-hours", body).json()["stranded"] == 0
    assert list_stranded(api, booked.manager) == [], "they are there again"


def test_special_hours_strand_what_they_leave_out(booked, api):
    client = api(booked.manager)
    body = {"staff": booked.staff.pk, "date": "2097-06-03"}
    made = client.post("/special-hours", body).json()
    assert made["stranded"] == 1
    assert client.patch(f"/special-hours/{made['id']}", {"starts": "10:00", "ends": "10:30"}).json()["stranded"] == 0
    assert list_stranded(api, booked.manager) == []


def test_another_zone_strands_whose_hours_move_away(booked, api):
    keep = {"timezone": "America/New_York", "coming_visits": "keep_instant"}
    answer = api(booked.admin).patch(f"/organizations/{booked.organization.pk}", keep)
    assert (answer.status_code, answer.json()["stranded"]) == (200, 1)
    assert list_stranded(api, booked.manager) == [booked.inside.pk]


def test_whoever_leaves_strands_all_of_theirs_and_finds_them_again(booked, api):
    path = f"/users/{booked.staff.pk}"
    answer = api(booked.admin).patch(path, {"is_active": False}).json()
    assert answer["stranded"] == 3  # the cast's own, too
    assert len(list_stranded(api, booked.manager)) == 3
    api(booked.admin).patch(path, {"is_active": True})
    assert list_stranded(api, booked.manager) == []


@pytest.mark.sweep
def test_whoever_comes_back_without_hours_strands_what_was_within_them(booked, api):
    path = f"/users/{booked.staff.pk}"
    api(booked.admin).patch(path, {"is_active": False})
    api(booked.manager).delete(f"/working-hours/{booked.working_hours.pk}")
    api(booked.admin).patch(path, {"is_active": True})
    assert list_stranded(api, booked.manager) == [booked.inside.pk]


def test_a_visit_that_moves_or_is_cancelled_is_stranded_no_longer(booked, api):
    TimeOffFactory(staff=booked.staff, starts_at=MONDAY, ends_at=MONDAY + timedelta(hours=1))
    Appointment.objects.filter(pk__in=[booked.inside.pk, booked.outside.pk]).update(stranded=True)
    booked.inside.refresh_from_db()
    now = timezone.now()
    booking.reschedule(by=None, visit=booked.inside, appointment_date=MONDAY + timedelta(hours=2), now=now)
    booking.cancel(by=None, visit=booked.outside, now=now, reason="Ill")
    assert list_stranded(api, booked.manager) == []
    assert not Appointment.objects.get(pk=booked.inside.pk).stranded


def test_today_lists_what_is_stranded(booked, api, client):
    api(booked.manager).post("/time-off", NINE_TO_TEN | {"staff": booked.staff.pk})
    client.force_login(booked.manager)
    answer = client.get("/admin/")
    assert answer.context["orphans"] == [booked.inside]
    assert "is not there then" in answer.content.decode()


def test_visits_that_are_over_are_not_looked_at(booked, api):
    past = timezone.now() - timedelta(days=1)
    AppointmentFactory(client=booked.client, staff=booked.staff, service=booked.service, appointment_date=past)
    body = {"starts_at": (past - timedelta(hours=1)).isoformat(), "ends_at": (past + timedelta(hours=1)).isoformat()}
    assert api(booked.manager).post("/time-off", body).json()["stranded"] == 0


def test_old_visits_are_marked_by_time_off_and_by_who_has_left(booked):
    TimeOffFactory(staff=booked.staff, starts_at=MONDAY, ends_at=MONDAY + timedelta(hours=1))
    User.objects.filter(pk=booked.colleague.pk).update(is_active=False)
    expected = {booked.inside.pk, booked.strangers_visit.pk}
    with connection.schema_editor() as editor:
        MIGRATION.mark(apps, editor)
    assert set(Appointment.objects.filter(stranded=True).values_list("pk", flat=True)) == expected
    Appointment.objects.update(stranded=False)
    stranding.fill_in(booked.organization, timezone.now())
    assert set(Appointment.objects.filter(stranded=True).values_list("pk", flat=True)) == expected


def test_a_client_who_is_deactivated_strands_nothing(booked):
    people.change_person(by=None, person=booked.client, changes={"is_active": False})
    assert not Appointment.objects.filter(stranded=True).exists()


@pytest.mark.sweep
def test_it_costs_the_same_with_more_visits(booked, api, django_assert_num_queries):
    WorkingHoursFactory(staff=booked.colleague)
    client = api(booked.manager)
    body = {"whole_days": True, "from_date": "2097-06-03", "to_date": "2097-06-03"}
    client.post("/time-off", body)
    for day in range(1, 3):
        AppointmentFactory(client=booked.client, staff=booked.staff, appointment_date=MONDAY + timedelta(weeks=day))
        body = {"whole_days": True} | dict.fromkeys(["from_date", "to_date"], f"2097-06-{3 + 7 * day:02}")
        with django_assert_num_queries(18):
            assert client.post("/time-off", body).json()["stranded"] == 1
    assert WorkingHours.objects.count() == 3
