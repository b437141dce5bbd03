"""In which order calendars are held, as PostgreSQL itself executes it, and the second look at what is held."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from appointments import booking, placing, series
from appointments.amendments import rezoning, undoing
from appointments.amendments.joint_moves import cancel_together, reschedule_together
from appointments.models import Appointment
from appointments.refusals import SlotTaken
from appointments.tests.factories import AppointmentFactory, always_at_work
from organizations.changing import KEEP_INSTANT

START = datetime(2020, 1, 20, 9, tzinfo=UTC)
NOW = START - timedelta(days=5)

# Stands before PostgreSQL's own function, tells what is held, and holds it. Nothing is sorted after this.
TELL = """
    CREATE FUNCTION public.pg_advisory_xact_lock(key bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        RAISE NOTICE 'held:%', key;
        PERFORM pg_catalog.pg_advisory_xact_lock(key);
    END $$;
    SET LOCAL search_path = public, pg_catalog;
"""


@pytest.fixture
def team(salon):
    """The salon's two, and a third; each at work day and night. By ascending id."""
    third = UserFactory(organization=salon.organization, role="staff")
    people = sorted([salon.staff, salon.colleague, third], key=lambda person: person.pk)
    always_at_work(*people)
    salon.organization.slot_interval = 5
    salon.organization.save()
    salon.service.organization = salon.organization
    return people


@contextmanager
def holding(*people):
    """The people whose calendars are held meanwhile, in the order in which that is executed."""
    names, held = {}, []
    with connection.cursor() as cursor:
        for person in people:
            cursor.execute("SELECT hashtextextended('calendar:' || %s::bigint, 0)", [person.pk])
            names[str(cursor.fetchone()[0])] = person
        cursor.execute(TELL)

    def note(diagnostic):
        word, _, key = diagnostic.message_primary.partition(":")
        if word == "held":
            held.append(names.get(key, key))

    connection.connection.add_notice_handler(note)
    try:
        yield held
    finally:
        connection.connection.remove_notice_handler(note)


@contextmanager
def meanwhile(sign, act):
    """`act` once, as another would, between the first look and the statement whose SQL holds `sign`."""
    waiting = [act]

    def intrude(execute, sql, values, many, context):
        if waiting and sign in sql:
            waiting.pop()()
        return execute(sql, values, many, context)

    with connection.execute_wrapper(intrude):
        yield
    assert not waiting


LOCK = "pg_advisory_xact_lock"


def book(cast, start=START, **who):
    return booking.book(
        by=cast.manager, client=cast.client, service=cast.service, appointment_date=start, now=NOW, **who
    )


def visit_of(cast, staff, start=START, **fields):
    return AppointmentFactory(client=cast.stranger, staff=staff, service=cast.service, appointment_date=start, **fields)


def test_the_calendars_of_anyone_free_are_held_in_ascending_order(salon, team):
    with holding(*team) as held:
        book(salon, among=[person.pk for person in reversed(team)])
    assert held == team


def test_the_calendars_of_a_series_for_anyone_are_held_in_ascending_order(salon, team):
    details = {"client": salon.client, "service": salon.service, "appointment_date": START, "now": NOW}
    everybody = sorted([salon.admin, salon.manager, *team], key=lambda person: person.pk)
    with holding(*everybody) as held:
        booked = series.book_series(by=salon.manager, every=1, count=2, **details)
    assert held[:5] == everybody
    assert {visit.staff_id for visit in booked.appointments} == {team[0].pk}


@pytest.mark.parametrize("way", [1, -1])
def test_a_move_holds_both_calendars_in_ascending_order_whichever_way_it_goes(salon, team, way):
    old, new = team[:2][::way]
    visit = visit_of(salon, old)
    with holding(*team) as held:
        booking.reschedule(by=salon.manager, visit=visit, appointment_date=START, staff=new, now=NOW)
    assert held == team[:2]
    assert visit.staff == new


def test_a_move_of_several_visits_holds_all_calendars_in_ascending_order_before_the_first_moves(salon, team):
    """Each by itself would be held as its visit moves: two such moves could wait for each other. So it is undone."""
    group, hour = uuid4(), timedelta(hours=1)
    first, *_ = (visit_of(salon, team[who], START + hour * n, group=group) for n, who in enumerate((1, 0, 2)))
    with holding(*team) as held:
        reschedule_together(by=salon.manager, visit=first, appointment_date=START + hour / 2, scope="group", now=NOW)
        assert held[:3] == team
        held.clear()
        undoing.undo(by=salon.manager, visit=first, now=NOW)
    assert held[:3] == team


def is_row_held(visit):
    """Whether a transaction has a lock on it, our own included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmax::text <> '0' FROM appointments WHERE id = %s", [visit.pk])
        return cursor.fetchone()[0]


def test_another_zone_holds_cancelled_visits_too_before_the_first_calendar(salon, team):
    """Who reopens one has its row, and waits for the calendar."""
    visit_of(salon, team[0])
    cancelled = visit_of(salon, team[0], status="cancelled", cancelled_at=NOW)
    assert not is_row_held(cancelled)
    held = []
    with meanwhile(LOCK, lambda: held.append(is_row_held(cancelled))):
        rezoning.follow_zone(salon.organization, ZoneInfo("Asia/Tokyo"), KEEP_INSTANT, by=None, now=NOW)
    assert held == [True]


def test_a_move_in_time_holds_the_calendar_of_its_own_person_once(salon, team):
    visit = visit_of(salon, team[1])
    with holding(*team) as held:
        booking.reschedule(by=salon.manager, visit=visit, appointment_date=START + timedelta(hours=1), now=NOW)
    assert held == [team[1]]


def test_calendars_that_are_held_for_no_visit_are_held_in_ascending_order_too(salon, team):
    with holding(*team) as held:
        placing.hold_calendars([person.pk for person in reversed(team)])
    assert held == team


def test_people_are_held_in_ascending_order_before_the_first_calendar(salon, team):
    with CaptureQueriesContext(connection) as captured:
        book(salon)
    said = [query["sql"] for query in captured]
    people = next(n for n, sql in enumerate(said) if "FOR KEY SHARE" in sql)
    calendars = next(n for n, sql in enumerate(said) if LOCK in sql)
    assert people < calendars
    assert said[people].endswith("ORDER BY id FOR KEY SHARE")


def test_anyone_free_is_chosen_anew_from_what_was_booked_before_the_lock(salon, team):
    with meanwhile(LOCK, lambda: visit_of(salon, team[0])):
        assert book(salon).staff_id == team[1].pk


def test_whoever_is_named_is_refused_what_was_booked_before_the_lock(salon, team):
    visit = visit_of(salon, team[0], START + timedelta(hours=2))
    taken = START + timedelta(hours=1)
    with meanwhile(LOCK, lambda: visit_of(salon, team[0], taken)), pytest.raises(SlotTaken):
        booking.reschedule(by=salon.manager, visit=visit, appointment_date=taken, now=NOW)
    visit.refresh_from_db()
    assert (visit.appointment_date, visit.version) == (START + timedelta(hours=2), 1)


def test_a_visit_that_came_before_the_lock_makes_a_move_an_overbooking(salon, team):
    visit = visit_of(salon, team[0], START + timedelta(hours=2))
    taken = START + timedelta(hours=1)
    with meanwhile(LOCK, lambda: visit_of(salon, team[0], taken)):
        booking.reschedule(by=salon.manager, visit=visit, appointment_date=taken, now=NOW, overbook=True)
    assert (visit.appointment_date, visit.overbooked) == (taken, True)


def test_a_visit_that_was_cancelled_before_the_lock_makes_it_none(salon, team):
    """The other way round: what is free by now is not booked beside anybody."""
    other = visit_of(salon, team[0], START + timedelta(hours=1))
    visit = visit_of(salon, team[0], START + timedelta(hours=2))

    def leave():
        Appointment.objects.filter(pk=other.pk).update(status="cancelled", cancelled_at=NOW)

    with meanwhile(LOCK, leave):
        booking.reschedule(
            by=salon.manager, visit=visit, appointment_date=other.appointment_date, now=NOW, overbook=True
        )
    assert visit.overbooked is False


def test_the_second_look_comes_after_the_lock_and_not_beside_it(salon, team):
    said = []

    def note(execute, sql, values, many, context):
        said.append(sql)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        book(salon)
    locked = next(n for n, sql in enumerate(said) if LOCK in sql)
    looks = [n for n, sql in enumerate(said) if '"busy_until" >' in sql]
    assert (len(looks), looks[0] < locked < looks[1]) == (2, True)


def test_of_equals_the_lowest_id_gets_the_visit_and_then_whoever_has_least_to_do(salon, team):
    ids = [person.pk for person in team]
    assert book(salon, among=ids[::-1]).staff_id == ids[0]
    assert book(salon, START + timedelta(hours=1), among=ids[::-1]).staff_id == ids[1]
    assert book(salon, START + timedelta(hours=2), among=ids[::-1]).staff_id == ids[2]
    assert book(salon, START + timedelta(hours=3), among=ids[::-1]).staff_id == ids[0]


@pytest.mark.sweep
def test_least_to_do_is_counted_in_minutes_of_service_of_that_local_day_without_cancelled_visits(salon, team):
    first, second, third = team
    noon = START + timedelta(hours=3)
    buffers = {"busy_from": noon - timedelta(hours=2), "busy_until": noon + timedelta(hours=2)}
    visit_of(salon, first, noon, ends_at=noon + timedelta(minutes=20), **buffers)
    visit_of(salon, second, noon, ends_at=noon + timedelta(minutes=21))
    visit_of(salon, third, noon, ends_at=noon + timedelta(minutes=30))
    assert book(salon, START - timedelta(hours=2)).staff_id == first.pk
    midnight = datetime(2020, 1, 20, tzinfo=salon.organization.zone)
    visit_of(salon, second, midnight - timedelta(minutes=90), ends_at=midnight - timedelta(minutes=1))
    visit_of(salon, third, midnight, ends_at=midnight + timedelta(minutes=1))
    visit_of(salon, second, midnight + timedelta(days=1))
    visit_of(salon, third, noon + timedelta(hours=1), status="cancelled", cancelled_at=NOW)
    assert book(salon, START - timedelta(hours=3)).staff_id == second.pk
    assert book(salon, START - timedelta(hours=4)).staff_id == third.pk


def test_a_group_of_another_organization_is_not_cancelled_along_though_it_has_the_same_key(salon, clinic):
    """A copy of an organization keeps its keys, and a command is nobody whom the policy would stop."""
    Appointment.objects.filter(pk__in=(salon.visit.pk, clinic.visit.pk)).update(group=uuid4())
    visit = Appointment.objects.get(pk=salon.visit.pk)
    cancel_together(by=None, visit=visit, scope="group", reason="x", now=NOW)
    assert [Appointment.objects.get(pk=each.visit.pk).status for each in (salon, clinic)] == ["cancelled", "scheduled"]
