"""Checkouts that are given up, money that comes all the same, another amount than was asked, refunds made elsewhere."""

import time
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory, days_ahead
from payments import balances, callbacks, gateway, online
from payments.gateways.stripe import StripeGateway
from payments.invariants import INVARIANTS
from payments.models import Payment, Refund
from payments.tests.stripe_stand_in import StandIn, serving, webhook
from payments.tests.test_gateways import SECRET, request_of


class Simulated:
    """The client's and the provider's part, played with the simulator."""

    name = "simulator"

    def __init__(self, simulator):
        self.simulator = simulator

    def fall_silent(self):
        self.simulator.script("expire", "time_out")

    def pay(self, payment, amount=None):
        callbacks.receive_callback(self.name, *self.simulator.finish(payment["reference"], amount=amount))

    def give_back(self, payment, amount):
        return self.simulator.refund_elsewhere(payment["reference"], amount)

    def is_open(self, payment):
        return self.simulator.describe(payment["reference"])["outcome"] == gateway.PENDING

    def sum_given_back(self, payment):
        return self.simulator.sum_refunded(payment["reference"])


class StoodIn:
    """… and with the stand-in for Stripe."""

    name = "stripe"

    def __init__(self, stand_in):
        self.stand_in = stand_in

    def fall_silent(self):
        self.stand_in.deaf = True

    def pay(self, payment, amount=None):
        self.stand_in.pay(payment["reference"], amount and int(Decimal(amount) * 100))
        session = self.stand_in.sessions[payment["reference"]]
        callbacks.receive_callback(self.name, *webhook(SECRET, "checkout.session.completed", session))

    def give_back(self, payment, amount):
        intent = self.stand_in.sessions[payment["reference"]]["payment_intent"]
        _, refund = self.stand_in.create_refund({"payment_intent": intent, "amount": int(Decimal(amount) * 100)})
        return webhook(SECRET, "refund.created", refund)

    def is_open(self, payment):
        return self.stand_in.sessions[payment["reference"]]["status"] == "open"

    def sum_given_back(self, payment):
        return Decimal(sum(each["amount"] for each in self.stand_in.refunds.values())) / 100


# Both do the same by one contract, which test_gateways.py asks of each: make test plays the dearer one's part.
@pytest.fixture(params=[pytest.param("simulator", marks=pytest.mark.whole), "stand-in"])
def provider(request, settings, simulator):
    if request.param == "simulator":
        yield Simulated(simulator)
        return
    stand_in = StandIn()
    settings.PAYMENT_PROVIDER, settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "stripe", "sk_test", SECRET
    with serving(stand_in) as settings.STRIPE_API_URL:
        yield StoodIn(stand_in)


@pytest.fixture
def visit(salon):
    """A visit of 45.00, two weeks ahead."""
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return AppointmentFactory(appointment_date=days_ahead(14), **people)


@pytest.fixture
def opened(api, salon, visit, provider):
    """Its checkout, as the API answers it."""
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online"}
    answer = api(salon.staff).post("/payments", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What a request does after its commit is done at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def shown(api, salon, payment):
    return api(salon.staff).get(f"/payments/{payment['id']}").json()


def due(visit):
    return str(balances.find_balance(visit)["due"])


def pay_cash(api, salon, visit, **more):
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "cash", "status": "completed"}
    return api(salon.staff).post("/payments", body | more)


@pytest.mark.sweep
def test_one_step_gives_the_checkout_up_and_takes_cash(api, salon, visit, provider, opened, committed):
    assert pay_cash(api, salon, visit).json()["code"] == "overpayment"
    with committed():
        assert pay_cash(api, salon, visit, give_up_open_checkouts=True).status_code == 201
    assert not provider.is_open(opened)
    assert (shown(api, salon, opened)["status"], due(visit)) == ("failed", "0.00")


