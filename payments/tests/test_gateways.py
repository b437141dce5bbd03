"""One contract for all providers: the simulator, Stripe's SDK over a stand-in, and Stripe where there is a key."""

import os
from decimal import Decimal
from uuid import uuid4

import pytest

from payments.gateway import COMPLETED, FAILED, PAYMENT, PENDING, REFUND, BadSignature, Declined, NoAnswer, Request
from payments.gateways.simulator import SimulatorGateway
from payments.gateways.stripe import StripeGateway
from payments.tests.stripe_stand_in import StandIn, serving, webhook

SECRET = "whsec_test"


class Simulated:
    """How a test plays the client's part with the simulator."""

    def __init__(self):
        self.gateway = SimulatorGateway()

    def paid(self, request):
        reference = self.gateway.begin(request).reference
        self.gateway.finish(reference)
        return reference

    def callback(self, request):
        return self.gateway.finish(self.gateway.begin(request).reference)

    def refund_callback(self, request, reference):
        self.gateway.refund(request, reference)
        return self.gateway.finish_refund(request.key)

    def fall_silent(self):
        self.gateway.script("begin", "time_out")
        self.gateway.script("refund", "time_out")


class StoodIn:
    """… and with the stand-in for Stripe."""

    def __init__(self, stand_in):
        self.gateway, self.stand_in = StripeGateway(), stand_in

    def paid(self, request):
        reference = self.gateway.begin(request).reference
        self.stand_in.pay(reference)
        return reference

    def callback(self, request):
        reference = self.paid(request)
        return webhook(SECRET, "checkout.session.completed", self.stand_in.sessions[reference])

    def refund_callback(self, request, reference):
        answer = self.gateway.refund(request, reference)
        return webhook(SECRET, "refund.updated", self.stand_in.refunds[answer.reference])

    def fall_silent(self):
        self.stand_in.broken = True


class Real:
    """… and with Stripe's test mode, where a PaymentIntent can be paid without a browser."""

    def __init__(self):
        self.gateway = StripeGateway()

    def paid(self, request):
        intent = self.gateway.api.payment_intents.create(
            {
                "amount": int(request.amount * 100),
                "currency": request.currency.lower(),
                "payment_method": "pm_card_visa",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        return intent.id

    def callback(self, request):
        pytest.skip("Stripe's webhooks do not reach a test")

    refund_callback = fall_silent = callback


@pytest.fixture(params=["simulator", "stand-in", "stripe"])
def provider(request, settings):
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    if request.param == "simulator":
        yield Simulated()
    elif request.param == "stand-in":
        stand_in = StandIn()
        with serving(stand_in) as settings.STRIPE_API_URL:
            settings.STRIPE_SECRET_KEY = "sk_test_stand_in"
            yield StoodIn(stand_in)
    else:
        settings.STRIPE_SECRET_KEY = os.environ.get("STRIPE_TEST_KEY")
        if not settings.STRIPE_SECRET_KEY:
            pytest.skip("STRIPE_TEST_KEY is not set")
        yield Real()


def request_of(amount, currency="EUR", key=None):
    return Request(key or uuid4(), Decimal(amount), currency, "Haircut")


def test_a_payment_begins_with_a_page_and_is_pending(provider):
    answer = provider.gateway.begin(request_of("45.00"))
    assert answer.reference
    assert answer.url.startswith("http")
    assert answer.outcome == PENDING
    assert provider.gateway.look_up(answer.reference).outcome == PENDING


def test_the_same_key_again_is_the_same_payment(provider):
    request = request_of("45.00")
    assert provider.gateway.begin(request) == provider.gateway.begin(request)
    assert provider.gateway.begin(request_of("45.00")).reference != provider.gateway.begin(request).reference


def test_a_paid_payment_is_looked_up_as_completed(provider):
    assert provider.gateway.look_up(provider.paid(request_of("45.00"))).outcome == COMPLETED


def test_refunds_in_parts_never_exceed_the_payment(provider):
    reference = provider.paid(request_of("45.00"))
    for amount in ("20.00", "25.00"):
        assert provider.gateway.refund(request_of(amount), reference).outcome == COMPLETED
    with pytest.raises(Declined):
        provider.gateway.refund(request_of("1.00"), reference)


def test_a_refund_with_the_same_key_happens_once(provider):
    reference = provider.paid(request_of("45.00"))
    request = request_of("30.00")
    assert provider.gateway.refund(request, reference) == provider.gateway.refund(request, reference)
    assert provider.gateway.refund(request_of("15.00"), reference).outcome == COMPLETED


def test_what_was_not_paid_is_not_refunded(provider):
    reference = provider.gateway.begin(request_of("45.00")).reference
    with pytest.raises(Declined):
        provider.gateway.refund(request_of("1.00"), reference)


def test_a_refund_is_found_by_its_key_or_not_at_all(provider):
    reference = provider.paid(request_of("45.00"))
    request = request_of("10.00")
    assert provider.gateway.look_up_refund(request.key, reference) is None
    answer = provider.gateway.refund(request, reference)
    assert provider.gateway.look_up_refund(request.key, reference) == answer


def test_a_silent_provider_is_no_refusal(provider):
    reference = provider.paid(request_of("45.00"))
    provider.fall_silent()
    with pytest.raises(NoAnswer):
        provider.gateway.begin(request_of("1.00"))
    with pytest.raises(NoAnswer):
        provider.gateway.refund(request_of("1.00"), reference)


def test_a_callback_names_the_key_and_the_outcome(provider):
    request = request_of("45.00")
    event = provider.gateway.read_event(*provider.callback(request))
    assert (event.kind, event.key, event.answer.outcome) == (PAYMENT, request.key, COMPLETED)
    assert event.answer.reference


def test_a_callback_of_a_refund_names_its_key(provider):
    reference = provider.paid(request_of("45.00"))
    request = request_of("5.00")
    event = provider.gateway.read_event(*provider.refund_callback(request, reference))
    assert (event.kind, event.key, event.answer.outcome) == (REFUND, request.key, COMPLETED)


def test_a_changed_or_unsigned_callback_is_nobodys(provider):
    body, headers = provider.callback(request_of("45.00"))
    for forged in ((body + b" ", headers), (body, {}), (body, {name: "x" for name in headers})):
        with pytest.raises(BadSignature):
            provider.gateway.read_event(*forged)


def test_the_simulator_closes_pages_takes_another_amount_and_tells_of_refunds_made_elsewhere():
    """What test_checkouts.py asks of it in make test-all."""
    simulator, requests = SimulatorGateway(), [request_of("45.00") for _ in range(2)]
    closed, paid = (simulator.begin(request).reference for request in requests)
    simulator.script("expire", "time_out")
    with pytest.raises(NoAnswer):
        simulator.expire(closed)
    assert simulator.describe(closed)["outcome"] == PENDING
    assert simulator.expire(closed).outcome == simulator.look_up(closed).outcome == FAILED
    answer = simulator.read_event(*simulator.finish(paid, amount="40.00")).answer
    assert (answer.outcome, answer.amount) == (COMPLETED, Decimal("40.00"))
    told = simulator.read_event(*simulator.refund_elsewhere(paid, "10.00"))
    assert (told.kind, told.key, told.payment, told.answer.amount) == (REFUND, None, requests[1].key, Decimal("10.00"))
    assert simulator.list_refunds(None, lambda references: []) == [told]
    assert simulator.list_refunds(None, lambda references: references) == []
    assert simulator.sum_refunded(paid) == Decimal("10.00")


def stripe_gateway(settings, secret=SECRET):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_stand_in", secret
    return StripeGateway()


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("45.00", "EUR", 4500),
        ("4500.00", "JPY", 4500),
        ("45.00", "ISK", 4500),
        ("0.29", "USD", 29),
        ("4500.00", "MGA", 4500),
    ],
)
def test_stripe_gets_amounts_in_its_own_smallest_units(settings, amount, currency, units):
    stand_in = StandIn()
    with serving(stand_in) as settings.STRIPE_API_URL:
        stripe_gateway(settings).begin(request_of(amount, currency))
    [session] = stand_in.sessions.values()
    assert (session["amount_total"], session["currency"]) == (units, currency.lower())


