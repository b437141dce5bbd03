"""Rules change, agreements do not: what happens to coming visits that no longer show the time agreed."""

import threading
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import booking, receivers
from appointments.amendments import rezoning
from appointments.models import Appointment, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, days_ahead
from appointments.tests.test_locking import meanwhile
from appointments.working_time import absences
from clientline.zones import RULES, read_wall_clock
from organizations.models import Audit, Organization
from organizations.tests.factories import OrganizationFactory


def run(*arguments):
    """What the command writes, and the sentence it ends with."""
    output = StringIO()
    try:
        call_command("rezone", *arguments, stdout=output)
    except CommandError as error:
        return output.getvalue().splitlines(), str(error)
    return output.getvalue().splitlines(), None


def agreed_an_hour_earlier(*visits):
    """As if they had been booked by rules that were an hour behind today's: their clocks have moved on since."""
    for visit in visits:
        visit.local_start -= timedelta(hours=1)
        visit.save(update_fields=["local_start"])


@pytest.fixture
def coming(salon):
    """A visit of the salon three weeks ahead; all others are over."""
    Appointment.objects.update(status="completed")
    start = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(weeks=3)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def after(visit, minutes, **columns):
    """Another of the same person's, so many minutes after a visit."""
    start = visit.appointment_date + timedelta(minutes=minutes)
    return AppointmentFactory(
        client=visit.client, staff=visit.staff, service=visit.service, appointment_date=start, **columns
    )


def where(*visits):
    return [Appointment.objects.get(pk=visit.pk).appointment_date for visit in visits]


def test_where_every_visit_shows_its_time_there_is_nothing_to_do(salon, coming):
    for hour in (0, 1):  # 02:30 in Berlin, twice
        start = datetime(2098, 10, 26, hour, 30, tzinfo=UTC)
        twice = AppointmentFactory(
            client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start
        )
        assert twice.local_start == datetime(2098, 10, 26, 2, 30)  # noqa: DTZ001
    assert run("--dry-run") == (["Every coming visit shows the time agreed."], None)
    assert run() == (["Moved 0 visits."], None)
    assert where(coming, twice) == [coming.appointment_date, twice.appointment_date]


def test_a_dry_run_names_the_visit_that_moves_to_where_the_clocks_show_the_time_agreed(api, salon, coming):
    agreed_an_hour_earlier(coming)
    lines, ended = run("--dry-run")
    assert lines == [
        f"{coming.pk}  agreed {coming.local_start:%Y-%m-%d %H:%M}  Salon: Salon client, Salon staff: would move"
    ]
    assert ended == "1 visit would move, 0 visits would be left for people."
    assert where(coming) == [coming.appointment_date]
    assert not coming.history.exists()
    assert run()[1] is None
    moved = Appointment.objects.get(pk=coming.pk)
    hour = timedelta(hours=1)
    assert [getattr(moved, name) for name in booking.INSTANTS] == [
        getattr(coming, name) - hour for name in booking.INSTANTS
    ]
    assert (moved.local_start, moved.version) == (coming.local_start, coming.version + 1)
    [fact] = api(salon.admin).get(f"/appointments/{coming.pk}/history").json()["results"]
    assert (fact["action"], fact["by_name"]) == ("rezoned", "system")
    assert fact["from"][:16] == fact["to"][:16] == f"{coming.local_start:%Y-%m-%dT%H:%M}"
    assert datetime.fromisoformat(fact["from"]) == coming.appointment_date
    assert datetime.fromisoformat(fact["to"]) == moved.appointment_date
    assert run() == (["Moved 0 visits."], None)


@pytest.mark.sweep
def test_neighbours_move_together_in_both_directions(coming):
    row = [coming, *(after(coming, minutes) for minutes in (30, 60, 90))]
    agreed_an_hour_earlier(*row)
    assert run()[0][-1] == "Moved 4 visits."
    assert where(*row) == [visit.appointment_date - timedelta(hours=1) for visit in row]
    for visit in row:
        Appointment.objects.filter(pk=visit.pk).update(local_start=visit.local_start + timedelta(hours=2))
    assert run()[0][-1] == "Moved 4 visits."
    assert where(*row) == [visit.appointment_date + timedelta(hours=1) for visit in row]


def test_what_would_collide_is_left_for_people(coming):
    later = after(coming, 60)
    agreed_an_hour_earlier(later)
    lines, ended = run()
    assert lines[0].endswith("left for people. This time is taken.")
    assert ended == "1 visit left for people: call the client, then reschedule or cancel."
    assert where(coming, later) == [coming.appointment_date, later.appointment_date]


def test_a_visit_that_stood_knowingly_beside_another_still_does(coming):
    beside = after(coming, 0, overbooked=True)
    agreed_an_hour_earlier(coming, beside)
    assert run()[1] is None
    assert where(coming, beside) == [coming.appointment_date - timedelta(hours=1)] * 2
    assert list(Appointment.objects.filter(pk__in=[coming.pk, beside.pk]).order_by("pk").values_list("overbooked")) == [
        (False,),
        (True,),
    ]