@pytest.mark.sweep
def test_a_checkout_that_is_given_up_takes_nothing(api, salon, visit, provider, opened):
    answer = api(salon.staff).post(f"/payments/{opened['id']}/give-up")
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert answer.json()["given_up_at"] is not None
    assert not provider.is_open(opened)
    again = api(salon.staff).post(f"/payments/{opened['id']}/give-up")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")


@pytest.mark.sweep
def test_only_open_checkouts_are_given_up_and_by_whom_they_are_in_reach(api, salon, clinic, visit, opened):
    for caller, status in ((salon.client, 403), (salon.colleague, 404), (clinic.admin, 404)):
        assert api(caller).post(f"/payments/{opened['id']}/give-up").status_code == status
    assert api(salon.admin).post(f"/payments/{salon.payment.pk}/give-up").json()["code"] == "invalid_transition"


def test_cancelling_in_time_closes_the_page(api, salon, visit, provider, opened, committed):
    with committed():
        assert api(salon.client).post(f"/appointments/{visit.pk}/cancel", {}).status_code == 200
    assert not provider.is_open(opened)
    assert shown(api, salon, opened)["status"] == "failed"


def test_paying_otherwise_closes_the_page_only_when_nothing_like_it_is_due(api, salon, visit, provider, committed):
    staff = api(salon.staff)
    body = {"appointment": visit.pk, "payment_method": "online"}
    parts = ({"amount": "23.00", "tip": "3.00"}, {"amount": "25.00"})  # the tip pays for nothing that could be paid
    half, rest = (staff.post("/payments", body | part).json() for part in parts)
    with committed():
        assert pay_cash(api, salon, visit, amount="25.00", allow_overpayment=True).status_code == 201
    assert (provider.is_open(half), provider.is_open(rest)) == (True, False)


@pytest.mark.sweep
def test_money_that_comes_all_the_same_goes_back_by_itself(api, salon, visit, provider, opened, committed):
    provider.fall_silent()
    with committed():
        api(salon.client).post(f"/appointments/{visit.pk}/cancel", {})
    assert shown(api, salon, opened)["status"] == "pending"
    for _ in range(2):
        with committed():
            provider.pay(opened)
    assert (shown(api, salon, opened)["status"], due(visit)) == ("refunded", "0.00")
    [refund] = api(salon.staff).get(f"/payments/{opened['id']}/refunds").json()["results"]
    assert (refund["amount"], refund["automatic"], refund["status"]) == ("45.00", True, "completed")
    assert (shown(api, salon, opened)["receipt_number"], refund["receipt_number"]) == (1, 2)
    assert provider.sum_given_back(opened) == 45


@pytest.mark.sweep
def test_money_that_comes_after_a_failure_goes_back_too(api, salon, visit, provider, opened, committed):
    Payment.objects.filter(pk=opened["id"]).update(status="failed")
    with committed():
        provider.pay(opened)
    assert (shown(api, salon, opened)["status"], due(visit)) == ("refunded", "45.00")


def test_reconciling_closes_what_nobody_could_close(api, salon, visit, provider, opened, committed):
    provider.fall_silent()
    with committed():
        api(salon.client).post(f"/appointments/{visit.pk}/cancel", {})
    assert provider.is_open(opened)
    if provider.name == "stripe":
        provider.stand_in.deaf = False
    call_command("reconcile_payments", older_than=0, stdout=StringIO())
    assert not provider.is_open(opened)
    assert shown(api, salon, opened)["status"] == "failed"


@pytest.mark.parametrize(
    ("amount", "left"), [("40.00", "5.00"), pytest.param("50.00", "-5.00", marks=pytest.mark.whole)]
)
def test_another_amount_is_recorded_as_what_it_is_and_found(api, salon, visit, provider, opened, amount, left):
    [invariant] = [each for each in INVARIANTS if each.name == "payment_is_what_was_asked_for"]
    assert invariant.find_offenders()[0] == 0
    for _ in range(2):
        provider.pay(opened, amount)
    assert (shown(api, salon, opened)["status"], due(visit)) == ("failed", left)
    came = Payment.objects.get(instead_of=opened["id"])
    assert (str(came.amount), came.status, came.reference) == (amount, "completed", opened["reference"])
    assert invariant.find_offenders() == (1, [came.pk])


