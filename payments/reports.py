"""Revenue: what was taken on the local day of its settlement, and what was given back on its own. Rows are summed.

Nothing is converted row by row: local days are turned into instants first, as in `appointments.reports`.
"""

from decimal import Decimal

from django.db import connection

from payments.models import Payment

GROUPINGS = ("day", "week", "month", "staff", "service", "payment_method")
FIGURES = ("taken", "refunded", "net")

# Each stretch of time reads its part of the two indexes by settlement, and no table.
BY_TIME = """
    SELECT bucket.key, bucket.key, taken.amount, refunded.amount
    FROM unnest(%(keys)s::text[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS bucket (key, begins, ends),
    LATERAL (
        SELECT coalesce(sum(amount), 0) AS amount FROM payments
        WHERE organization_id = %(organization)s AND settled_at >= bucket.begins AND settled_at < bucket.ends
    ) taken,
    LATERAL (
        SELECT coalesce(sum(amount), 0) AS amount FROM refunds
        WHERE organization_id = %(organization)s AND settled_at >= bucket.begins AND settled_at < bucket.ends
    ) refunded
    ORDER BY bucket.begins
"""

ENTRIES = """
    SELECT appointment_id, payment_method, amount AS taken, 0 AS refunded FROM payments
    WHERE organization_id = %(organization)s AND settled_at >= %(begins)s AND settled_at < %(ends)s
    UNION ALL
    SELECT payment.appointment_id, payment.payment_method, 0, refund.amount
    FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
    WHERE refund.organization_id = %(organization)s
        AND refund.settled_at >= %(begins)s AND refund.settled_at < %(ends)s
"""
BY_METHOD = """
    SELECT payment_method, payment_method, sum(taken), sum(refunded) FROM ({entries}) entry
    GROUP BY payment_method ORDER BY payment_method
"""
BY_REFERENCE = """
    SELECT figure.id, label.name, figure.taken, figure.refunded
    FROM (
        SELECT visit.{column} AS id, sum(entry.taken) AS taken, sum(entry.refunded) AS refunded
        FROM ({entries}) entry JOIN appointments visit ON visit.id = entry.appointment_id
        WHERE visit.organization_id = %(organization)s
        GROUP BY visit.{column}
    ) figure JOIN {table} label ON label.id = figure.id
    ORDER BY label.name, figure.id
"""
STATEMENTS = {
    "payment_method": BY_METHOD.format(entries=ENTRIES),
    "staff": BY_REFERENCE.format(column="staff_id", table="users", entries=ENTRIES),
    "service": BY_REFERENCE.format(column="service_id", table="services", entries=ENTRIES),
}


def revenue(period):
    """What was taken and refunded in a period, and their difference, as two-decimal strings."""
    rows = [row_of(*found) for found in summed(period)]
    total = {name: sum((row[name] for row in rows), Decimal(0)) for name in FIGURES}
    for row in (*rows, total):
        row |= {name: f"{row[name]:.2f}" for name in FIGURES}
    return period.answer(rows, total)


def row_of(key, label, taken, refunded):
    return {"key": key, "label": label, "taken": taken, "refunded": refunded, "net": taken - refunded}


def summed(period):
    """Rows of (key, label, taken, refunded)."""
    values = {"organization": period.organization.pk, "begins": period.begins, "ends": period.ends}
    if period.group_by not in STATEMENTS:
        keys, _, begins, ends = zip(*period.buckets(), strict=True)
        values |= {"keys": list(keys), "begins": list(begins), "ends": list(ends)}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS.get(period.group_by, BY_TIME), values)
        rows = cursor.fetchall()
    if period.group_by != "payment_method":
        return rows
    labels = dict(Payment.Method.choices) | {"": "Not stated"}
    return [(key, labels[key], *figures) for key, _, *figures in rows]