def test_stripe_is_not_asked_for_another_amount_than_is_recorded(settings):
    stand_in = StandIn()
    with serving(stand_in) as settings.STRIPE_API_URL, pytest.raises(Declined, match=r"^Stripe has no 10.50 MGA$"):
        stripe_gateway(settings).begin(request_of("10.50", "MGA"))
    assert stand_in.sessions == {}


def test_without_a_secret_no_webhook_of_stripe_is_believed(settings):
    session = {"id": "cs_1", "object": "checkout.session", "metadata": {"clientline_key": str(uuid4())}}
    with pytest.raises(BadSignature):
        stripe_gateway(settings, "").read_event(*webhook("", "checkout.session.completed", session))


@pytest.mark.parametrize(
    ("kind", "changes", "outcome"),
    [
        ("checkout.session.completed", {"status": "complete", "payment_status": "paid"}, COMPLETED),
        ("checkout.session.completed", {"status": "complete"}, PENDING),
        ("checkout.session.async_payment_succeeded", {"status": "complete", "payment_status": "paid"}, COMPLETED),
        ("checkout.session.async_payment_failed", {"status": "complete"}, FAILED),
        ("checkout.session.expired", {"status": "expired"}, FAILED),
    ],
)
def test_what_stripes_webhooks_mean(settings, kind, changes, outcome):
    key = uuid4()
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "metadata": {"clientline_key": str(key)},
        "payment_intent": "pi_1",
        "payment_status": "unpaid",
        "status": "open",
    }
    event = stripe_gateway(settings).read_event(*webhook(SECRET, kind, session | changes))
    assert (event.kind, event.key, event.answer.outcome) == (PAYMENT, key, outcome)


def test_webhooks_about_other_things_say_nothing(settings):
    gateway = stripe_gateway(settings)
    for row in (
        {"id": "cus_1", "object": "customer"},
        {"id": "cs_1", "object": "checkout.session", "metadata": {}},
        {"id": "in_1", "object": "invoice", "metadata": {"clientline_key": str(uuid4())}},
    ):
        assert gateway.read_event(*webhook(SECRET, "some.event", row)) is None


def test_a_bank_debit_that_failed_later_is_looked_up_as_failed(settings):
    stand_in = StandIn()
    with serving(stand_in) as settings.STRIPE_API_URL:
        gateway = stripe_gateway(settings)
        reference = gateway.begin(request_of("45.00")).reference
        stand_in.pay(reference)
        stand_in.sessions[reference]["payment_status"] = "unpaid"
        stand_in.intents["pi_1"]["status"] = "processing"
        assert gateway.look_up(reference).outcome == PENDING
        stand_in.intents["pi_1"]["status"] = "requires_payment_method"
        assert gateway.look_up(reference).outcome == FAILED
