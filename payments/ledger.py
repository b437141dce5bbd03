"""The ledger: with `arrivals` the only writer of payments and refunds. What happened is never erased; `balances` reads.

The functions that change a payment expect its row to be locked by the caller. `by` is who does it; None is
the provider, which alone settles online payments.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from appointments.models import Appointment
from appointments.working_time.hours import find_midnight
from clientline.currencies import find_cash_step, refuse_fractions, refuse_unpayable_online
from clientline.database.changes import save_changes
from clientline.refusals import FieldRefused
from organizations.models import Organization
from payments import balances, gateway
from payments.models import Payment, Refund
from payments.refusals import InvalidTransition, NotVoidable, Overpaid, RefundExceedsPayment, VoidedTooLate
from payments.remainders import NOTHING, Remainder, find_remainder
from payments.signals import money_moved, provider_needed

SETTLED_BY_HAND = (Payment.Method.CASH, Payment.Method.CARD)


def record_payment(
    *,
    by: User | None,
    appointment: Appointment,
    amount: Decimal,
    now: datetime,
    tip: Decimal = NOTHING,
    rounding: Decimal = NOTHING,
    payment_method: str = "",
    status: str = Payment.Status.PENDING,
    allow_overpayment: bool = False,
    give_up_open_checkouts: bool = False,
) -> Payment:
    """Save a payment for a visit, pending or already completed; an online one with the key its provider will get.

    `give_up_open_checkouts`: what the client could pay online until now is paid like this instead.
    `tip` and `rounding` are parts of the amount that pay for no visit; what cash is rounded by may be below 0.
    Raises FieldRefused and Overpaid.
    """
    completed, price = status == Payment.Status.COMPLETED, amount - tip - rounding
    if completed and payment_method not in SETTLED_BY_HAND:
        raise FieldRefused("status", "invalid", _("Only cash and card payments can be recorded as completed."))
    parts = {"amount": amount, "tip": tip, "rounding": rounding}
    _refuse_strange_parts(**parts, payment_method=payment_method, organization=appointment.organization)
    with transaction.atomic():
        # First: as long as they are open they count as pending, and this payment would be refused as too much.
        if give_up_open_checkouts:
            give_up_checkouts(visit=appointment, now=now)
        if not allow_overpayment:
            _refuse_overpayment(appointment, price)
        if completed:
            give_up_needless_checkouts(appointment, paying=price, now=now)
        how = {"payment_method": payment_method, "status": status, "settled_at": now if completed else None}
        return _add_payment(appointment, parts | how | _begin_online(payment_method), by=by, now=now)


def _add_payment(visit: Appointment, values: dict[str, Any], *, by: User | None, now: datetime) -> Payment:
    of_whom = {"organization_id": visit.organization_id, "appointment": visit}
    payment = Payment.objects.create(**of_whom, **values, created_by=by, created_at=now)
    if payment.status == Payment.Status.COMPLETED:
        tell_of_money(payment, now)
    return payment


def _begin_online(payment_method: str) -> dict[str, Any]:
    """Who will settle an online payment, and the key that they will get; of others nothing."""
    if payment_method != Payment.Method.ONLINE:
        return {}
    return {"provider": gateway.find_configured_name(), "key": uuid4()}


def tell_of_money(row: Payment | Refund, now: datetime, happened: str = "") -> None:
    """Let the apps above hear, in this transaction, what became of the money; without a word, its status."""
    money_moved.send(sender=type(row), row=row, happened=happened or row.status, now=now)


def _refuse_strange_parts(
    amount: Decimal, tip: Decimal, rounding: Decimal, payment_method: str, organization: Organization
) -> None:
    """Raise FieldRefused for what no payment can be made up of."""
    for field, part in {"amount": amount, "tip": tip, "rounding": rounding}.items():
        refuse_fractions(field, part, organization.currency)
    if rounding:
        _refuse_rounding(rounding, payment_method, organization)
    if payment_method == Payment.Method.ONLINE:
        refuse_unpayable_online("amount", amount, organization.currency)
    if amount <= 0 and not (amount == 0 and rounding < 0):
        raise FieldRefused("amount", "min_value", _("Write an amount above 0."))
    if not 0 <= tip <= amount:
        raise FieldRefused("tip", "invalid", _("The tip is a part of the amount."))
    if tip + rounding > amount:
        raise FieldRefused("rounding", "invalid", _("Tip and rounding are parts of the amount."))


def _refuse_rounding(rounding: Decimal, payment_method: str, organization: Organization) -> None:
    if payment_method != Payment.Method.CASH:
        raise FieldRefused("rounding", "invalid", _("Only cash is rounded."))
    step = find_cash_step(organization.currency, organization.country)
    if abs(rounding) >= step:
        named = {"step": step, "currency": organization.currency}
        told = (
            _("Cash is rounded by less than %(step)s %(currency)s here.")
            if step
            else _("Cash is rounded by nothing here.")
        )
        raise FieldRefused("rounding", "invalid", told % named)


def _refuse_overpayment(visit: Appointment, price: Decimal) -> None:
    # Two payments at once wait for each other here, so that both cannot take what is due only once.
    Appointment.objects.select_for_update(no_key=True, of=("self",)).get(pk=visit.pk)
    due, pending = balances.find_due_and_pending(visit)
    if price > due - pending:
        raise Overpaid(due=due, pending=pending)


def complete_payment(*, by: User | None, payment: Payment, now: datetime) -> Payment:
    """The money has come. Raises InvalidTransition."""
    _refuse_settled(by, payment, Payment.Status.COMPLETED)
    with transaction.atomic():
        paying = payment.amount - payment.tip - payment.rounding
        # Before the row is saved: its receipt number locks the organization's counter, which has to be the last lock.
        give_up_needless_checkouts(payment.appointment, paying=paying, now=now)
        save_changes(payment, {"status": Payment.Status.COMPLETED, "settled_at": now})
        tell_of_money(payment, now)
    return payment


def fail_payment(*, by: User | None, payment: Payment, now: datetime) -> Payment:
    """The money will not come. Raises InvalidTransition."""
    _refuse_settled(by, payment, Payment.Status.FAILED)
    with transaction.atomic():
        save_changes(payment, {"status": Payment.Status.FAILED})
        tell_of_money(payment, now)
    return payment


def void_payment(*, by: User | None, payment: Payment, now: datetime, reason: str) -> Payment:
    """Take back what was typed wrong: the money never came like this. It counts nowhere; its receipt number stays.

    Cash and card only, on the local day it was settled, while nothing of it is refunded. Raises InvalidTransition and
    VoidedTooLate.
    """
    # A refund under way counts: money that never came would be given back.
    if not _is_by_hand(payment) or payment.refunds.exclude(status=Refund.Status.FAILED).exists():
        raise NotVoidable(payment)
    if not is_of_today(payment, now):
        raise VoidedTooLate(_find_end_of_day(payment))
    changes = {"status": Payment.Status.FAILED, "voided_at": now, "voided_by": by, "void_reason": reason}
    with transaction.atomic():
        save_changes(payment, changes)
        tell_of_money(payment, now, "voided")
    return payment


def _is_by_hand(payment: Payment) -> bool:
    return payment.status == Payment.Status.COMPLETED and payment.payment_method in SETTLED_BY_HAND


def is_of_today(payment: Payment, now: datetime) -> bool:
    """Whether it is cash or card that came on this local day, and was not taken back."""
    return _is_by_hand(payment) and now < _find_end_of_day(payment)


def _find_end_of_day(payment: Payment) -> datetime:
    """When the local day ends on which a settled payment was settled."""
    # The next date's midnight, not 24 hours later: the day of a clock change ends sooner or later than that.
    zone, settled_at = payment.organization.zone, cast(datetime, payment.settled_at)
    return find_midnight(zone, settled_at.astimezone(zone).date() + timedelta(days=1))


def _refuse_settled(by: User | None, payment: Payment, to: str) -> None:
    # Nobody settles online money by hand, managers neither: it would count before it came, or beside what comes.
    online = payment.payment_method == Payment.Method.ONLINE
    if payment.status != Payment.Status.PENDING or (by and online):
        raise InvalidTransition(payment, to)


def refund_payment(
    *,
    by: User | None,
    payment: Payment,
    now: datetime,
    amount: Decimal | None = None,
    tip: Decimal = NOTHING,
    reason: str = "",
    automatic: bool = False,
) -> Refund:
    """Give back `amount` of a payment, by default all that is left of its price and the `tip` that is named.

    The tip is a part of the amount. Cash and card come back at once, online money once its provider says so.
    Raises InvalidTransition, RefundExceedsPayment and FieldRefused.
    """
    if payment.status in (Payment.Status.PENDING, Payment.Status.FAILED):
        raise InvalidTransition(payment, Payment.Status.REFUNDED)
    # Refunds under way are counted, and the caller holds the payment: two at once cannot give back the same money.
    left = find_remainder(payment)
    amount = left.money + tip if amount is None else amount
    _refuse_excess(left, amount, tip)
    refuse_fractions("amount", amount, payment.organization.currency)
    refuse_fractions("tip", tip, payment.organization.currency)
    at_once = not payment.provider  # also online ones of before there was one: nobody can be asked
    if not at_once:
        refuse_unpayable_online("amount", amount, payment.organization.currency)
    with transaction.atomic():
        row = Refund.objects.create(
            organization_id=payment.organization_id,
            payment=payment,
            amount=amount,
            tip=tip,
            rounding=left.find_rounding(amount - tip, tip),
            reason=reason,
            automatic=automatic,
            status=Refund.Status.COMPLETED if at_once else Refund.Status.PENDING,
            # Stored before the provider is asked: whatever dies in between, the same key gives nothing back twice.
            key=None if at_once else uuid4(),
            settled_at=now if at_once else None,
            created_by=by,
            created_at=now,
        )
        follow_refunds(payment)
        if at_once:
            tell_of_money(row, now)
    return row


def _refuse_excess(left: Remainder, amount: Decimal, tip: Decimal) -> None:
    if amount <= 0 or tip > left.tip or amount - tip > left.money:
        raise RefundExceedsPayment(left.money + min(tip, left.tip))
    if not 0 <= tip <= amount:
        raise FieldRefused("tip", "invalid", _("The tip is a part of the amount."))


def _sum_completed_refunds(payment: Payment) -> Decimal:
    # Not those under way: the provider may still decline, and the money would be missing from what was kept.
    completed = payment.refunds.filter(status=Refund.Status.COMPLETED)
    return completed.aggregate(total=Sum("amount"))["total"] or NOTHING


def follow_refunds(payment: Payment) -> None:
    """A payment says what was given back of it, and that nothing is left."""
    total = _sum_completed_refunds(payment)
    status = Payment.Status.REFUNDED if total and total == payment.amount else payment.status
    # Both in one UPDATE: a constraint wants the status exactly when nothing is left.
    save_changes(payment, {"refunded_amount": total, "status": status})


def give_up_checkout(*, by: User | None, payment: Payment, now: datetime) -> Payment:
    """Money that is still to come online is not wanted any more. What comes nevertheless goes back by itself.

    Its provider has still to be told, between two transactions. Raises InvalidTransition.
    """
    if not (payment.provider and payment.status == Payment.Status.PENDING):
        raise InvalidTransition(payment, Payment.Status.FAILED)
    save_changes(payment, {"given_up_at": payment.given_up_at or now})
    return payment


def give_up_checkouts(
    *, visit: Appointment, now: datetime, needed: Decimal | None = None, but: Payment | None = None
) -> None:
    """Give up the open checkouts of a visit: those that ask for more than is still `needed`, None: all.

    Their provider is told after the commit.
    """
    # One that somebody holds is being settled in this moment: whoever waits for it here may hold what they need.
    others = list_open_checkouts(visit).order_by("id")
    if but is not None:
        others = others.exclude(pk=but.pk)
    rows = others.select_for_update(no_key=True, of=("self",), skip_locked=True)
    given_up = [row for row in rows if needed is None or row.amount - row.tip > needed]
    for row in given_up:
        save_changes(row, {"given_up_at": now})
    if given_up:
        provider_needed.send(sender=Payment, rows=given_up)


def list_open_checkouts(visit: Appointment) -> QuerySet[Payment]:
    """The payments on whose pages the client can still pay, and should."""
    pending = Payment.objects.filter(appointment=visit, status=Payment.Status.PENDING, given_up_at=None)
    return pending.exclude(provider="")


def give_up_needless_checkouts(
    visit: Appointment, *, paying: Decimal, now: datetime, but: Payment | None = None
) -> None:
    """Give up what nobody has to pay online any more once so much of the price is paid.

    Before that is saved: with its receipt number the transaction holds what it must lock last.
    """
    if list_open_checkouts(visit).exists():
        due, _ = balances.find_due_and_pending(visit)
        give_up_checkouts(visit=visit, now=now, needed=max(due - paying, NOTHING), but=but)
