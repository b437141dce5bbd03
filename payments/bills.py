"""The bill of a visit, or of all visits of its group: what each costs, what came, and money taken for all at once."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from appointments.models import Appointment
from payments import balances, ledger
from payments.models import Payment, Refund
from payments.refusals import Overpaid
from payments.remainders import NOTHING
from payments.taxes import split_tax


class Line(NamedTuple):
    """`left` is what is due, without what payments under way will take of it; never below 0."""

    visit: Any  # an Appointment with its balance
    left: Decimal


class Bill(NamedTuple):
    """Sums over its lines: `due` and `credit` beside each other, neither below 0."""

    lines: list[Line]
    charge: Decimal
    paid: Decimal
    due: Decimal
    credit: Decimal
    left: Decimal


def find_bill(visit: Appointment, permitted: QuerySet[Appointment]) -> Bill:
    """The bill of a visit and of those of its group that are among the `permitted` ones, in order of their dates.

    What was cancelled and costs nothing is left out, but for the visit itself.
    """
    mine = Q(pk=visit.pk) | (Q(group=visit.group) if visit.group else Q(pk=None))
    rows = permitted.filter(mine, organization=visit.organization_id).select_related("service", "staff", "client")
    found = balances.add_balance(rows).annotate(pending=balances.PENDING).order_by("appointment_date", "id")
    lines = [Line(row, max(row.due - row.pending, NOTHING)) for row in found if row.pk == visit.pk or _is_on_bill(row)]
    return Bill(
        lines,
        charge=sum((line.visit.charge for line in lines), NOTHING),
        paid=sum((line.visit.paid - line.visit.refunded for line in lines), NOTHING),
        due=sum((max(line.visit.due, NOTHING) for line in lines), NOTHING),
        credit=sum((max(-line.visit.due, NOTHING) for line in lines), NOTHING),
        left=sum((line.left for line in lines), NOTHING),
    )


def _is_on_bill(row: Any) -> bool:
    return row.status != Appointment.Status.CANCELLED or bool(row.charge or row.paid)


class TaxShare(NamedTuple):
    """What of a bill bears tax at one rate; `rate` in percent."""

    rate: Decimal
    gross: Decimal
    net: Decimal
    tax: Decimal


def split_bill(bill: Bill, currency: str) -> list[TaxShare]:
    """The tax that is contained in what the bill's visits cost, by rate; what has none is left out."""
    shares: dict[Decimal, list[Decimal]] = {}
    for line in bill.lines:
        if line.visit.tax_rate is not None and line.visit.charge:  # 0 percent is a rate, on receipts, too
            net, tax = split_tax(line.visit.charge, line.visit.tax_rate, currency)
            sums = shares.setdefault(line.visit.tax_rate, [NOTHING, NOTHING, NOTHING])
            shares[line.visit.tax_rate] = [a + b for a, b in zip(sums, (net + tax, net, tax), strict=True)]
    return [TaxShare(rate, *sums) for rate, sums in sorted(shares.items())]


def list_receipts(bill: Bill) -> list[Payment | Refund]:
    """What came and went for the bill's visits, in the order of its numbers; void payments among them."""
    visits = [line.visit.pk for line in bill.lines]
    payments = Payment.objects.filter(appointment__in=visits, receipt_number__isnull=False)
    refunds = Refund.objects.filter(payment__appointment__in=visits, receipt_number__isnull=False)
    found: list[Payment | Refund] = [*payments, *refunds.select_related("payment")]
    return sorted(found, key=lambda row: cast(int, row.receipt_number))


def pay_bill(
    *,
    by: User | None,
    visit: Appointment,
    permitted: QuerySet[Appointment],
    amount: Decimal,
    payment_method: str,
    now: datetime,
    tip: Decimal = NOTHING,
    rounding: Decimal = NOTHING,
) -> list[Payment]:
    """Take `amount` of cash or card for what is left of the bill, and the `tip` on top: one payment for each visit.

    The first visits are paid first; the tip is a part of the last payment, and so is the rounding as far as its price
    bears it. Expects the visits' rows to be locked, in the order of their ids. Raises Overpaid and FieldRefused.
    """
    bill = find_bill(visit, permitted)
    if amount > bill.left:
        raise Overpaid(due=bill.due, pending=bill.due - bill.left)
    shares = _share_out(amount, bill.lines) or [(visit, NOTHING)]
    roundings = _share_out_rounding(rounding, [share for _visit, share in shares])
    tips = [*(NOTHING for _share in shares[1:]), tip]
    with transaction.atomic():
        return [
            ledger.record_payment(
                by=by,
                appointment=each,
                amount=share + its_tip + its_rounding,
                tip=its_tip,
                rounding=its_rounding,
                payment_method=payment_method,
                status=Payment.Status.COMPLETED,
                now=now,
            )
            for (each, share), its_tip, its_rounding in zip(shares, tips, roundings, strict=True)
        ]


def _share_out_rounding(rounding: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """What each share bears of what cash is rounded by: the last of them first, and no share more than it is.

    A last share of a cent cannot be two cents less.
    """
    borne = []
    for share in reversed(shares):
        borne.append(max(rounding, -share))
        rounding -= borne[-1]
    borne[0] += rounding  # more than all of them are: the ledger refuses it
    return borne[::-1]


def _share_out(amount: Decimal, lines: Sequence[Line]) -> list[tuple[Appointment, Decimal]]:
    """What of the amount each visit gets; who gets nothing is left out."""
    shares = []
    for line in lines:
        share = min(amount, line.left)
        amount -= share
        if share:
            shares.append((line.visit, share))
    return shares
