"""Ending reminders by one click, as RFC 8058 has it: the token names a message and proves that it came from here."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from clientline.reach.messages.models import Message

NUMBER, PROOF = 6, 10  # bytes, which make 22 characters
# From 78 on, Python's mail classes write the header as an encoded word, which no reader decodes there.
LONGEST_HEADER = 77


def make_unsubscribe_address(message: Message) -> str:
    return f"{settings.PUBLIC_URL}/u/{make_token(message.pk)}"


def make_token(number: int) -> str:
    named = number.to_bytes(NUMBER)
    return urlsafe_b64encode(named + _prove(named)).decode().rstrip("=")


def read_token(token: str) -> int | None:
    """The number of the message; None where the token is not ours."""
    try:
        found = urlsafe_b64decode(token + "==")
    except (Error, ValueError):
        return None
    named, proof = found[:NUMBER], found[NUMBER:]
    return int.from_bytes(named) if constant_time_compare(proof, _prove(named)) else None


def _prove(named: bytes) -> bytes:
    return salted_hmac("clientline.reach.unsubscribe", named, algorithm="sha256").digest()[:PROOF]


def write_list_unsubscribe(address: str) -> str:
    """The header's value; '' where there is no address, or PUBLIC_URL makes it longer than readers bear."""
    value = f"<{address}>" if address else ""
    return value if len(value) <= LONGEST_HEADER else ""