def test_a_refund_in_the_providers_own_pages_becomes_a_row_once(api, salon, visit, provider, opened):
    provider.pay(opened)
    callback = provider.give_back(opened, "10.00")
    for _ in range(2):
        callbacks.receive_callback(provider.name, *callback)
    [refund] = Refund.objects.filter(payment=opened["id"])
    assert (str(refund.amount), refund.status, refund.receipt_number) == ("10.00", "completed", 2)
    assert (shown(api, salon, opened)["refunded_amount"], due(visit)) == ("10.00", "10.00")


def test_reconciling_finds_refunds_made_elsewhere_of_which_no_callback_told(api, salon, visit, provider, opened):
    provider.pay(opened)
    provider.give_back(opened, "10.00")
    told = [StringIO(), StringIO()]
    for out in told:
        call_command("reconcile_payments", stdout=out)
    assert [out.getvalue() for out in told] == [
        "Settled 0 payments and 0 refunds. Found 1 made in the provider's own pages.\n",
        "Settled 0 payments and 0 refunds.\n",
    ]
    [refund] = Refund.objects.filter(payment=opened["id"])
    assert (str(refund.amount), refund.status, due(visit)) == ("10.00", "completed", "10.00")


def test_a_provider_that_is_silent_about_refunds_stops_no_reconciling(settings, opened, provider):
    if provider.name == "stripe":
        provider.stand_in.broken = True
        assert online.find_foreign_refunds(since=timezone.now(), now=timezone.now()) == 0
    settings.PAYMENT_PROVIDER = ""
    assert online.find_foreign_refunds(since=timezone.now(), now=timezone.now()) == 0


def test_of_another_amount_the_refund_is_the_one_that_came(provider, opened):
    provider.pay(opened, "40.00")
    callbacks.receive_callback(provider.name, *provider.give_back(opened, "40.00"))
    assert Refund.objects.get().payment.instead_of_id == opened["id"]
    assert Payment.objects.get(instead_of=opened["id"]).status == "refunded"


def test_a_tip_comes_after_the_price(salon, visit, simulator):
    payment = Payment.objects.create(
        organization=salon.organization, appointment=visit, amount="50.00", tip="5.00", payment_method="online",
        provider="simulator", key=request_of("50.00").key,
    )  # fmt: skip
    online.note_answer(payment, gateway.Answer("sim_1", gateway.COMPLETED, "", Decimal("47.00")), now=timezone.now())
    came = Payment.objects.get(instead_of=payment)
    assert (str(came.amount), str(came.tip)) == ("47.00", "2.00")


@pytest.fixture
def busy(settings, monkeypatch):
    """A stand-in for Stripe that can be busy, and the waits of who asks it, which take no time."""
    stand_in, settings.STRIPE_SECRET_KEY = StandIn(), "sk_test"
    monkeypatch.setattr(time, "sleep", stand_in.waits.append)
    with serving(stand_in) as settings.STRIPE_API_URL:
        yield stand_in


@pytest.mark.parametrize("waits", [[1], [0, 1]])
def test_stripe_is_asked_again_when_it_says(busy, waits):
    busy.busy = list(waits)
    assert StripeGateway().begin(request_of("45.00")).reference == "cs_1"
    assert (busy.waits, busy.asked) == (waits, len(waits) + 1)


def test_nobody_waits_longer_than_is_worth_it(busy):
    busy.busy = [3600]
    with pytest.raises(gateway.NoAnswer):
        StripeGateway().begin(request_of("45.00"))
    assert (busy.waits, busy.asked) == ([], 1)
