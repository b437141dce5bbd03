"""What reports say of dates that are over stays, whoever leaves or comes back and however hours change."""

from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from accounts import people
from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import WorkingHours
from appointments.periods import Period
from appointments.reports import report_utilization
from appointments.tests.factories import AppointmentFactory, WorkingHoursFactory
from appointments.working_time import roster
from clientline.refusals import FieldRefused
from clientline.tests import rehearsals
from organizations.tests.factories import OrganizationFactory

LAST_DAYS = import_module("accounts.migrations.0014_last_days_from_the_audit")


def days_ago(cast, days):
    return cast.organization.find_local_date(datetime.now(UTC)) - timedelta(days=days)


@pytest.mark.sweep
@pytest.mark.clock
def test_utilization_of_last_week_is_the_same_bytes_whatever_changes_today(salon, api):
    client, today = api(salon.admin), str(days_ago(salon, 0))
    for weekday in range(1, 7):
        WorkingHoursFactory(staff=salon.staff, weekday=weekday, starts="18:00", ends="02:00")
        WorkingHoursFactory(staff=salon.colleague, weekday=weekday, starts="10:00", ends="14:00")
    visited = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    AppointmentFactory(client=salon.client, staff=salon.staff, appointment_date=visited, status="completed")

    def tell():
        week = {"from": str(days_ago(salon, 7)), "to": str(days_ago(salon, 1))}
        answers = [client.get("/reports/utilization", week | {"group_by": each}) for each in ("day", "staff")]
        assert [answer.status_code for answer in answers] == [200, 200]
        return [answer.content for answer in answers]

    before, path = tell(), f"/users/{salon.staff.pk}"
    hours = [row["id"] for row in client.get("/working-hours").json()["results"] if row["staff"] == salon.colleague.pk]
    assert client.patch(path, {"is_active": False}).status_code == 200
    assert tell() == before
    assert client.patch(f"/working-hours/{hours[0]}", {"starts": "11:00", "weekday": 0}).status_code == 200
    assert client.delete(f"/working-hours/{hours[1]}").status_code == 204
    new = {"staff": salon.manager.pk, "weekday": 2, "starts": "08:00", "ends": "09:00", "valid_from": today}
    assert client.post("/working-hours", new).status_code == 201
    assert tell() == before
    for is_active in (True, False):
        assert client.patch(path, {"is_active": is_active}).status_code == 200
    assert client.get(path).json()["works_until"] == today
    assert tell() == before
    assert b'"available_minutes":0' not in before[1]


def test_whoever_left_counts_up_to_their_last_day_and_its_night(salon, api):
    WorkingHoursFactory(staff=salon.staff, weekday=4, starts="18:00", ends="02:00")
    WorkingHoursFactory(staff=salon.staff, weekday=5, starts="09:00", ends="10:00")
    User.objects.filter(pk=salon.staff.pk).update(is_active=False, works_until="2027-03-12")  # a Friday
    asked = {"from": "2027-03-08", "to": "2027-03-20"}
    rows = api(salon.manager).get("/reports/utilization", asked).json()["rows"]
    found = {row["key"]: row["available_minutes"] for row in rows if row["available_minutes"]}
    assert found == {"2027-03-08": 480, "2027-03-12": 360, "2027-03-13": 120}
    asked = {"from": "2027-03-13", "to": "2027-03-20", "group_by": "staff"}
    [row] = api(salon.manager).get("/reports/utilization", asked).json()["rows"]
    assert (row["label"], row["available_minutes"]) == ("Salon staff", 120)


def test_leaving_the_team_by_role_has_a_last_day_too(salon):
    now = datetime(2027, 3, 10, 23, 30, tzinfo=UTC)  # the 11th in Berlin
    for change in ({"role": "client"}, {"is_active": False}):
        person = UserFactory(organization=salon.organization, role="staff")
        people.change_person(by=None, person=person, changes=change, now=now)
        assert person.works_until == date(2027, 3, 11)
        people.change_person(by=None, person=person, changes={"role": "staff", "is_active": True}, now=now)
        assert person.works_until is None
    people.change_person(by=None, person=salon.client, changes={"is_active": False}, now=now)
    assert salon.client.works_until is None


