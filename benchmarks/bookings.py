"""Bookings over HTTP by 16 callers, against the same inserts through psycopg alone.

The ceiling does what any safe booking has to do, and nothing else: hold the calendar, look whether the time is
free, insert the visit and its history, commit. Both sides book free slots of the same people, two callers to each.
"""

import argparse
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg

from accounts.models import User
from appointments.models import Appointment
from benchmarks import callers, turns, world
from clientline.demo.serving import Gunicorn
from services.models import Service

CALLERS, PEOPLE = 16, 8
TARGET, LONGEST_WAIT = 0.42, 1.0
LENGTH = timedelta(minutes=30)
AFTER_ALL_TIME_OFF = datetime(2030, 1, 1, tzinfo=UTC)

HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('calendar:' || %(staff)s::bigint, 0))"
LOOK = """
    SELECT id FROM appointments WHERE staff_id = %(staff)s AND status <> 'cancelled'
    AND appointment_date > %(start)s - interval '1 day' AND appointment_date < %(end)s
    AND busy_from < %(end)s AND busy_until > %(start)s
"""
BOOK = """
    WITH visit AS (
        INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at,
            busy_from, busy_until, price, cancellation_notice, late_cancellation_fee, no_show_fee)
        VALUES (%(organization)s, %(client)s, %(staff)s, %(service)s, %(start)s, %(end)s,
            %(start)s, %(end)s, 45, 1440, 0, 0)
        RETURNING id, organization_id
    )
    INSERT INTO appointment_history (organization_id, appointment_id, at, action, became)
    SELECT organization_id, id, now(), 'booked', %(start)s::text FROM visit
"""


def insert(parameters, visits):
    """Book one visit after the other; returns how long each took, in seconds."""
    waits = []
    with psycopg.connect(**parameters, autocommit=True) as connection:
        for visit in visits:
            began = time.perf_counter()
            with connection.transaction():
                for statement in (HOLD, LOOK, BOOK):
                    connection.execute(statement, visit)
            waits.append(time.perf_counter() - began)
    return waits


def insert_at_once(parameters, visits_by_caller):
    """As callers.call_at_once, without a server between."""
    with ThreadPoolExecutor(len(visits_by_caller)) as threads:
        began = time.perf_counter()
        waits = [threads.submit(insert, parameters, visits) for visits in visits_by_caller]
        waits = [wait for caller in waits for wait in caller.result()]
        return time.perf_counter() - began, waits


class Slots:
    """Free slots of half an hour, each given away once."""

    def __init__(self, organization):
        visits, people = (
            Appointment.objects.filter(organization=organization),
            User.objects.filter(organization=organization),
        )
        begin = max(visits.latest("ends_at").ends_at, AFTER_ALL_TIME_OFF)
        self.starts = {
            staff: (begin + LENGTH * position for position in itertools.count())
            for staff in people.filter(role="staff").order_by("id").values_list("id", flat=True)[:PEOPLE]
        }
        self.rest = {
            "organization": organization.pk,
            "client": people.filter(role="client").earliest("id").pk,
            "service": Service.objects.filter(organization=organization).earliest("id").pk,
        }

    def for_callers(self, each):
        """As many visits for each of the callers."""
        people = itertools.islice(itertools.cycle(self.starts), CALLERS)
        return [[self.visit(staff) for _ in range(each)] for staff in people]

    def visit(self, staff):
        start = next(self.starts[staff])
        return self.rest | {"staff": staff, "start": start, "end": start + LENGTH}


def request(visit, token):
    body = {name: visit[name] for name in ("client", "staff", "service")}
    body |= {"appointment_date": visit["start"].isoformat()}
    return callers.http("POST", "/appointments", token, json.dumps(body).encode())


def measure(server, process, token, slots, options):
    """Both sides in turns: (seconds for one booking, longest wait) by round."""

    def over_http():
        requests = [[request(visit, token) for visit in visits] for visits in slots.for_callers(options.bookings)]
        return figures(process.submit(callers.call_at_once, server.port, requests, 201))

    def alone():
        visits = slots.for_callers(options.bookings)
        return figures(process.submit(insert_at_once, world.connection_parameters(), visits))

    turns.in_turns(1, over_http, alone)  # warms up
    return turns.in_turns(options.rounds, over_http, alone)


def figures(future):
    elapsed, waits = future.result()
    return elapsed / len(waits), max(waits)


def report(ours, ceiling):
    table = turns.Table(("a second", "alone", "ratio", "target", "longest wait"))
    times, best_times = [each[0] for each in ours], [each[0] for each in ceiling]
    ratio, longest = turns.compute_ratio(times, best_times), max(each[1] for each in ours)
    reached = ratio >= TARGET and longest <= LONGEST_WAIT
    table.row(
        f"bookings by {CALLERS} callers",
        f"{1 / median(times):.0f}",
        f"{1 / median(best_times):.0f}",
        ratio,
        TARGET,
        longest,
        reached=reached,
    )
    return table.short


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bookings", type=int, default=20, help="of each caller in every round")
    return parser.parse_args()


def main():
    chosen, admin = options(), world.enter()
    with ExitStack() as stack:
        server = stack.enter_context(Gunicorn(world.environment()))
        process = stack.enter_context(callers.other_process())
        slots = Slots(admin.organization)
        short = report(*measure(server, process, world.secret_of(admin), slots, chosen))
    sys.exit("Short of the target." if short else 0)


if __name__ == "__main__":
    main()
