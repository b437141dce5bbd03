"""Revenue: what was taken on the local day of its settlement, and what was given back on its own. Rows are summed.

Tips and what cash was rounded by are no revenue: each has a figure of its own, what was given back of them taken off.
So net, tips and rounding together are the money that moved.

Nothing is converted row by row: local days are turned into instants first, as in `appointments.reports`.
"""

from decimal import Decimal
from typing import Any, TypeAlias

from django.db import connection
from django.utils.translation import gettext as _

from appointments.periods import Period, Report
from payments.models import Payment

GROUPINGS = ("day", "week", "month", "staff", "service", "payment_method")
FIGURES = ("taken", "refunded", "net", "tips", "rounding")
# Of one table: what it did for visits, its tips and its rounding; and which payments count, as the indexes have it.
# Taken off each other once, not row by row: numerics are slow.
SUMS = """
    coalesce(sum(amount) - sum(tip) - sum(rounding), 0.00) AS price, coalesce(sum(tip), 0.00) AS tip,
    coalesce(sum(rounding), 0.00) AS rounding
"""
RECEIVED = "status IN ('completed', 'refunded')"

# Each stretch of time reads its part of the two indexes by settlement, and no table. Instants come as seconds:
# psycopg needs longer to write a year of midnights than PostgreSQL to add up what lies between them. They are turned
# into instants before they meet a row: row security lets no function look up an index that might tell of other rows.
BY_TIME = f"""
    WITH bucket AS MATERIALIZED (
        SELECT to_timestamp(border) AS begins, to_timestamp(lead(border) OVER (ORDER BY position)) AS ends, position
        FROM unnest(%(borders)s::float8[]) WITH ORDINALITY AS given (border, position)
    )
    SELECT taken.price, refunded.price, taken.tip - refunded.tip, taken.rounding - refunded.rounding
    FROM bucket,
    LATERAL (
        SELECT {SUMS} FROM payments
        WHERE organization_id = %(organization)s AND {RECEIVED}
            AND settled_at >= bucket.begins AND settled_at < bucket.ends
    ) taken,
    LATERAL (
        SELECT {SUMS} FROM refunds
        WHERE organization_id = %(organization)s AND settled_at >= bucket.begins AND settled_at < bucket.ends
    ) refunded
    WHERE bucket.ends IS NOT NULL ORDER BY bucket.position
"""  # noqa: S608 -- ours

# Both halves are summed before they meet, so that hardly a row is handed on. The first reads an index by settlement
# alone: a payment says itself whose it was and for what, also once its visit went to somebody else.
BY_REFERENCE = """
    SELECT figure.key, {label}, sum(figure.taken), sum(figure.refunded), sum(figure.tips), sum(figure.rounding)
    FROM (
        SELECT {key} AS key, sum(payment.amount - payment.tip - payment.rounding) AS taken, 0.00 AS refunded,
            sum(payment.tip) AS tips, sum(payment.rounding) AS rounding
        FROM payments payment
        WHERE payment.organization_id = %(organization)s AND payment.status IN ('completed', 'refunded')
            AND payment.settled_at >= %(begins)s AND payment.settled_at < %(ends)s
        GROUP BY {key}
        UNION ALL
        SELECT {key}, 0.00, sum(refund.amount - refund.tip - refund.rounding), -sum(refund.tip), -sum(refund.rounding)
        FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
        WHERE refund.organization_id = %(organization)s
            AND refund.settled_at >= %(begins)s AND refund.settled_at < %(ends)s
        GROUP BY {key}
    ) figure
    GROUP BY figure.key ORDER BY 2, 1
"""


# key, label, taken, refunded, tips, rounding
RevenueRow: TypeAlias = tuple[Any, str, Decimal, Decimal, Decimal, Decimal]


def _write_sum_by_reference(column: str, table: str) -> str:
    label = f"(SELECT name FROM {table} WHERE id = figure.key)"  # noqa: S608 -- names
    return BY_REFERENCE.format(key=f"payment.{column}", label=label)


STATEMENTS = {
    "payment_method": BY_REFERENCE.format(key="payment.payment_method", label="figure.key"),
    "staff": _write_sum_by_reference("staff_id", "users"),
    "service": _write_sum_by_reference("service_id", "services"),
}


def report_revenue(period: Period) -> Report:
    """What was taken and refunded in a period, their difference, tips and rounding, as Decimals."""
    rows = [_make_row(*found) for found in _sum_revenue(period)]
    total = {name: sum((row[name] for row in rows), Decimal("0.00")) for name in FIGURES}
    return period.answer(rows, total)


def _make_row(
    key: Any, label: str, taken: Decimal, refunded: Decimal, tips: Decimal, rounding: Decimal
) -> dict[str, Any]:
    figures = {"taken": taken, "refunded": refunded, "net": taken - refunded, "tips": tips, "rounding": rounding}
    return {"key": key, "label": label} | figures


def _sum_revenue(period: Period) -> list[RevenueRow]:
    """Rows of (key, label, taken, refunded, tips, rounding)."""
    if period.group_by not in STATEMENTS:
        return _sum_by_time(period)
    rows = _fetch_rows(STATEMENTS[period.group_by], period, begins=period.begins, ends=period.ends)
    if period.group_by != "payment_method":
        return rows
    labels = dict(Payment.Method.choices) | {"": _("Not stated")}
    return [(key, str(labels[key]), *figures) for key, _label, *figures in rows]


def _sum_by_time(period: Period) -> list[RevenueRow]:
    buckets = period.list_buckets()
    borders = [each.timestamp() for each in (*(bucket.begins for bucket in buckets), period.ends)]
    rows = _fetch_rows(BY_TIME, period, borders=borders)
    return [(bucket.key, bucket.label, *figures) for bucket, figures in zip(buckets, rows, strict=True)]


def _fetch_rows(sql: str, period: Period, **values: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"organization": period.organization.pk})
        return cursor.fetchall()
