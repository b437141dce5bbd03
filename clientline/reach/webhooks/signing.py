"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over id, second and body, in as many ways as there are secrets.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _

PREFIX = "whsec_"
LEAST, MOST, USUAL = 24, 64, 32  # bytes of a secret
ALPHABET = "A-Za-z0-9+/"
# As the database asks it, of 24 to 64 bytes: their characters in fours, the last four perhaps filled up.
PATTERN = f"^{PREFIX}([{ALPHABET}]{{4}}){{7,21}}([{ALPHABET}]{{4}}|[{ALPHABET}]{{3}}=|[{ALPHABET}]{{2}}==)$"


class BadSecret(ValueError):
    """A text that cannot be a secret; its words say why."""


def make_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(USUAL)).decode()


def read_secret(text: str) -> bytes:
    """The key that a secret stands for. Raises BadSecret.

    Only standard base64: of the url-safe alphabet one verifier in use makes another key without a word, others refuse.
    """
    if not text.startswith(PREFIX):
        raise BadSecret(_("A secret begins with %(prefix)s.") % {"prefix": PREFIX})
    written = text.removeprefix(PREFIX)
    try:
        key = b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret(
            _("Behind %(prefix)s stands standard base64, with + and /, filled up by =.") % {"prefix": PREFIX}
        ) from error
    # Python passes over bits beyond the last byte. Others may not, and one key would have several spellings.
    if b64encode(key).decode() != written:
        raise BadSecret(_("The last character of the base64 holds bits that belong to no byte."))
    if not LEAST <= len(key) <= MOST:
        raise BadSecret(
            _("A secret has %(least)s to %(most)s bytes; this one has %(count)s.")
            % {"least": LEAST, "most": MOST, "count": len(key)}
        )
    return key


def sign(secret: str, *, message_id: str, second: int, body: str) -> str:
    """One signature, `v1,` and base64. `second` counts from 1970, of the attempt."""
    signed = f"{message_id}.{second}.{body}".encode()
    return "v1," + b64encode(hmac.digest(read_secret(secret), signed, sha256)).decode()


def make_headers(signers: Sequence[str], *, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The three headers of an attempt at `now`: signed by each of the secrets, so that either verifies."""
    second = int(now.timestamp())
    signatures = [sign(secret, message_id=message_id, second=second, body=body) for secret in signers]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(signatures),
    }
