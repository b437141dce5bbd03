"""What messages cost a booking, and how long it takes to find those that are due among 100,000 planned.

On a small database of its own, with and without in turns: in process, CPU of this process and of its backend; over
HTTP, CPU of the server and of its backends, with messages and a webhook that hears of each booking.
"""

import argparse
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from appointments import booking
from appointments.models import Appointment
from appointments.signals import visits_changed
from benchmarks import turns, world
from clientline.demo.serving import Gunicorn
from clientline.reach.messages.delivery.sending import list_due
from clientline.reach.messages.models import Message
from clientline.reach.messages.planning import plan_messages
from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.reach.webhooks.models import WebhookEndpoint
from organizations.models import Organization
from services.models import Service

TARGET = 0.85
LONGEST = 0.005  # seconds
PLANNED, DUE = 100_000, 50
TICKS = os.sysconf("SC_CLK_TCK")
PLAN_MANY = """
INSERT INTO messages (organization_id, appointment_id, kind, rule, channel, sequence, start, due_at, try_at)
SELECT organization_id, id, 'reminder', 1440, 'mail', 1000 + n, appointment_date, moment, moment
FROM (SELECT * FROM appointments ORDER BY id LIMIT 1) AS visit, generate_series(1, %(count)s) AS n,
LATERAL (
    SELECT now() + CASE WHEN n <= %(due)s THEN interval '-1 minute' ELSE n * interval '10 seconds' END
) AS at (moment)
"""


def enter():
    """A database of its own with two demo organizations."""
    connection.settings_dict["TEST"]["NAME"] = f"{connection.settings_dict['NAME']}_benchmark_messages"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    call_command("seed_demo", organizations=2, appointments=400, seed=1, verbosity=0)


def read_seconds(pid):
    """CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def read_backend_seconds():
    return read_seconds(connection.connection.info.backend_pid)


class Bookings:
    """Half hours after all others, each booked once."""

    def __init__(self, each):
        self.each, self.home = each, Organization.objects.order_by("id").first()
        people = User.objects.filter(organization=self.home).select_related("organization").order_by("id")
        self.client, self.staff = people.filter(role="client").first(), people.filter(role="staff").first()
        services = Service.objects.filter(organization=self.home).select_related("organization")
        self.service = services.performed_by(self.staff.pk).order_by("id").first()
        last = Appointment.objects.latest("ends_at").ends_at.replace(minute=0, second=0, microsecond=0)
        self.start = last + timedelta(days=2)

    def book(self):
        """CPU seconds of one booking."""
        began, backend = time.process_time(), read_backend_seconds()
        for _ in range(self.each):
            self.start += timedelta(hours=2)
            told = {"client": self.client, "staff": self.staff, "service": self.service}
            with transaction.atomic():
                booking.book(by=None, appointment_date=self.start, now=timezone.now(), duration=30, **told)
        return (time.process_time() - began + read_backend_seconds() - backend) / self.each

    def book_silently(self):
        visits_changed.disconnect(plan_messages)
        try:
            return self.book()
        finally:
            visits_changed.connect(plan_messages)


class BookingsOverHTTP:
    """The same of a server with one worker, whose organization is told to speak or to be silent in between."""

    def __init__(self, server, each):
        self.server, self.each, self.inside = server, each, Bookings(each)
        home = self.inside.home
        admin = User.objects.filter(organization=home, role="admin").order_by("id").first()
        self.token = world.secret_of(admin)
        told = {"by": admin, "organization": home, "url": "https://receiver.example/", "now": timezone.now()}
        self.endpoint = create_endpoint(**told, events=["appointment.booked"])
        self.start = self.inside.start + timedelta(days=3000)

    def read_server_seconds(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            backends = {pid for (pid,) in cursor.fetchall()} - {connection.connection.info.backend_pid}
        return sum(read_seconds(pid) for pid in (*backends, *self.server.workers))

    def book(self, speaks=True):
        Organization.objects.filter(pk=self.inside.home.pk).update(confirms_visits=speaks, reminds_clients=speaks)
        WebhookEndpoint.objects.filter(pk=self.endpoint.pk).update(is_active=speaks)
        self.book_once()  # what is remembered of the organization is read anew
        began = self.read_server_seconds()
        for _ in range(self.each):
            self.book_once()
        return (self.read_server_seconds() - began) / self.each

    def book_once(self):
        self.start += timedelta(hours=2)
        people = {"client": self.inside.client.pk, "staff": self.inside.staff.pk, "service": self.inside.service.pk}
        body = people | {"appointment_date": self.start.isoformat(), "duration": 30}
        answer = self.server.call("POST", "/appointments", token=self.token, body=body)
        assert answer.status == 201, answer.body

    def book_silently(self):
        return self.book(speaks=False)


def measure_over_http(chosen, table):
    with Gunicorn(world.environment(), "--workers=1") as server:
        bookings = BookingsOverHTTP(server, chosen.bookings)
        turns.in_turns(1, bookings.book, bookings.book_silently)  # warms up
        report(
            "CPU of a booking over HTTP", table, *turns.in_turns(chosen.rounds, bookings.book, bookings.book_silently)
        )
    assert Message.objects.filter(
        appointment__appointment_date__gt=bookings.inside.start + timedelta(days=2999)
    ).exists()


def report(name, table, with_messages, without):
    ratio = turns.compute_ratio(with_messages, without)
    cells = (median(with_messages) * 1000, median(without) * 1000, ratio, TARGET)
    table.row(name, *cells, reached=ratio >= TARGET)


def measure_due():
    """Milliseconds of CPU to find the due ones: the median of many."""
    with connection.cursor() as cursor:
        cursor.execute(PLAN_MANY, {"count": PLANNED, "due": DUE})
        cursor.execute("ANALYZE messages")
    waits = []
    for _ in range(200):
        began = time.perf_counter()
        assert len(list_due(timezone.now())) == DUE
        waits.append(time.perf_counter() - began)
    return median(waits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--bookings", type=int, default=40, help="in every round")
    chosen = parser.parse_args()
    enter()
    bookings = Bookings(chosen.bookings)
    turns.in_turns(1, bookings.book, bookings.book_silently)  # warms up
    table = turns.Table(("with, ms", "without, ms", "ratio", "target"))
    report("CPU of a booking in process", table, *turns.in_turns(chosen.rounds, bookings.book, bookings.book_silently))
    measure_over_http(chosen, table)
    wait = measure_due()
    table.row("due among 100,000 planned", wait * 1000, "", wait / LONGEST, 1.0, reached=wait <= LONGEST)
    sys.exit("Short of the target." if table.short else 0)


if __name__ == "__main__":
    main()
