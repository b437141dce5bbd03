"""A year of revenue with its refunds, of the large organization and of an ordinary one, with the walls on.

The targets are milliseconds: of the large one's report altogether, of the ordinary one's in SQL. The ratio is to a
bare sum over the same entries of the index, which no report of them can pass.
"""

import argparse
import sys
from datetime import timedelta
from statistics import median
from time import perf_counter

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from appointments.periods import Period
from benchmarks import turns, world
from organizations.models import Organization
from organizations.tenancy import confine_transaction
from payments import reports
from payments.models import Payment

ROUNDS = 15
TARGETS = {"large": 50, "ordinary": 5}
CEILING = """
    SELECT sum(amount) FROM payments WHERE organization_id = %s AND settled_at >= %s AND settled_at < %s
"""


class Elapsed:
    """Seconds in SQL, as a wrapper of the connection's execution."""

    def __init__(self):
        self.in_sql = 0

    def __call__(self, execute, *arguments):
        started = perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.in_sql += perf_counter() - started


def seconds(organization, perform):
    """How long it takes: altogether, and in SQL."""
    with transaction.atomic():
        confine_transaction(organization_id=organization.pk)
        with connection.execute_wrapper(elapsed := Elapsed()):
            started = perf_counter()
            perform()
            return perf_counter() - started, elapsed.in_sql


def add_up(period):
    with connection.cursor() as cursor:
        cursor.execute(CEILING, [period.organization.pk, period.begins, period.ends])
        cursor.fetchall()


def measure(table, name, organization):
    today = timezone.localdate()
    year = today - timedelta(days=364), today
    for group_by in reports.GROUPINGS:
        period = Period(organization, *year, group_by)
        ours, ceiling = turns.in_turns(
            ROUNDS,
            lambda period=period: seconds(organization, lambda: reports.report_revenue(period)),
            lambda period=period: seconds(organization, lambda: add_up(period)),
        )
        elapsed, in_sql = (median(each) * 1000 for each in zip(*ours, strict=True))
        ratio = turns.compute_ratio(*([each[1] for each in side] for side in (ours, ceiling)))
        held_to = elapsed if name == "large" else in_sql
        row = (elapsed, in_sql, ratio, TARGETS[name])
        table.row(f"{name}, by {group_by}", *row, reached=held_to <= TARGETS[name])


def ordinary_one():
    """The id of the organization with the median number of payments."""
    counted = Payment.objects.values("organization").annotate(payments=Count("id")).order_by("payments", "organization")
    return counted[len(counted) // 2]["organization"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--visits", type=int, default=world.VISITS, help="of all organizations, also of the large one")
    large = world.enter(parser.parse_args().visits).organization
    ordinary = Organization.objects.get(pk=ordinary_one())
    table = turns.Table(("ms", "in SQL", "÷ bare sum", "target ms"))
    measure(table, "large", large)
    measure(table, "ordinary", ordinary)
    return 1 if table.short else 0


if __name__ == "__main__":
    sys.exit(main())
