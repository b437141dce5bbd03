"""Stripe, through its official SDK: Checkout takes the money, refunds give it back, signed webhooks tell of both.

A payment's reference is a Checkout session, or a PaymentIntent that was made elsewhere.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from clientline.currencies import count_stripe_units, read_stripe_units
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
    FindKnown,
    NoAnswer,
    Request,
)

TIMEOUT = 10  # seconds for one answer
PATIENCE = 10  # seconds in which it is asked again
FIRST_WAIT = 0.5  # seconds, where it says nothing
KEY = "clientline_key"
REFUND_OUTCOMES = {"succeeded": COMPLETED, "failed": FAILED, "canceled": FAILED}


def _count_smallest_units(amount: Decimal, currency: str) -> int:
    """Raises Declined for half of one, as the ledger refused it: an older row may still hold it."""
    units = count_stripe_units(amount, currency)
    if units % 1:
        raise Declined(f"Stripe has no {amount} {currency}")
    return int(units)


@contextmanager
def _translate_errors(*refusals: type[stripe.StripeError]) -> Iterator[None]:
    """Stripe's errors as ours: `refusals` are a no, all others leave open whether something was done."""
    try:
        yield
    except refusals as error:
        raise Declined(error.user_message or error.code) from error
    except stripe.StripeError as error:
        raise NoAnswer(str(error)) from error


class StripeGateway:
    """The contract of `payments.gateway.Gateway`."""

    def __init__(self) -> None:
        self.api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_URL},
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=0,  # it never reads Retry-After: `_ask` waits instead
        ).v1

    def begin(self, request: Request) -> Answer:
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
            session = _ask(self.api.checkout.sessions.create, params, {"idempotency_key": str(request.key)})
        return _read_session(session)

    def look_up(self, reference: str) -> Answer:
        with _translate_errors():
            if reference.startswith("pi_"):
                return _read_intent(_ask(self.api.payment_intents.retrieve, reference))
            return _read_session(_ask(self.api.checkout.sessions.retrieve, reference, {"expand": ["payment_intent"]}))

    def expire(self, reference: str) -> Answer:
        # In this order: the other way round its no would be translated first, and be taken for silence.
        with _translate_errors(), suppress(stripe.InvalidRequestError):
            if reference.startswith("cs_"):
                return _read_session(_ask(self.api.checkout.sessions.expire, reference))
        # It is open no more, or never was a session: what became of it is known there.
        return self.look_up(reference)

    def refund(self, request: Request, reference: str) -> Answer:
        params = {
            "payment_intent": self.find_intent(reference),
            "amount": _count_smallest_units(request.amount, request.currency),
            "metadata": {KEY: str(request.key)},
        }
        with _translate_errors(stripe.InvalidRequestError, stripe.CardError):
            return _read_refund(_ask(self.api.refunds.create, params, {"idempotency_key": str(request.key)}))

    def look_up_refund(self, key: UUID, reference: str) -> Answer | None:
        with _translate_errors():
            refunds = _ask(self.api.refunds.list, {"payment_intent": self.find_intent(reference), "limit": 100})
            found = [each for each in refunds.auto_paging_iter() if _read_key(each) == str(key)]
        return _read_refund(found[0]) if found else None

    def list_refunds(self, since: datetime, find_known: FindKnown) -> list[Event]:
        with _translate_errors():
            made = _ask(self.api.refunds.list, {"created": {"gte": int(since.timestamp())}, "limit": 100})
            rows = [row for row in made.auto_paging_iter() if _read_key(row) is None]
        known = find_known([row.id for row in rows])
        # Each costs a call: whose payment it is, only its checkout session says.
        found = [self.read_foreign_refund(row) for row in rows if row.id not in known]
        return [event for event in found if event is not None]

    def find_intent(self, reference: str) -> str:
        """The id of the PaymentIntent behind a payment, which alone can be refunded."""
        if reference.startswith("pi_"):
            return reference
        with _translate_errors():
            intent = _ask(self.api.checkout.sessions.retrieve, reference).payment_intent
        if intent is None:
            raise Declined("nothing was paid")
        return intent

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event | None:
        # With an empty secret everybody could sign.
        if not settings.STRIPE_WEBHOOK_SECRET:
            raise BadSignature
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadSignature from error
        return _read_webhook(event) or self.read_foreign_refund(event.data.object)

    def read_foreign_refund(self, row: Any) -> Event | None:
        """The Event of a refund that was made in Stripe's dashboard; None for anything else."""
        if row.object != "refund" or not getattr(row, "payment_intent", None):
            return None
        with _translate_errors():
            sessions = _ask(self.api.checkout.sessions.list, {"payment_intent": row.payment_intent, "limit": 1})
        key = next(filter(None, map(_read_key, sessions.data)), None)
        return Event(REFUND, None, _read_refund(row), UUID(key)) if key else None


def _ask(call: Callable[..., Any], *arguments: Any) -> Any:
    """What Stripe answers. Where it says when to ask again, or was not reached, it is asked again within PATIENCE.

    Nothing is done twice: what makes something carries its key.
    """
    until = time.monotonic() + PATIENCE
    for attempt in itertools.count():
        try:
            return call(*arguments)
        except stripe.StripeError as error:
            wait = _find_wait(error, attempt)
            if wait is None or time.monotonic() + wait > until:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")


def _find_wait(error: stripe.StripeError, attempt: int) -> float | None:
    """Seconds until it may be asked again; None where that would not help."""
    unreached = isinstance(error, stripe.APIConnectionError)
    if not unreached and error.http_status not in (409, 429) and (error.http_status or 0) < 500:
        return None
    told = (error.headers or {}).get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return int(told)
    return FIRST_WAIT if attempt == 0 else None


def _read_webhook(event: stripe.Event) -> Event | None:
    """The Event a webhook is about that carries a key of ours, or None."""
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


def _read_key(row: Any) -> str | None:
    metadata = getattr(row, "metadata", None)
    return getattr(metadata, KEY, None) if metadata else None


def _read_session(session: Any) -> Answer:
    amount = _read_amount(session, "amount_total")
    return Answer(session.id, _read_session_outcome(session), getattr(session, "url", None) or "", amount)


def _read_amount(row: Any, name: str) -> Decimal | None:
    units, currency = getattr(row, name, None), getattr(row, "currency", None)
    return None if units is None or currency is None else read_stripe_units(units, currency.upper())


def _read_session_outcome(session: Any) -> str:
    if session.payment_status == "paid":
        return COMPLETED
    if session.status == "expired":
        return FAILED
    # A bank debit fails days after the page was left; only the intent, where it was asked for, says so.
    intent = session.payment_intent
    left = session.status == "complete" and not isinstance(intent, (str, type(None)))
    return FAILED if left and intent.status in ("requires_payment_method", "canceled") else PENDING


def _read_intent(intent: stripe.PaymentIntent) -> Answer:
    outcomes = {"succeeded": COMPLETED, "canceled": FAILED}
    amount = _read_amount(intent, "amount_received")
    return Answer(intent.id, outcomes.get(intent.status, PENDING), amount=amount)


def _read_refund(refund: Any) -> Answer:
    return Answer(refund.id, REFUND_OUTCOMES.get(refund.status, PENDING), amount=_read_amount(refund, "amount"))
