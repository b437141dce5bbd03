"""Free times over HTTP, against the shape others use, in the same run: a query per person and day, a loop per slot.

The loop runs in this process, without HTTP, login or walls, so the ratio flatters it. With `--growth` the questions
are asked of an organization of 100,000 visits instead, and in turns of a copy of it with 900,000 more.
"""

import argparse
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median

from django.conf import settings
from django.db import connection

from accounts.models import User
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from benchmarks import callers, turns, world
from clientline.demo.serving import Gunicorn, write_database_url
from services.models import Service

FASTER_THAN_LOOP, SLOWER_THAN_LIST, GROWTH = 20, 2.0, 1.3
SPANS = ((1, 7), (50, 7), (50, 31))

MORE_VISITS = """
    INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at, busy_from,
        busy_until, status, price, cancellation_notice, late_cancellation_fee, no_show_fee, created_at)
    SELECT organization_id, client_id, staff_id, service_id, appointment_date - years, ends_at - years,
        busy_from - years, busy_until - years, 'completed', price, cancellation_notice, 0, 0, created_at - years
    FROM appointments, (SELECT n * interval '400 days' AS years FROM generate_series(1, 9) n) AS shifts
    WHERE organization_id = %(organization)s ORDER BY years DESC, appointment_date
"""


HALF_FULL_MONTH = """
    INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at, busy_from,
        busy_until, price, cancellation_notice)
    SELECT people.organization_id, client.id, people.id, %(service)s, start, start + interval '30 minutes', start,
        start + interval '30 minutes', 45, 1440
    FROM users people, generate_series(0, 30) day, generate_series(0, 7) hour
    CROSS JOIN LATERAL (SELECT %(first)s + day * interval '1 day' + hour * interval '1 hour' AS start) AS slots
    CROSS JOIN LATERAL (SELECT min(id) AS id FROM users WHERE organization_id = %(organization)s AND role = 'client')
        AS client
    WHERE people.organization_id = %(organization)s AND people.role = 'staff'
    ON CONFLICT DO NOTHING
"""


def open_calendar(organization, service):
    """A month that begins in a week, every other start of it booked. Returns its first date."""
    first = datetime.now(organization.zone).date() + timedelta(days=7)
    opening = datetime(first.year, first.month, first.day, 8, tzinfo=organization.zone)
    values = {"organization": organization.pk, "service": service.pk, "first": opening}
    with connection.cursor() as cursor:
        cursor.execute(HALF_FULL_MONTH, values)
        cursor.execute("VACUUM ANALYZE appointments")
    return first


def loop(organization, service, people, first, days, now):
    """The shape others use: for each person and day its own queries, for each start a look at every visit."""
    found = []
    for person in people:
        for day in (first + timedelta(days=n) for n in range(days)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=organization.zone)
            hours = SpecialHours.objects.filter(staff=person, date=day) or WorkingHours.objects.filter(
                staff=person, weekday=day.weekday()
            )
            tomorrow = midnight + timedelta(days=1)
            away = list(TimeOff.objects.filter(staff=person, starts_at__lt=tomorrow, ends_at__gt=midnight))
            visits = list(
                Appointment.objects.filter(
                    staff=person, appointment_date__gte=midnight, appointment_date__lt=tomorrow
                ).exclude(status="cancelled")
            )
            for stretch in hours:
                if stretch.starts is None:
                    continue
                start = datetime.combine(day, stretch.starts, organization.zone)
                end = datetime.combine(day, stretch.ends, organization.zone)
                while start + timedelta(minutes=service.duration) <= end:
                    until = start + timedelta(minutes=service.duration)
                    if (
                        start >= now
                        and not any(start < each.ends_at and each.starts_at < until for each in away)
                        and not any(start < each.busy_until and each.busy_from < until for each in visits)
                    ):
                        found.append((person.pk, start))
                    start += timedelta(minutes=organization.slot_interval)
    return found


def question(service, people, first, days):
    named = "".join(f"&staff={person.pk}" for person in people) if len(people) < 50 else ""
    return f"/availability?service={service.pk}&from={first}&to={first + timedelta(days=days - 1)}{named}"


def seconds(process, server, token, path, requests):
    asked = [[callers.http("GET", path, token)] * requests]
    elapsed, waits = process.submit(callers.call_at_once, server.port, asked).result()
    return elapsed / len(waits)