@pytest.mark.sweep
def test_who_left_before_gets_the_last_day_from_the_audit(salon, clinic, api):
    for person, changes in (
        (salon.colleague, [{"is_active": False}, {"is_active": True}, {"is_active": False}]),
        (salon.staff, [{"is_active": False}, {"is_active": True}]),
        (salon.client, [{"is_active": False}]),
    ):
        for change in changes:
            assert api(salon.admin).patch(f"/users/{person.pk}", change).status_code == 200
    created = UserFactory(organization=salon.organization, role="staff", is_active=False)
    User.objects.update(works_until=None)
    with connection.schema_editor() as editor:
        LAST_DAYS.fill(apps, editor)
    found = dict(User.objects.exclude(works_until=None).values_list("pk", "works_until"))
    assert found == {salon.colleague.pk: days_ago(salon, 0)}
    assert created.pk not in found


FIRST = date(2027, 2, 1)
DEEDS = some.tuples(
    some.sampled_from(["change", "end", "add", "leave", "return", "plan"]),
    some.integers(0, 30),  # days later
    some.integers(0, 5),  # which row or person
    some.fixed_dictionaries(
        {},
        optional={
            "weekday": some.integers(0, 6),
            "starts": some.integers(0, 23).map(time),
            "ends": some.integers(0, 23).map(time),
            "every_second_week": some.sampled_from([None, 0, 1]),
            "valid_from": some.none() | some.integers(-40, 40),
            "valid_until": some.none() | some.integers(-40, 60),
        },
    ),
)


def make_team():
    home = OrganizationFactory(timezone="Europe/Berlin")
    team = {name: UserFactory(organization=home, role="staff") for name in ("first", "second")}
    hours = {}
    for n, (starts, ends) in enumerate([("09:00", "17:00"), ("18:00", "02:00"), ("22:00", "22:00")]):
        held = {"starts": starts, "ends": ends}
        hours[f"every_week_{n}"] = WorkingHoursFactory(staff=team["first"], weekday=2 * n, **held)
        hours[f"second_week_{n}"] = WorkingHoursFactory(
            staff=team["second"], weekday=n + 3, every_second_week=1, **held
        )
    return SimpleNamespace(home=home, **team, **hours)


# The day before a change is worked, and the last of what was.
THE_DAY_BEFORE = [("change", 1, 0, {"starts": time(8)}), ("end", 7, 0, {})]

AWAY_FOR_WEEKS = [("leave", 1, 0, {}), ("return", 20, 0, {})]


@pytest.mark.sweep
@example(deeds=THE_DAY_BEFORE)
@example(deeds=AWAY_FOR_WEEKS)
@given(deeds=some.lists(DEEDS, min_size=2, max_size=8))
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=settings.default.max_examples // 2 - 2)
def test_no_change_of_hours_or_people_changes_what_is_over(db, deeds):
    with transaction.atomic():
        cast, today = rehearsals.perform(make_team), date(2027, 3, 1)
        home, team = cast.home, [cast.first, cast.second]
        for deed, later, which, values in deeds:
            today += timedelta(days=later)
            before = tell(home, today)
            perform(deed, team, which, values, today)
            assert tell(home, today) == before
        transaction.set_rollback(True)


def tell(home, today):
    periods = [Period(home, FIRST, today - timedelta(days=1), group_by) for group_by in ("day", "staff")]
    return [report_utilization(period) for period in periods]


def perform(deed, team, which, values, today):
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    values = values | {
        name: today + timedelta(days=values[name])
        for name in ("valid_from", "valid_until")
        if values.get(name) is not None
    }
    rows = list(WorkingHours.objects.filter(staff__in=team).order_by("id"))
    person = User.objects.get(pk=team[which % 2].pk)
    try:
        with transaction.atomic():
            if deed in ("leave", "return"):
                people.change_person(by=None, person=person, changes={"is_active": deed == "return"}, now=now)
            elif deed == "plan":
                last = {"works_until": values.get("valid_until")}
                people.change_person(by=None, person=person, changes=last, now=now)
            elif deed == "add":
                given = {"weekday": which, "starts": time(9), "ends": time(10)} | values
                first = max(values.get("valid_from") or today, today)
                WorkingHoursFactory(staff=person, **given | {"valid_from": first})
            elif rows and deed == "change":
                roster.change_hours(row=rows[which % len(rows)], changes=values, today=today)
            elif rows:
                roster.end_hours(row=rows[which % len(rows)], today=today)
    except (FieldRefused, IntegrityError):
        pass  # another's hours, or nonsense: nothing was changed
