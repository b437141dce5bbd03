"""Many callers, few slots: each is sold once, and everybody else is told so."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection, transaction

from accounts.tests.factories import UserFactory, token_for
from appointments.models import Appointment
from appointments.placing import LOCK
from appointments.tests.factories import days_ahead

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]

SLOTS = [days_ahead(90, hour=0) + timedelta(hours=n) for n in range(20)]
SHIFTS = [timedelta(minutes=n) for n in (0, 0, 5, 25)]  # of visits of half an hour: any two in an hour overlap
OVERLAPS = """
    SELECT count(*) FROM appointments a JOIN appointments b ON a.staff_id = b.staff_id AND a.id < b.id
    WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'
      AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until
"""
LIKE_ANOTHER = """
    INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at, busy_from,
        busy_until, price, cancellation_notice, late_cancellation_fee, no_show_fee)
    SELECT organization_id, client_id, staff_id, service_id, appointment_date + later, ends_at + later,
        busy_from + later, busy_until + later, price, cancellation_notice, late_cancellation_fee, no_show_fee
    FROM appointments, (SELECT %s AS later) AS shift WHERE id = %s RETURNING id
"""
WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND locktype = %s AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""
END_OTHERS = """
    SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def deadlocks():
    """How many there were in this database. What a connection counted is written when it ends; servers open others."""
    ask(END_OTHERS)
    return ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@pytest.fixture
def book(gunicorn, salon):
    """Books over HTTP, as the salon's admin."""
    token = token_for(salon.admin)

    def call(staff, start):
        people = {"client": salon.client.pk, "staff": staff.pk, "service": salon.service.pk}
        return gunicorn.call(
            "POST", "/appointments", token=token, body=people | {"appointment_date": f"{start:%FT%TZ}"}
        )

    return call


@pytest.fixture
def meanwhile():
    """`meanwhile(function, *arguments, waits_for=…)`: its future, once it waits for such a lock of ours."""
    with ThreadPoolExecutor(1) as thread:

        def start(function, *arguments, waits_for):
            future = thread.submit(function, *arguments)
            while not ask(WAITING, waits_for):
                assert not future.done(), future.result()
                sleep(0.01)
            return future

        yield start


def test_callers_at_once_buy_each_slot_exactly_once(book, salon, everything):
    staff, deadlocks_before = UserFactory(organization=salon.organization, role="staff"), deadlocks()
    slots, times = (SLOTS, 4) if everything else (SLOTS[:3], 3)
    starts = [slot + shift for slot in slots for shift in SHIFTS * times]  # all for one slot come together

    with ThreadPoolExecutor(64) as callers:
        answers = list(callers.map(book, [staff] * len(starts), starts))

    assert Counter((answer.status, answer.body.get("code")) for answer in answers) == {
        (201, None): len(slots),
        (409, "slot_taken"): len(starts) - len(slots),
    }
    booked = Appointment.objects.filter(staff=staff)
    assert {visit.appointment_date.replace(minute=0) for visit in booked} == set(slots)
    assert ask(OVERLAPS) == 0
    assert deadlocks() == deadlocks_before


def test_bookings_of_one_person_wait_for_each_other(salon, book, meanwhile):
    with transaction.atomic():
        LOCK.rows({"staff": [salon.staff.pk]})
        second = meanwhile(book, salon.staff, SLOTS[0], waits_for="advisory")
        assert book(salon.colleague, SLOTS[0]).status == 201
    assert second.result().status == 201


def test_a_visit_that_comes_through_another_door_meanwhile_takes_the_slot(salon, book, meanwhile):
    later = timedelta(hours=3)
    with transaction.atomic():
        ask(LIKE_ANOTHER, later, salon.visit.pk)
        second = meanwhile(book, salon.staff, salon.visit.appointment_date + later, waits_for="transactionid")
    assert (second.result().status, second.result().body["code"]) == (409, "slot_taken")
