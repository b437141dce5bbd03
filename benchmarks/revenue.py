"""A year of revenue with its refunds, of the large organization and of an ordinary one, with the walls on.

The targets are milliseconds for the report's own work; the ratio is to a bare sum over the same entries of the
index, which no report of them can pass.
"""

import sys
from datetime import timedelta
from statistics import median
from time import perf_counter

from django.db import connection, transaction

from appointments.periods import Period
from benchmarks import turns, world
from organizations.models import Organization
from organizations.tenancy import confine
from payments import reports
from payments.models import Payment

ROUNDS = 15
TARGETS = {"large": 50, "ordinary": 5}
CEILING = """
    SELECT sum(amount) FROM payments WHERE organization_id = %s AND settled_at >= %s AND settled_at < %s
"""


def seconds(organization, perform):
    with transaction.atomic():
        confine(organization_id=organization.pk)
        started = perf_counter()
        perform()
        return perf_counter() - started


def add_up(period):
    with connection.cursor() as cursor:
        cursor.execute(CEILING, [period.organization.pk, period.begins, period.ends])
        cursor.fetchall()


def last_year(organization):
    """The dates of a year that ends with the last money taken."""
    last = Payment.objects.filter(organization=organization, settled_at__isnull=False).latest("settled_at")
    return last.settled_at.date() - timedelta(days=364), last.settled_at.date()


def measure(table, name, organization):
    for group_by in reports.GROUPINGS:
        period = Period(organization, *last_year(organization), group_by)
        ours, ceiling = turns.in_turns(
            ROUNDS,
            lambda period=period: seconds(organization, lambda: reports.revenue(period)),
            lambda period=period: seconds(organization, lambda: add_up(period)),
        )
        elapsed = median(ours) * 1000
        row = (elapsed, turns.ratio(ours, ceiling), TARGETS[name])
        table.row(f"{name}, by {group_by}", *row, reached=elapsed <= TARGETS[name])


def main():
    large = world.enter().organization
    ordinary = Organization.objects.exclude(pk=large.pk).order_by("id")[1]
    table = turns.Table(("ms", "÷ bare sum", "target ms"))
    measure(table, "large", large)
    measure(table, "ordinary", ordinary)
    return 1 if table.short else 0


if __name__ == "__main__":
    sys.exit(main())