def test_nobody_is_moved_into_time_off(coming):
    hour = timedelta(hours=1)
    TimeOffFactory(staff=coming.staff, starts_at=coming.appointment_date - hour, ends_at=coming.appointment_date)
    agreed_an_hour_earlier(coming)
    assert run()[0][0].endswith("left for people. Nobody is there at this time.")
    assert where(coming) == [coming.appointment_date]


def test_a_time_that_clocks_skip_goes_to_people(salon, coming):
    skipped = datetime(2098, 3, 30, 2, 30)  # noqa: DTZ001 -- Berlin skips it
    after(coming, 0, overbooked=True)
    start = datetime(2098, 3, 30, 1, 30, tzinfo=UTC)
    visit = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start, local_start=skipped
    )
    assert run()[0] == [
        f"{visit.pk}  agreed 2098-03-30 02:30  Salon: Salon client, Salon staff: "
        "left for people. The clocks skip this time on that date.",
        "Moved 0 visits.",
    ]


def test_rows_are_held_by_ascending_id_as_everybody_holds_them(coming):
    later = after(coming, 60)
    agreed_an_hour_earlier(coming, later)
    with CaptureQueriesContext(connection) as asked:
        run()
    [held] = [each["sql"] for each in asked if "FOR NO KEY UPDATE" in each["sql"]]
    assert held.endswith('ORDER BY "appointments"."id" ASC FOR NO KEY UPDATE OF "appointments"')


def test_a_visit_cancelled_after_the_look_is_left_where_it_was(salon, coming):
    assert salon.colleague.pk > salon.staff.pk  # whose turn comes after
    other = AppointmentFactory(
        client=salon.client, staff=salon.colleague, service=salon.service, appointment_date=coming.appointment_date
    )
    agreed_an_hour_earlier(coming, other)
    outcomes = rezoning.rezone_strays(now=timezone.now())
    assert [visit.pk for visit in next(outcomes).moved] == [coming.pk]
    booking.cancel(by=salon.manager, visit=other, now=timezone.now(), reason="x")
    assert list(outcomes) == [([], [])]
    assert where(other) == [other.appointment_date]


def test_a_look_after_an_upgrade_counts_once_and_tells(api, salon, clinic, coming, caplog):
    agreed_an_hour_earlier(coming)
    entries = Audit.objects.count()
    call_command("rezone", if_new_rules=True)
    assert Audit.objects.count() == entries  # nobody did anything
    assert "the time agreed is no longer shown by 1 visit. See `manage.py rezone --dry-run`." in caplog.text
    noted = Organization.objects.values_list("visits_to_rezone", flat=True)
    assert list(noted.filter(pk__in=[salon.organization.pk, clinic.organization.pk]).order_by("-name")) == [1, 0]
    assert api().get("/ready").json()["visits_to_rezone"] == 1
    caplog.clear()
    call_command("rezone", if_new_rules=True)
    assert caplog.text == ""
    Organization.objects.filter(pk=salon.organization.pk).update(zone_rules="2025.2")
    call_command("rezone", if_new_rules=True)
    assert "no longer shown by 1 visit" in caplog.text


def test_nothing_is_looked_at_between_two_migrations(salon):
    """Who goes back step by step has an organization of which no look was noted yet."""
    state, told = ProjectState.from_apps(apps), Organization.objects.filter(pk=salon.organization.pk)

    def look():
        receivers.look_at_coming_visits(plan=["a migration"], apps=state.apps)
        return told.values_list("zone_rules", flat=True).get()

    assert look() == RULES
    for app, model, name in (("appointments", "timeoff", "whole_days"), ("organizations", "organization", "region")):
        state = ProjectState.from_apps(apps)
        state.remove_field(app, model, name)
        told.update(zone_rules="")
        assert look() == "", name


def test_whole_days_off_begin_at_their_midnight_by_the_new_rules(transactional_db, api, salon):
    day = days_ahead(20).date()
    told = {"whole_days": True, "from_date": day, "to_date": day}
    off = TimeOffFactory(staff=salon.staff, **told, starts_at=days_ahead(20, 1), ends_at=days_ahead(21, 1))
    path = f"/time-off/{off.pk}"

    def read():
        answer = api(salon.admin).get(path).json()
        return answer["starts_at"][:16], answer["ends_at"][:16]

    midnights = f"{day}T00:00", f"{day + timedelta(days=1)}T00:00"
    assert read() != midnights
    call_command("rezone", if_new_rules=True)
    assert read() == midnights
    TimeOff.objects.filter(pk=off.pk).update(starts_at=days_ahead(20, 1))
    OrganizationFactory()  # at which alone the next start looks
    call_command("rezone", if_new_rules=True)
    run("--dry-run")
    assert read() != midnights
    home, stood = Organization.objects.filter(pk=salon.organization.pk), read()
    home.update(timezone="Europe/Atlantis")  # whose midnights nobody knows
    run()
    home.update(timezone="Europe/Berlin")
    assert read() == stood
    run()
    assert read() == midnights


