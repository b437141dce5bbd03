"""Random visits, payments, tips, rounding, voids, refunds, checkouts given up and callbacks, on time and late.

After every step balances, reports and receipts' numbers agree with a plain sum over rows.
"""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appointments import booking
from appointments.models import Appointment
from appointments.periods import Period
from clientline.refusals import Refused
from payments import balances, callbacks, gateway, ledger, online, reports
from payments.bookkeeping.movements import list_movements
from payments.gateways.simulator import SimulatorGateway
from payments.models import Payment, Refund
from payments.remainders import find_remainder
from services.tests.factories import ServiceFactory

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
CENT = Decimal("0.01")
RECEIVED = ("completed", "refunded")
PRICES = st.decimals("0.01", "60.00", places=2)
TIPS = st.sampled_from([Decimal(0), Decimal(0), Decimal("0.01"), Decimal("3.00")])
ROUNDINGS = st.sampled_from([Decimal(0), Decimal(0), Decimal("0.02"), Decimal("-0.04")])  # in CHF, by less than 0.05
AMOUNTS = st.sampled_from([Decimal(amount) for amount in ("0.01", "4.99", "5.00", "10.00", "20.00")])
BEHAVIOURS = st.sampled_from(["delay", "decline", "time_out", "time_out_afterwards", ""])
PICK = st.integers(0, 1000)


def oracle_charge(visit):
    """The page's rule in Python, from one row."""
    if visit.status in ("scheduled", "completed"):
        return visit.price
    cutoff = max(
        visit.appointment_date - timedelta(minutes=visit.cancellation_notice),
        visit.created_at + timedelta(minutes=visit.cancellation_grace),
    )
    late = visit.status == "no_show" or (visit.cancelled_at > cutoff and visit.cancelled_on_behalf_of == "client")
    if visit.fee_waived or not late:
        return Decimal(0)
    percent = visit.no_show_fee if visit.status == "no_show" else visit.late_cancellation_fee
    return (visit.price * percent / 100).quantize(CENT, ROUND_HALF_UP)


