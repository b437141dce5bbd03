"""Movements: each sum that came, went or was made void, on the local day of its own, in the words of a bookkeeper.

A payment is a line for its price and one each for tip and rounding; a refund and a payment that is made void are the
same, taken off. So the lines of any days add up to the report of these days, and what happened stays as it was: a later
refund is a line of its own day, and a payment is made void on its day alone. Whose it was, for what and at which tax is
what the payment noted when its money came; people and services are called what they were called then.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from appointments.periods import Period
from payments.bookkeeping.former_names import FormerNames
from payments.taxes import split_tax

TIP, ROUNDING = "tip", "rounding"

# What moved, each with the sign of its amount. Void payments have an index of their own; the others that of reports.
# They are void on the day they were settled, which only by the zone of then is the day of `voided_at`, too.
MOVED = """
    WITH moved AS (
        SELECT id AS payment, NULL::bigint AS refund, settled_at AS at, settled_at AS of_day, receipt_number,
            1 AS sign, 'settled' AS kind,
            amount, tip, rounding, appointment_id, payment_method, staff_id, service_id, tax_rate
        FROM payments WHERE organization_id = %(organization)s AND status IN ('completed', 'refunded')
            AND settled_at >= %(begins)s AND settled_at < %(ends)s
        UNION ALL
        SELECT id, NULL, settled_at, settled_at, receipt_number, 1, 'settled',
            amount, tip, rounding, appointment_id, payment_method, staff_id, service_id, tax_rate
        FROM payments WHERE organization_id = %(organization)s AND voided_at IS NOT NULL
            AND settled_at >= %(begins)s AND settled_at < %(ends)s
        UNION ALL
        SELECT id, NULL, voided_at, settled_at, receipt_number, -1, 'voided',
            amount, tip, rounding, appointment_id, payment_method, staff_id, service_id, tax_rate
        FROM payments WHERE organization_id = %(organization)s AND voided_at IS NOT NULL
            AND settled_at >= %(begins)s AND settled_at < %(ends)s
        UNION ALL
        SELECT payment.id, refund.id, refund.settled_at, refund.settled_at, refund.receipt_number, -1, 'refunded',
            refund.amount, refund.tip, refund.rounding, payment.appointment_id, payment.payment_method,
            payment.staff_id, payment.service_id, payment.tax_rate
        FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
        WHERE refund.organization_id = %(organization)s
            AND refund.settled_at >= %(begins)s AND refund.settled_at < %(ends)s
    )
    SELECT moved.at, of_day, kind, receipt_number, payment, refund, appointment_id, staff_id, staff.name, service_id,
        service.name, payment_method, moved.tax_rate, sign * (amount - tip - rounding), sign * tip, sign * rounding
    FROM moved JOIN users staff ON staff.id = staff_id JOIN services service ON service.id = service_id
    ORDER BY moved.at, receipt_number, sign DESC
"""


class Movement(NamedTuple):
    """`event` says when the money moved: settled, refunded or voided; `kind` is the same for the price, else tip or
    rounding. `amount` is below 0 where money went; of tips and rounding, which bear no tax, it is all net.
    """

    date: date
    kind: str
    event: str
    receipt_number: int
    payment: int
    refund: int | None
    appointment: int
    staff: int
    staff_name: str
    service: int
    service_name: str
    payment_method: str
    amount: Decimal
    tax_rate: Decimal | None
    net: Decimal
    tax: Decimal


class Moved(NamedTuple):
    """A row of MOVED; amounts are below 0 where money went."""

    at: datetime
    of_day: datetime
    event: str
    receipt_number: int
    payment: int
    refund: int | None
    appointment: int
    staff: int
    staff_name: str
    service: int
    service_name: str
    payment_method: str
    tax_rate: Decimal | None
    price: Decimal
    tip: Decimal
    rounding: Decimal


def list_movements(period: Period) -> list[Movement]:
    """All movements of the period's local days, in the order they happened. What is nothing is no line."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"organization": period.organization.pk, "begins": period.begins, "ends": period.ends}
        cursor.execute(MOVED, values)
        rows = [Moved._make(row) for row in cursor.fetchall()]
    names = FormerNames(
        period.organization,
        since=period.begins,
        staff_ids={row.staff for row in rows},
        service_ids={row.service for row in rows},
    )
    return [line for row in rows for line in _make_lines(period, row, names)]


def _make_lines(period: Period, moved: Moved, names: FormerNames) -> Iterator[Movement]:
    at, event, price = moved.at, moved.event, moved.price
    net, tax = split_tax(price, moved.tax_rate, period.organization.currency)
    facts = (
        *(event, moved.receipt_number, moved.payment, moved.refund, moved.appointment),
        *(moved.staff, names.find_name("users", moved.staff, at, moved.staff_name)),
        *(moved.service, names.find_name("services", moved.service, at, moved.service_name)),
        moved.payment_method,
    )
    day = moved.of_day.astimezone(period.organization.zone).date()
    if price:
        yield Movement._make((day, event, *facts, price, moved.tax_rate, net, tax))
    for part, amount in ((TIP, moved.tip), (ROUNDING, moved.rounding)):
        if amount:
            yield Movement._make((day, part, *facts, amount, None, amount, Decimal("0.00")))
