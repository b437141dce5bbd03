"""Stripe, through its official SDK: Checkout takes the money, refunds give it back, signed webhooks tell of both.

A payment's reference is a Checkout session, or a PaymentIntent that was made elsewhere.
"""

from contextlib import contextmanager
from decimal import Decimal
from uuid import UUID

import stripe
from django.conf import settings

from clientline.currencies import in_stripe_units
from payments.gateway import (
    COMPLETED,
    FAILED,
    PAYMENT,
    PENDING,
    REFUND,
    Answer,
    BadSignature,
    Declined,
    Event,
    NoAnswer,
)

TIMEOUT = 10  # seconds
KEY = "clientline_key"
REFUND_OUTCOMES = {"succeeded": COMPLETED, "failed": FAILED, "canceled": FAILED}


def _count_smallest_units(amount: Decimal, currency: str) -> int:
    """Raises Declined for half of one, as the ledger refused it: an older row may still hold it."""
    units = in_stripe_units(amount, currency)
    if units % 1:
        raise Declined(f"Stripe has no {amount} {currency}")
    return int(units)


@contextmanager
def _translate_errors(*refusals):
    """Stripe's errors as ours: `refusals` are a no, all others leave open whether something was done."""
    try:
        yield
    except refusals as error:
        raise Declined(error.user_message or error.code) from error
    except stripe.StripeError as error:
        raise NoAnswer(str(error)) from error


class StripeGateway:
    """The contract of `payments.gateway.Gateway`."""

    def __init__(self):
        self.api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_URL},
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=1,
        ).v1

    def begin(self, request):
        item = {
            "quantity": 1,
            "price_data": {
                "currency": request.currency.lower(),
                "unit_amount": _count_smallest_units(request.amount, request.currency),
                "product_data": {"name": request.description},
            },
        }
        params = {
            "mode": "payment",
            "line_items": [item],
            "metadata": {KEY: str(request.key)},
            "success_url": f"{settings.PUBLIC_URL}/payments/thanks",
        }
        with _translate_errors(stripe.InvalidRequestError, stripe.CardError):
            session = self.api.checkout.sessions.create(params, {"idempotency_key": str(request.key)})
        return _read_session(session)

    def look_up(self, reference):
        with _translate_errors():
            if reference.startswith("pi_"):
                return _read_intent(self.api.payment_intents.retrieve(reference))
            return _read_session(self.api.checkout.sessions.retrieve(reference, {"expand": ["payment_intent"]}))

    def refund(self, request, reference):
        params = {
            "payment_intent": self.find_intent(reference),
            "amount": _count_smallest_units(request.amount, request.currency),
            "metadata": {KEY: str(request.key)},
        }
        with _translate_errors(stripe.InvalidRequestError, stripe.CardError):
            return _read_refund(self.api.refunds.create(params, {"idempotency_key": str(request.key)}))

    def look_up_refund(self, key, reference):
        with _translate_errors():
            refunds = self.api.refunds.list({"payment_intent": self.find_intent(reference), "limit": 100})
            found = [each for each in refunds.auto_paging_iter() if _read_key(each) == str(key)]
        return _read_refund(found[0]) if found else None

    def find_intent(self, reference):
        """The id of the PaymentIntent behind a payment, which alone can be refunded."""
        if reference.startswith("pi_"):
            return reference
        with _translate_errors():
            intent = self.api.checkout.sessions.retrieve(reference).payment_intent
        if intent is None:
            raise Declined("nothing was paid")
        return intent

    def read_event(self, body, headers):
        # With an empty secret everybody could sign.
        if not settings.STRIPE_WEBHOOK_SECRET:
            raise BadSignature
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadSignature from error
        return _read_webhook(event)


def _read_webhook(event):
    """The Event a webhook is about, or None."""
    row = event.data.object
    key = _read_key(row)
    if key is None:
        return None
    if row.object == "checkout.session":
        answer = _read_session(row)
        if event.type == "checkout.session.async_payment_failed":
            answer = Answer(answer.reference, FAILED)
        return Event(PAYMENT, UUID(key), answer)
    return Event(REFUND, UUID(key), _read_refund(row)) if row.object == "refund" else None


def _read_key(row):
    metadata = getattr(row, "metadata", None)
    return getattr(metadata, KEY, None) if metadata else None


def _read_session(session):
    return Answer(session.id, _read_session_outcome(session), getattr(session, "url", None) or "")


def _read_session_outcome(session):
    if session.payment_status == "paid":
        return COMPLETED
    if session.status == "expired":
        return FAILED
    # A bank debit fails days after the page was left; only the intent, where it was asked for, says so.
    intent = session.payment_intent
    left = session.status == "complete" and not isinstance(intent, (str, type(None)))
    return FAILED if left and intent.status in ("requires_payment_method", "canceled") else PENDING


def _read_intent(intent):
    outcomes = {"succeeded": COMPLETED, "canceled": FAILED}
    return Answer(intent.id, outcomes.get(intent.status, PENDING))


def _read_refund(refund):
    return Answer(refund.id, REFUND_OUTCOMES.get(refund.status, PENDING))