class Till(RuleBasedStateMachine):
    """One organization's visits and their money; the database is rolled back after each run."""

    salon = None

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.simulator, self.callbacks = SimulatorGateway(), []
        home = self.salon.organization
        home.late_cancellation_fee, home.no_show_fee, home.cancellation_notice = Decimal("33.33"), Decimal(80), 60
        home.currency = "CHF"
        home.save()
        self.service = ServiceFactory(organization=home)
        self.visits = []

    def teardown(self):
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
        connection.queries_log.clear()

    def pick(self, rows, n):
        return rows[n % len(rows)]

    def payments(self):
        return Payment.objects.filter(appointment__in=self.visits).order_by("id")

    @initialize(price=PRICES, amount=AMOUNTS)
    def open_the_till(self, price, amount):
        """With a visit and a payment, so whatever picks one finds one."""
        self.book(price, 0, 3000)
        self.pay_online_at_once(0, amount)

    @rule(price=PRICES, hours=st.integers(-3, 3), ago=st.sampled_from([0, 15, 16, 3000]))
    def book(self, price, hours, ago):
        self.visits.append(
            booking.book(
                by=None,
                client=self.salon.client,
                staff=self.salon.staff,
                service=self.service,
                appointment_date=NOW + timedelta(hours=hours),
                price=price,
                overbook=True,
                now=NOW - timedelta(minutes=ago),
            )
        )

    @rule(
        n=PICK,
        how=st.sampled_from(["cancel", "complete", "mark_no_show"]),
        waive=st.booleans(),
        side=st.sampled_from(["organization", "client", None]),
    )
    def move(self, n, how, waive, side):
        visit = self.pick(self.visits, n)
        details = {} if how == "complete" else {"waive_fee": waive}
        if how == "cancel":
            details |= {"reason": "x", "on_behalf_of": side}
        self.attempt(getattr(booking, how), by=None, visit=visit, now=NOW, **details)

    @rule(
        n=PICK,
        amount=AMOUNTS,
        method=st.sampled_from(["cash", "card", "online", ""]),
        more=st.booleans(),
        tip=TIPS,
        rounding=ROUNDINGS,
        instead=st.booleans(),
    )
    def take(self, n, amount, method, more, tip, rounding, instead):
        tip = min(tip, amount)
        rounding = min(rounding, amount - tip) if method == "cash" else Decimal(0)
        self.pay(n, amount, method, more, tip=tip, rounding=rounding, give_up_open_checkouts=instead)

    @rule(n=PICK)
    def settle_less_than_a_coin(self, n):
        self.pay(n, Decimal(0), "cash", more=False, rounding=Decimal("-0.03"))

    def pay(self, n, amount, method, more, *, tip=Decimal(0), rounding=Decimal(0), give_up_open_checkouts=False):
        visit = self.pick(self.visits, n)
        status = "completed" if method == "cash" else "pending"
        open_ones = ledger.list_open_checkouts(visit) if give_up_open_checkouts else Payment.objects.none()
        pending = visit.payments.filter(status="pending", given_up_at=None).exclude(pk__in=open_ones.values("pk"))
        left = oracle_due(Appointment.objects.get(pk=visit.pk), self.payments()) - sum(map(price_of, pending))
        payment = self.attempt(
            ledger.record_payment,
            by=self.salon.staff,
            appointment=visit,
            amount=amount,
            tip=tip,
            rounding=rounding,
            payment_method=method,
            status=status,
            allow_overpayment=more,
            give_up_open_checkouts=give_up_open_checkouts,
            now=NOW,
        )
        assert (payment is not None) == (more or amount - tip - rounding <= left)
        if payment and payment.provider:
            online.note_answer(payment, online.ask_provider(payment), now=NOW)
            payment.refresh_from_db()
        return payment

    @rule(n=PICK, how=st.sampled_from([ledger.complete_payment, ledger.fail_payment]))
    def settle_by_hand(self, n, how):
        self.attempt(how, by=self.salon.staff, payment=self.pick(self.payments(), n), now=NOW)

    @rule(n=PICK)
    def void(self, n):
        payment = online.lock_payment(self.pick(self.payments(), n).pk)
        self.attempt(ledger.void_payment, by=self.salon.admin, payment=payment, reason="x", now=NOW)

    @rule(n=PICK)
    def give_up(self, n):
        """The provider is told when it is reconciled, perhaps after the client has paid."""
        pending = [payment for payment in self.payments() if payment.provider and payment.status == "pending"]
        if pending:
            payment = online.lock_payment(self.pick(pending, n).pk)
            ledger.give_up_checkout(by=self.salon.admin, payment=payment, now=NOW)

    @rule(n=PICK, outcome=st.sampled_from([gateway.COMPLETED, gateway.FAILED]), other=AMOUNTS | st.none())
    def the_client_pays_online(self, n, outcome, other):
        payment = self.pick(self.payments(), n)
        if payment.provider and self.simulator.describe(payment.reference)["outcome"] == gateway.PENDING:
            self.callbacks.append(self.simulator.finish(payment.reference, outcome, amount=other))

    @rule(n=PICK)
    def somebody_refunds_in_the_providers_pages(self, n):
        paid = [payment for payment in self.payments() if payment.provider and payment.settled_at]
        if paid and find_remainder(self.pick(paid, n)).money >= CENT:
            self.callbacks.append(self.simulator.refund_elsewhere(self.pick(paid, n).reference, CENT))
            callbacks.receive_callback("simulator", *self.callbacks[-1])

    @rule(n=PICK, amount=AMOUNTS)
    def pay_online_at_once(self, n, amount):
        payment = self.pay(n, amount, "online", more=True)
        self.callbacks.append(self.simulator.finish(payment.reference))
        callbacks.receive_callback("simulator", *self.callbacks[-1])

    @rule(n=PICK, amount=AMOUNTS | st.none(), behaviour=BEHAVIOURS)
    def refund(self, n, amount, behaviour):
        self.give_back(self.pick(self.payments(), n), amount, behaviour)

    @rule(n=PICK, amount=AMOUNTS | st.none(), behaviour=BEHAVIOURS)
    def refund_online(self, n, amount, behaviour):
        paid = [payment for payment in self.payments() if payment.provider and payment.settled_at]
        if paid:
            self.give_back(self.pick(paid, n), amount, behaviour)

    def give_back(self, payment, amount, behaviour):
        payment = online.lock_payment(payment.pk)
        refund = self.attempt(
            ledger.refund_payment, by=self.salon.admin, payment=payment, amount=amount, reason="x", now=NOW
        )
        if refund and refund.key:
            self.simulator.script("refund", behaviour)
            online.note_answer(refund, online.ask_provider(refund), now=NOW)

    @rule(n=PICK, outcome=st.sampled_from([gateway.COMPLETED, gateway.FAILED]))
    def the_bank_decides(self, n, outcome):
        known = [
            refund.key
            for refund in Refund.objects.filter(key__isnull=False, status="pending").select_related("payment")
            if self.simulator.look_up_refund(refund.key, refund.payment.reference)
        ]
        if known:
            self.callbacks.append(self.simulator.finish_refund(self.pick(known, n), outcome))

    @precondition(lambda self: self.callbacks)
    @rule(n=PICK)
    def a_callback_arrives(self, n):
        callbacks.receive_callback("simulator", *self.pick(self.callbacks, n))

    @rule()
    def reconcile(self):
        for payment in Payment.objects.filter(status="pending", given_up_at__isnull=False).exclude(provider=""):
            online.note_answer(payment, online.look_up(payment), now=NOW)
        for refund in Refund.objects.filter(key__isnull=False, status="pending").select_related("payment"):
            online.note_answer(refund, online.look_up(refund), now=NOW)

    def attempt(self, perform, **arguments):
        """The result, or None where it was refused."""
        try:
            return perform(**arguments)
        except Refused:
            return None

    @invariant()
    def everything_agrees(self):
        """The rows are read once for all that is said of them."""
        payments = list(self.payments().prefetch_related("refunds"))
        check_balances(self.visits, payments)
        check_payments(payments)
        check_the_provider(self.simulator, payments)
        check_receipts(payments)
        check_the_report(self.salon.organization, payments)