def elapsed(function, *arguments):
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


@contextmanager
def serving():
    environment = {
        "DATABASE_URL": write_database_url(connection.get_connection_params()),
        "SECRET_KEY": settings.SECRET_KEY,
        "RATE_LIMIT": "0",
    }
    with Gunicorn(environment, "--workers=1") as server:
        yield server


@contextmanager
def grown(organization):
    """Two servers: of the world, and of a copy with 900,000 visits more that is dropped afterwards."""
    name = connection.settings_dict["NAME"]
    copy = f"{name}_grown"
    in_another_database(f'DROP DATABASE IF EXISTS "{copy}"', f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
    try:
        with serving() as before:
            connection.close()
            connection.settings_dict["NAME"] = copy
            print("Adding 900,000 visits ...", flush=True)
            with connection.cursor() as cursor:
                cursor.execute(MORE_VISITS, {"organization": organization.pk})
                cursor.execute("VACUUM ANALYZE appointments")
            with serving() as after:
                yield before, after
    finally:
        connection.settings_dict["NAME"] = name
        in_another_database(f'DROP DATABASE IF EXISTS "{copy}"')


def in_another_database(*statements):
    """Run what nobody may be connected for, from the one database that every server has."""
    connection.close()
    own = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "postgres"
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", action="store_true")
    chosen = parser.parse_args()
    admin = world.enter(world.FEW_VISITS if chosen.growth else world.VISITS)
    organization = admin.organization
    service = Service.objects.filter(organization=organization).order_by("id").first()
    first, now = open_calendar(organization, service), datetime.now(UTC)
    everybody = list(User.objects.filter(organization=organization).exclude(role="client").order_by("id"))
    token = world.secret_of(admin)
    spans = [(everybody[-people:] if people == 1 else everybody, days) for people, days in SPANS]
    with ExitStack() as stack:
        process = stack.enter_context(callers.other_process())
        if chosen.growth:
            servers = stack.enter_context(grown(organization))
            short = compare_growth(chosen.rounds, process, servers, token, service, spans, first)
        else:
            server = stack.enter_context(serving())
            short = compare(chosen.rounds, process, server, token, service, spans, first, now)
    sys.exit(f"{short} short of the target." if short else 0)


def compare(rounds, process, server, token, service, spans, first, now):
    organization = service.organization
    table = turns.Table(("ms", "loop ms", "loop ÷ ours", "at least"))
    for people, days in spans:
        path = question(service, people, first, days)
        ours, looped = turns.in_turns(
            rounds,
            lambda path=path: seconds(process, server, token, path, 10),
            lambda people=people, days=days: elapsed(loop, organization, service, people, first, days, now),
        )
        faster = turns.compute_ratio(ours, looped)
        target = FASTER_THAN_LOOP if (len(people) > 1 and days == 31) else 1
        figures = median(ours) * 1000, median(looped) * 1000, faster, target
        table.row(f"{len(people)} people, {days} days", *figures, reached=faster >= target)
    people, days = spans[0]
    places = (question(service, people, first, days), "/appointments?limit=100")
    measures = [lambda path=path: seconds(process, server, token, path, 40) for path in places]
    turns.in_turns(1, *measures)
    ours, listed = turns.in_turns(rounds, *measures)
    slower = turns.compute_ratio(listed, ours)
    table.row(
        "1 person, 7 days ÷ list of 100",
        median(ours) * 1000,
        median(listed) * 1000,
        slower,
        SLOWER_THAN_LIST,
        reached=slower <= SLOWER_THAN_LIST,
    )
    return table.short


def compare_growth(rounds, process, servers, token, service, spans, first):
    table = turns.Table(("ms before", "ms after", "growth", "at most"))
    for people, days in spans:
        path = question(service, people, first, days)
        measures = [lambda server=server, path=path: seconds(process, server, token, path, 10) for server in servers]
        turns.in_turns(1, *measures)  # warms up
        before, after = turns.in_turns(rounds, *measures)
        growth = turns.compute_ratio(before, after)
        figures = median(before) * 1000, median(after) * 1000, growth, GROWTH
        table.row(f"{len(people)} people, {days} days", *figures, reached=growth <= GROWTH)
    return table.short


if __name__ == "__main__":
    main()
