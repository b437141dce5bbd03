"""What 32 cashiers of one organization cost the bookings of another: with receipts that are numbered, and without.

A payment draws its number from one row of its organization, which stays locked until the commit. Bookings of another
organization never wait for it. In turns, on one server: the trigger that draws numbers works, and it does not; that
nobody pays at all is shown beside it, as cashiers also need processors.
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

from django.db import connection

from accounts.models import User
from appointments.models import Appointment
from benchmarks import callers, turns, world
from clientline.demo.serving import Gunicorn
from organizations.models import Organization
from payments.models import Payment
from services.models import Service

CASHIERS, BOOKERS = 32, 4
TARGET = 0.95
LENGTH = timedelta(minutes=30)
AFTER_ALL_TIME_OFF = datetime(2030, 1, 1, tzinfo=UTC)
TRIGGER = "ALTER TABLE payments {} TRIGGER payments_z_draw_numbers"


def pay_until(port, requests_by_caller, seconds):
    """All cashiers at once, for so long; returns how many payments were taken."""
    ends = time.perf_counter() + seconds

    def pay(requests):
        paid = 0
        for request in requests:
            if time.perf_counter() > ends:
                break
            callers.call(port, [request], 201)
            paid += 1
        return paid

    with ThreadPoolExecutor(len(requests_by_caller)) as threads:
        return sum(threads.map(pay, requests_by_caller))


class Counter:
    """Requests that pay a coin each, of visits that differ."""

    def __init__(self, organization, token):
        unpaid = Appointment.objects.filter(organization=organization, status="scheduled", payments=None)
        self.visits = unpaid.order_by("id").values_list("id", flat=True).iterator()
        self.token = token

    def for_cashiers(self, each):
        return [[self.pay(visit) for visit in itertools.islice(self.visits, each)] for _ in range(CASHIERS)]

    def pay(self, visit):
        body = {"appointment": visit, "amount": "1.00", "payment_method": "cash", "status": "completed"}
        return callers.http("POST", "/payments", self.token, json.dumps(body).encode())


class Slots:
    """Requests that book free slots of an organization, each given away once."""

    def __init__(self, organization, token):
        self.token, people = token, User.objects.filter(organization=organization)
        begin = max(Appointment.objects.filter(organization=organization).latest("ends_at").ends_at, AFTER_ALL_TIME_OFF)
        staff = people.exclude(role="client").filter(is_active=True, is_superuser=False).order_by("id")[:BOOKERS]
        self.starts = {each.pk: (begin + LENGTH * n for n in itertools.count()) for each in staff}
        service = Service.objects.filter(organization=organization, is_active=True, staff=None).earliest("id")
        self.rest = {"client": people.filter(role="client", is_active=True).earliest("id").pk, "service": service.pk}

    def for_bookers(self, each):
        people = itertools.islice(itertools.cycle(self.starts), BOOKERS)
        return [[self.book(staff) for _ in range(each)] for staff in people]

    def book(self, staff):
        body = self.rest | {"staff": staff, "duration": 30, "appointment_date": next(self.starts[staff]).isoformat()}
        return callers.http("POST", "/appointments", self.token, json.dumps(body).encode())


class Bench:
    def __init__(self, server, crowd, bookers, counter, slots, chosen):
        self.server, self.crowd, self.bookers = server, crowd, bookers
        self.counter, self.slots, self.chosen = counter, slots, chosen

    def book(self):
        """Seconds for one booking."""
        requests = self.slots.for_bookers(self.chosen.bookings)
        elapsed, waits = self.bookers.submit(callers.call_at_once, self.server.port, requests, 201).result()
        return elapsed / len(waits)

    def beside(self, *, numbered):
        """Seconds for a booking beside the cashiers, and how many payments they took in a second."""
        with connection.cursor() as cursor:
            cursor.execute(TRIGGER.format("ENABLE" if numbered else "DISABLE"))
        requests = self.counter.for_cashiers(self.chosen.payments)
        paying = self.crowd.submit(pay_until, self.server.port, requests, self.chosen.seconds)
        time.sleep(0.5)
        took, began = [], time.perf_counter()
        while time.perf_counter() - began < self.chosen.seconds - 1.5:
            took.append(self.book())
        return median(took), paying.result() / self.chosen.seconds


def report(numbered, plain, alone):
    table = turns.Table(("a second", "unnumbered", "ratio", "target", "nobody pays"))
    ours, theirs = [each for each, _ in numbered], [each for each, _ in plain]
    ratio = turns.compute_ratio(ours, theirs)
    rates = [f"{1 / median(each):.0f}" for each in (ours, theirs)]
    table.row(
        f"bookings beside {CASHIERS} cashiers",
        *rates,
        ratio,
        TARGET,
        f"{1 / median(alone):.0f}",
        reached=ratio >= TARGET,
    )
    paid = [median(rate for _, rate in each) for each in (numbered, plain)]
    print(f"The cashiers took {paid[0]:.0f} payments a second with numbers, {paid[1]:.0f} without.")
    return table.short


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--bookings", type=int, default=5, help="of each booker at once")
    parser.add_argument("--payments", type=int, default=40, help="that each cashier takes at most in every round")
    return parser.parse_args()


def number_again():
    """What was paid without a number gets it, so that the world is whole."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGER.format("ENABLE"))
        cursor.execute("SELECT number_receipts(NULL)")


def find_other(organization):
    """The organization whose bookings are measured: the one with the most people beside the large one."""
    others = Organization.objects.exclude(pk=organization.pk).filter(is_active=True).order_by("id")
    return next(
        each for each in others if Service.objects.filter(organization=each, is_active=True, staff=None).exists()
    )


def main():
    chosen, admin = options(), world.enter(world.FEW_VISITS)
    other = User.objects.filter(organization=find_other(admin.organization), role="admin", is_active=True).earliest(
        "id"
    )
    counter = Counter(admin.organization, world.secret_of(admin))
    slots = Slots(other.organization, world.secret_of(other))
    with ExitStack() as stack:
        stack.callback(number_again)
        server = stack.enter_context(Gunicorn(world.environment(), "--workers=2"))
        crowd, bookers = (stack.enter_context(callers.other_process()) for _ in range(2))
        bench = Bench(server, crowd, bookers, counter, slots, chosen)
        bench.book()  # warms up
        measures = (lambda: bench.beside(numbered=True), lambda: bench.beside(numbered=False), bench.book)
        short = report(*turns.in_turns(chosen.rounds, *measures))
    assert not Payment.objects.filter(settled_at__isnull=False, receipt_number=None).exists()
    sys.exit("Short of the target." if short else 0)


if __name__ == "__main__":
    main()