def check_balances(visits, payments):
    found = balances.add_balance(Appointment.objects.filter(pk__in=[visit.pk for visit in visits]))
    for visit in found:
        assert (visit.charge, visit.due) == (oracle_charge(visit), oracle_due(visit, payments))


def check_payments(payments):
    for payment in payments:
        refunds = {status: Decimal(0) for status in Refund.Status}
        for refund in payment.refunds.all():
            refunds[refund.status] += refund.amount
        assert refunds["pending"] + refunds["completed"] <= payment.amount
        assert payment.refunded_amount == refunds["completed"]
        assert (payment.status == "refunded") == (payment.refunded_amount == payment.amount > 0)
        if payment.given_up_at and payment.status == "completed":
            check_what_was_given_up(payment)


def check_what_was_given_up(payment):
    """It brings nothing: all of it is on its way back, or the way back failed."""
    under_way = [refund for refund in payment.refunds.all() if refund.status != "failed"]
    failed = [refund for refund in payment.refunds.all() if refund.status == "failed" and refund.automatic]
    assert sum(refund.amount for refund in under_way) == payment.amount or failed


def check_the_provider(simulator, payments):
    """It never gave back more than the ledger allows."""
    for payment in payments:
        if payment.provider and payment.status in RECEIVED:
            assert simulator.sum_refunded(payment.reference) <= payment.amount


def check_the_report(organization, payments):
    """It is the sum over rows, and so are the movements."""
    payments = [payment for payment in payments if payment.status in RECEIVED]
    refunds = [each for payment in payments for each in payment.refunds.all() if each.status == "completed"]
    taken, refunded = (sum(map(price_of, rows), Decimal(0)) for rows in (payments, refunds))
    tips, rounding = (
        sum(getattr(row, name) for row in payments) - sum(getattr(row, name) for row in refunds)
        for name in ("tip", "rounding")
    )
    until = timezone.now().date() + timedelta(days=1)  # callbacks are of this moment
    total = reports.report_revenue(Period(organization, NOW.date(), until, "payment_method"))["total"]
    figures = {"taken": taken, "refunded": refunded, "net": taken - refunded, "tips": tips, "rounding": rounding}
    assert total == figures
    period = Period(organization, NOW.date(), until, "staff")
    assert reports.report_revenue(period)["total"] == figures
    assert sum_movements(period) == {name: figures[name] for name in ("taken", "refunded", "tips", "rounding")}


def sum_movements(period):
    sums = dict.fromkeys(("taken", "refunded", "tips", "rounding"), Decimal(0))
    for line in list_movements(period):
        part = {"settled": "taken", "voided": "taken", "tip": "tips"}.get(line.kind, line.kind)
        sums[part] += -line.amount if part == "refunded" else line.amount
    return sums


def check_receipts(payments):
    """Their numbers have no gaps."""
    rows = [*payments, *(refund for payment in payments for refund in payment.refunds.all())]
    numbers = sorted(row.receipt_number for row in rows if row.settled_at)
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(row.receipt_number is None for row in rows if not row.settled_at)


def price_of(row):
    return row.amount - row.tip - row.rounding


def oracle_due(visit, payments):
    due = oracle_charge(visit)
    for payment in payments:
        if payment.appointment_id == visit.pk:
            due -= price_of(payment) if payment.status in RECEIVED else 0
            due += sum(price_of(each) for each in payment.refunds.all() if each.status in ("pending", "completed"))
    return due


# By each step of its own: test_ledger.py, test_checkouts.py, test_voids.py and test_counter_money.py.
@pytest.mark.whole
def test_the_books_agree_with_the_rows_whatever_happens(salon):
    Till.salon = salon
    run_state_machine_as_test(
        Till,
        settings=settings(
            phases=[Phase.generate],  # a shorter failure is not worth minutes of the suite
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
