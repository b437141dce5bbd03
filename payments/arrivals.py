"""What a provider says by itself: money that came, also late or another amount, and what it gave back.

It is recorded whatever was thought of the payment before, because it happened. Expects the payment to be locked.
"""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_noop

from clientline.database.changes import save_changes
from payments import ledger
from payments.gateway import Answer
from payments.models import Payment, Refund
from payments.remainders import NOTHING, find_remainder
from payments.signals import provider_needed

SETTLEMENTS = (Payment.Status.COMPLETED, Payment.Status.FAILED)
TOO_LATE = gettext_noop("The money came when it was not wanted any more.")
ELSEWHERE = gettext_noop("Given back in the provider's own pages.")


def settle_payment(*, payment: Payment, answer: Answer, now: datetime) -> bool:
    """What the provider says became of an online payment. Whether it changed anything: said twice, it is done once."""
    if answer.outcome == Payment.Status.FAILED and payment.status == Payment.Status.PENDING:
        ledger.fail_payment(by=None, payment=payment, now=now)
        return True
    if answer.outcome != Payment.Status.COMPLETED or not _can_still_come(payment):
        return False
    _receive(payment, answer.amount or payment.amount, now)
    return True


def _can_still_come(payment: Payment) -> bool:
    if payment.status == Payment.Status.FAILED:
        # Told twice, money of another amount is recorded once: what came in its place refers to it.
        return bool(payment.provider) and not Payment.objects.filter(instead_of=payment).exists()
    return payment.status == Payment.Status.PENDING


def _receive(payment: Payment, amount: Decimal, now: datetime) -> None:
    """Record what came; give it back at once where the payment had failed or was given up."""
    # Asked before anything is saved, which makes the payment a completed one.
    is_late = payment.status == Payment.Status.FAILED or payment.given_up_at is not None
    with transaction.atomic():
        if not is_late:
            ledger.give_up_needless_checkouts(payment.appointment, paying=amount - payment.tip, now=now, but=payment)
        received = _complete(payment, now) if amount == payment.amount else _record_instead(payment, amount, now)
        if is_late:
            refund = ledger.refund_payment(
                by=None,
                payment=received,
                amount=received.amount,
                tip=received.tip,
                reason=TOO_LATE,
                automatic=True,
                now=now,
            )
            provider_needed.send(sender=Refund, rows=[refund])


def _complete(payment: Payment, now: datetime) -> Payment:
    save_changes(payment, {"status": Payment.Status.COMPLETED, "settled_at": now})
    ledger.tell_of_money(payment, now)
    return payment


def _record_instead(payment: Payment, amount: Decimal, now: datetime) -> Payment:
    """Another amount came than was asked for: a payment of its own, as amounts never change. The tip comes last."""
    if payment.status == Payment.Status.PENDING:
        ledger.fail_payment(by=None, payment=payment, now=now)
    tip = max(min(payment.tip, amount - (payment.amount - payment.tip)), NOTHING)
    received = Payment.objects.create(
        organization_id=payment.organization_id,
        appointment_id=payment.appointment_id,
        amount=amount,
        tip=tip,
        payment_method=payment.payment_method,
        status=Payment.Status.COMPLETED,
        provider=payment.provider,
        key=uuid4(),
        reference=payment.reference,
        instead_of=payment,
        settled_at=now,
        created_by_id=payment.created_by_id,
        created_at=now,
    )
    ledger.tell_of_money(received, now)
    return received


def settle_refund(*, refund: Refund, payment: Payment, answer: Answer, now: datetime) -> bool:
    """What the provider says became of a refund. Whether it changed anything."""
    # Read anew: it was read before the payment was locked, and another callback may have settled it meanwhile.
    refund.refresh_from_db()
    note_reference(refund, reference=answer.reference)
    if refund.status != Refund.Status.PENDING or answer.outcome not in SETTLEMENTS:
        return False
    completed = answer.outcome == Refund.Status.COMPLETED
    with transaction.atomic():
        save_changes(refund, {"status": answer.outcome, "settled_at": now if completed else None})
        ledger.follow_refunds(payment)
        if completed:
            ledger.tell_of_money(refund, now)
    return True


def note_foreign_refund(*, payment: Payment, answer: Answer, now: datetime) -> bool:
    """A refund that was made in the provider's own pages becomes a row, once. Whether it changed anything."""
    # Only under the payment's lock: two callbacks of one refund would both find nothing.
    known = payment.refunds.filter(reference=answer.reference).first()
    if known:
        return settle_refund(refund=known, payment=payment, answer=answer, now=now)
    left = find_remainder(payment)
    if not answer.amount or answer.amount > left.money + left.tip:
        return False
    completed = answer.outcome == Refund.Status.COMPLETED
    with transaction.atomic():
        refund = Refund.objects.create(
            organization_id=payment.organization_id,
            payment=payment,
            amount=answer.amount,
            tip=max(answer.amount - left.money, NOTHING),
            reason=ELSEWHERE,
            status=answer.outcome,
            reference=answer.reference,
            settled_at=now if completed else None,
            created_at=now,
        )
        ledger.follow_refunds(payment)
        if completed:
            ledger.tell_of_money(refund, now)
    return True


def note_reference(row: Payment | Refund, **values: str) -> None:
    """Fill in what the provider calls it. Not a change that anybody was answered before, so `version` stays."""
    names = [name for name, value in values.items() if value and not getattr(row, name)]
    for name in names:
        setattr(row, name, values[name])
    if names:
        row.save(update_fields=names)
