"""The demo's payments: most visits are paid, a few late, twice tried, in parts, in advance, or given back."""

from datetime import timedelta
from decimal import Decimal

from appointments.lateness import is_cancelled_late
from appointments.models import Appointment
from payments.models import Payment, Refund

Method, Status = Payment.Method, Payment.Status
PREPAID = 0.06  # share of the visits
FEES_PAID = 0.5  # share of the fees
WAYS = {"paid": 870, "unpaid": 40, "pending": 25, "retried": 20, "in_parts": 20, "refunded": 10, "partly_refunded": 15}
TIPPED = 0.12  # share of what is paid by cash or card
TIP = Decimal("0.05")  # of the price
METHODS = {Method.CARD: 50, Method.CASH: 35, Method.ONLINE: 15}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def draw_payments(rng, visit, place, *, now):
    """The unsaved payments of a saved visit."""
    payments = pay(rng, visit, place, now) if visit.price else []
    for payment in payments:
        if payment.payment_method == Method.ONLINE:
            payment.reference = f"demo_{rng.getrandbits(64):016x}"
    return payments


def pay(rng, visit, place, now):
    due = charge(visit, place)
    if rng.random() < PREPAID:
        return [_prepay(visit, given_back=visit.price - due)]
    if visit.status == Appointment.Status.SCHEDULED or not due:
        return []
    if visit.status != Appointment.Status.COMPLETED and rng.random() > FEES_PAID:
        return []
    at = min((visit.cancelled_at or visit.ends_at) + rng.randrange(15) * MINUTE, now)
    return settle(rng, visit, due, place, at)


def charge(visit, place):
    """What is to be paid: the price, or the fee of a visit that did not take place."""
    if visit.status in (Appointment.Status.SCHEDULED, Appointment.Status.COMPLETED):
        return visit.price
    if visit.status == Appointment.Status.NO_SHOW:
        return place.round_amount(visit.price * visit.no_show_fee / 100)
    late = is_cancelled_late(visit) and not visit.fee_waived
    return place.round_amount(visit.price * visit.late_cancellation_fee / 100) if late else Decimal(0)


def _prepay(visit, given_back):
    at = visit.created_at + 2 * MINUTE
    return _make_payment(visit, visit.price, at, method=Method.ONLINE, by=visit.client_id, given_back=given_back)


def settle(rng, visit, due, place, at):
    [way] = rng.choices(list(WAYS), WAYS.values())
    [method] = rng.choices(list(METHODS), METHODS.values())
    half = place.round_amount(due / 2)
    match way:
        case "unpaid":
            return []
        case "pending":
            return [_make_payment(visit, due, at, method=method, status=Status.PENDING)]
        case "retried":
            failed = _make_payment(visit, due, at - 2 * MINUTE, method=Method.CARD, status=Status.FAILED)
            return [failed, _make_payment(visit, due, at, method=method)]
        case "in_parts":
            return [
                _make_payment(visit, half, at, method=method),
                _make_payment(visit, due - half, at, method=Method.CASH),
            ]
    if way == "paid" and method != Method.ONLINE and rng.random() < TIPPED:
        return [_make_payment(visit, due, at, method=method, tip=place.round_amount(due * TIP))]
    given_back = {"refunded": due, "partly_refunded": half}.get(way, 0)
    return [_make_payment(visit, due, at, method=method, given_back=given_back)]


def _make_payment(visit, amount, at, *, method, status=Status.COMPLETED, given_back=0, by=None, tip=0):
    """A payment that ends at the moment `at`, the tip on top; an online one was begun a minute before."""
    return Payment(
        organization_id=visit.organization_id,
        appointment_id=visit.pk,
        amount=amount + tip,
        tip=tip,
        payment_method=method,
        status=Status.REFUNDED if given_back == amount else status,
        refunded_amount=given_back,
        settled_at=at if status == Status.COMPLETED else None,
        created_by_id=by or visit.staff_id,
        created_at=at - MINUTE if method == Method.ONLINE else at,
    )


def make_refunds(payments, *, now):
    """The unsaved refunds of saved payments, each a day later."""
    return [
        Refund(
            organization_id=payment.organization_id,
            payment_id=payment.pk,
            amount=payment.refunded_amount,
            reason="Goodwill",
            status=Refund.Status.COMPLETED,
            settled_at=min(payment.settled_at + DAY, now),
            created_by_id=payment.created_by_id,
            created_at=min(payment.settled_at + DAY, now),
        )
        for payment in payments
        if payment.refunded_amount
    ]
