"""What ClientLine asks of a payment provider, whoever it is. Calls take seconds: never make one in a transaction."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from clientline.refusals import FieldRefused

logger = logging.getLogger(__name__)

PENDING, COMPLETED, FAILED = "pending", "completed", "failed"
PAYMENT, REFUND = "payment", "refund"

GATEWAYS = {
    "stripe": "payments.gateways.stripe.StripeGateway",
    "simulator": "payments.gateways.simulator.SimulatorGateway",
}


class Declined(Exception):
    """The provider said no; asking again would not help."""


class NoAnswer(Exception):
    """The provider was not reached or did not answer: it may or may not have done it."""


class BadSignature(Exception):
    """The callback was not sent by the provider, or long ago."""


@dataclass(frozen=True)
class Answer:
    """`reference` is the provider's id, `outcome` one of PENDING, COMPLETED, FAILED.

    `amount` is what it took or gave back, None where it does not say.
    """

    reference: str = ""
    outcome: str = PENDING
    url: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True)
class Event:
    """What a callback is about: `kind` PAYMENT or REFUND, and the `key` that we once sent.

    One that was made in the provider's own pages has none: then `payment` is the key of what it gives back.
    """

    kind: str
    key: UUID | None
    answer: Answer
    payment: UUID | None = None


@dataclass(frozen=True)
class Request:
    """An amount to take or give back. The same `key` again is the same request: nothing is done twice."""

    key: UUID
    amount: Decimal
    currency: str
    description: str = ""


# Which of these references of refunds need not be told again.
FindKnown: TypeAlias = Callable[[list[str]], set[str]]


class Gateway(Protocol):
    """All may raise NoAnswer."""

    def begin(self, request: Request) -> Answer:
        """A page on which the client pays. Raises Declined."""

    def look_up(self, reference: str) -> Answer:
        """What became of a payment."""

    def expire(self, reference: str) -> Answer:
        """Close the page of a payment for good: FAILED, or what became of it before."""

    def refund(self, request: Request, reference: str) -> Answer:
        """Give back some of the payment `reference`. Raises Declined, also for more than is left of it."""

    def look_up_refund(self, key: UUID, reference: str) -> Answer | None:
        """What became of a refund of the payment `reference`; None where the provider never heard of it."""

    def list_refunds(self, since: datetime, find_known: FindKnown) -> list[Event]:
        """The refunds made in the provider's own pages since an instant, but those that are known."""

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event | None:
        """What a callback says, None where it is about something else. Raises BadSignature."""


def open_gateway(name: str) -> Gateway:
    """The gateway of this name. Raises KeyError."""
    return import_string(GATEWAYS[name])()


def find_configured_name() -> str:
    """The provider new online payments go to. Raises FieldRefused where there is none."""
    if not settings.PAYMENT_PROVIDER:
        raise FieldRefused("payment_method", "invalid", _("Online payment is not set up here."))
    return settings.PAYMENT_PROVIDER


def ask_gateway(name: str, operation: str, *arguments: Any) -> Answer:
    """The Answer of a provider; a refusal is a FAILED one, and silence leaves it PENDING, to be reconciled."""
    try:
        # By the name that the payment bears, not the configured one: that may have changed since, and knows nothing of
        # it.
        return getattr(open_gateway(name), operation)(*arguments)
    except Declined as refusal:
        logger.warning("The payment provider declined: %s", refusal)
        return Answer(outcome=FAILED)
    # Never FAILED: the money may be on its way, and whoever is told that it failed pays twice.
    except NoAnswer as silence:
        logger.warning("The payment provider did not answer: %s", silence)
        return Answer()
