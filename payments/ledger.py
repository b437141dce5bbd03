"""The ledger: the only writer of payments and refunds. Nothing that happened is erased; `balances` reads.

The functions that change a payment expect its row to be locked by the caller. `by` is who does it; None is
the provider, which alone settles online payments.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from appointments.models import Appointment
from clientline.currencies import refuse_fractions, refuse_unpayable_online
from clientline.database.changes import save_changes
from clientline.refusals import FieldRefused
from payments import balances, gateway
from payments.gateway import Answer
from payments.models import Payment, Refund
from payments.refusals import InvalidTransition, Overpaid, RefundExceedsPayment

SETTLED_BY_HAND = (Payment.Method.CASH, Payment.Method.CARD)
SETTLEMENTS = (Payment.Status.COMPLETED, Payment.Status.FAILED)


def record_payment(
    *,
    by: User | None,
    appointment: Appointment,
    amount: Decimal,
    now: datetime,
    payment_method: str = "",
    status: str = Payment.Status.PENDING,
    allow_overpayment: bool = False,
) -> Payment:
    """Save a payment for a visit, pending or already completed; an online one with the key its provider will get.

    Raises FieldRefused and Overpaid.
    """
    completed = status == Payment.Status.COMPLETED
    if completed and payment_method not in SETTLED_BY_HAND:
        raise FieldRefused("status", "invalid", "Only cash and card payments can be recorded as completed.")
    refuse_fractions("amount", amount, appointment.organization.currency)
    online = {}
    if payment_method == Payment.Method.ONLINE:
        refuse_unpayable_online("amount", amount, appointment.organization.currency)
        online = {"provider": gateway.find_configured_name(), "key": uuid4()}
    with transaction.atomic():
        if not allow_overpayment:
            _refuse_overpayment(appointment, amount)
        return Payment.objects.create(
            organization_id=appointment.organization_id,
            appointment=appointment,
            amount=amount,
            payment_method=payment_method,
            status=status,
            settled_at=now if completed else None,
            created_by=by,
            created_at=now,
            **online,
        )


def _refuse_overpayment(visit: Appointment, amount: Decimal) -> None:
    # Two payments at once wait for each other here, so that both cannot take what is due only once.
    Appointment.objects.select_for_update(no_key=True, of=("self",)).get(pk=visit.pk)
    due, pending = balances.find_due_and_pending(visit)
    if amount > due - pending:
        raise Overpaid(due=due, pending=pending)


def complete_payment(*, by: User | None, payment: Payment, now: datetime) -> Payment:
    """The money has come. Raises InvalidTransition."""
    _refuse_settled(by, payment, Payment.Status.COMPLETED)
    return _change_row(payment, {"status": Payment.Status.COMPLETED, "settled_at": now})


def fail_payment(*, by: User | None, payment: Payment, now: datetime) -> Payment:
    """The money will not come. Raises InvalidTransition."""
    _refuse_settled(by, payment, Payment.Status.FAILED)
    return _change_row(payment, {"status": Payment.Status.FAILED})


def _refuse_settled(by: User | None, payment: Payment, to: str) -> None:
    online = payment.payment_method == Payment.Method.ONLINE
    if payment.status != Payment.Status.PENDING or (by and online):
        raise InvalidTransition(payment, to)


def _change_row(row: Payment, values: dict[str, Any]) -> Payment:
    with transaction.atomic():
        save_changes(row, values)
    return row


def refund_payment(
    *, by: User | None, payment: Payment, now: datetime, amount: Decimal | None = None, reason: str = ""
) -> Refund:
    """Give back `amount` of a payment, by default all that is left: cash and card at once, online once it is settled.

    Raises InvalidTransition, RefundExceedsPayment and FieldRefused.
    """
    if payment.status in (Payment.Status.PENDING, Payment.Status.FAILED):
        raise InvalidTransition(payment, Payment.Status.REFUNDED)
    # Refunds under way are counted, and the caller holds the payment: two at once cannot give back the same money.
    left = sum_refundable(payment)
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise RefundExceedsPayment(left)
    refuse_fractions("amount", amount, payment.organization.currency)
    at_once = not payment.provider  # also online ones of before there was one: nobody can be asked
    if not at_once:
        refuse_unpayable_online("amount", amount, payment.organization.currency)
    with transaction.atomic():
        row = Refund.objects.create(
            organization_id=payment.organization_id,
            payment=payment,
            amount=amount,
            reason=reason,
            status=Refund.Status.COMPLETED if at_once else Refund.Status.PENDING,
            key=None if at_once else uuid4(),
            settled_at=now if at_once else None,
            created_by=by,
            created_at=now,
        )
        _follow_refunds(payment)
    return row


def sum_refundable(payment: Payment) -> Decimal:
    """What is left of a payment, refunds under way counted."""
    return payment.amount - _sum_refunds(payment, (Refund.Status.PENDING, Refund.Status.COMPLETED))


def _sum_refunds(payment: Payment, statuses: Collection[str]) -> Decimal:
    return payment.refunds.filter(status__in=statuses).aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


def _follow_refunds(payment: Payment) -> None:
    """A payment says what was given back of it, and that nothing is left."""
    total = _sum_refunds(payment, (Refund.Status.COMPLETED,))
    status = Payment.Status.REFUNDED if total == payment.amount else payment.status
    # Both in one UPDATE: a constraint wants the status exactly when nothing is left.
    save_changes(payment, {"refunded_amount": total, "status": status})


def settle_payment(*, payment: Payment, outcome: str, now: datetime) -> bool:
    """What the provider says became of an online payment. Whether it changed anything: said twice, it is done once."""
    # Callbacks come twice and late: the first one counts.
    if payment.status != Payment.Status.PENDING or outcome not in SETTLEMENTS:
        return False
    (complete_payment if outcome == Payment.Status.COMPLETED else fail_payment)(by=None, payment=payment, now=now)
    return True


def settle_refund(*, refund: Refund, payment: Payment, answer: Answer, now: datetime) -> bool:
    """What the provider says became of a refund; `payment` is locked. Whether it changed anything."""
    # Read anew: it was read before the payment was locked, and another callback may have settled it meanwhile.
    refund.refresh_from_db()
    note_reference(refund, reference=answer.reference)
    if refund.status != Refund.Status.PENDING or answer.outcome not in SETTLEMENTS:
        return False
    completed = answer.outcome == Refund.Status.COMPLETED
    with transaction.atomic():
        save_changes(refund, {"status": answer.outcome, "settled_at": now if completed else None})
        _follow_refunds(payment)
    return True


def note_reference(row: Payment | Refund, **values: str) -> None:
    """Fill in what the provider calls it. Not a change that anybody was answered before, so `version` stays."""
    names = [name for name, value in values.items() if value and not getattr(row, name)]
    for name in names:
        setattr(row, name, values[name])
    if names:
        row.save(update_fields=names)