def test_whole_days_off_follow_the_zone_that_is_chosen_meanwhile(salon):
    day, home = days_ahead(20).date(), Organization.objects.filter(pk=salon.organization.pk)
    told = {"whole_days": True, "from_date": day, "to_date": day}
    off = TimeOffFactory(staff=salon.staff, **told, starts_at=days_ahead(20, 1), ends_at=days_ahead(21, 1))
    with meanwhile("FOR NO KEY UPDATE", lambda: home.update(timezone="Asia/Tokyo")):
        absences.follow_rules(home)
    off.refresh_from_db()
    assert off.starts_at == datetime.combine(day, time(), ZoneInfo("Asia/Tokyo"))


def test_the_wall_clock_is_that_of_booking_and_of_moving(api, salon, coming):
    later = coming.appointment_date + timedelta(days=1)
    api(salon.manager).post(f"/appointments/{coming.pk}/reschedule", {"appointment_date": later.isoformat()})
    moved = Appointment.objects.get(pk=coming.pk)
    assert moved.local_start == read_wall_clock(later, salon.organization.zone)


def test_agreeing_to_the_time_the_clocks_show_now_settles_it(api, salon, coming):
    agreed_an_hour_earlier(coming)
    start = coming.appointment_date.isoformat()
    answer = api(salon.manager).post(f"/appointments/{coming.pk}/reschedule", {"appointment_date": start})
    assert (answer.status_code, answer.json()["version"]) == (200, coming.version + 1)
    assert run("--dry-run")[1] is None
    [fact] = api(salon.admin).get(f"/appointments/{coming.pk}/history").json()["results"]
    assert fact["action"] == "rescheduled"
    assert datetime.fromisoformat(fact["from"]) == datetime.fromisoformat(fact["to"]) == coming.appointment_date
    assert fact["from"] != fact["to"]


def test_old_facts_are_shown_as_they_were_agreed(api, salon, coming):
    """Version 0.1 wrote instants in UTC; what its clocks showed is known from the visit."""
    coming.history.model.objects.create(
        organization=salon.organization,
        appointment=coming,
        at=coming.created_at,
        action="booked",
        became=coming.appointment_date.isoformat(),
    )
    agreed_an_hour_earlier(coming)
    history = api(salon.admin).get(f"/appointments/{coming.pk}/history")
    assert history.json()["results"][0]["to"][:16] == f"{coming.local_start:%Y-%m-%dT%H:%M}"
    run()
    booked = api(salon.admin).get(f"/appointments/{coming.pk}/history").json()["results"][1]
    assert (booked["action"], booked["to"][:16]) == ("booked", f"{coming.local_start:%Y-%m-%dT%H:%M}")
    assert datetime.fromisoformat(booked["to"]) == coming.appointment_date


def test_only_coming_visits_whose_clock_is_known_are_moved(salon, clinic, coming):
    cancelled, by_psql = after(coming, 60), after(coming, 120)
    elsewhere = AppointmentFactory(client=clinic.client, staff=clinic.staff, service=clinic.service)
    agreed_an_hour_earlier(salon.visit, cancelled, elsewhere)
    Appointment.objects.filter(pk=cancelled.pk).update(status="cancelled", cancelled_at=timezone.now())
    Appointment.objects.filter(pk=by_psql.pk).update(local_start=None)  # which an invariant names
    Organization.objects.filter(pk=clinic.organization.pk).update(timezone="Europe/Atlantis")
    assert rezoning.find_strays(now=timezone.now()) == {}
    assert run() == (["Moved 0 visits."], None)
    Organization.objects.filter(pk=clinic.organization.pk).update(timezone="America/New_York")
    assert rezoning.find_strays(now=timezone.now()) == {elsewhere.pk: clinic.organization.pk}


@pytest.mark.races
def test_runs_at_once_move_each_visit_once(transactional_db, coming):
    row = [coming, *(after(coming, minutes) for minutes in range(30, 180, 30))]
    agreed_an_hour_earlier(*row)
    start, moved = threading.Barrier(3), []

    def once():
        start.wait()
        try:
            moved.extend(visit.pk for outcome in rezoning.rezone_strays(now=timezone.now()) for visit in outcome.moved)
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(moved) == sorted(visit.pk for visit in row)
    assert {visit.version for visit in Appointment.objects.filter(pk__in=moved)} == {2}
    assert coming.history.model.objects.filter(action="rezoned").count() == len(row)
