"""SMS behind one door: Twilio, or a simulator that writes into a file what it would send."""

import hmac
import json
import os
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from socket import gaierror
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext_noop

TIMEOUT = 20  # seconds
BEFORE_ANYTHING = (ConnectionRefusedError, gaierror, ssl.SSLCertVerificationError)
SERVERS_FAULT = 500
NOTICES = "/messages/notices/twilio/"  # where Twilio tells what became of a message


class Refused(Exception):
    """The provider, or the way to it, says that it did not go; `is_final` where it never will."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.reason, self.is_final = reason, is_final


class OutcomeUnknown(Exception):
    """The provider may have sent it or not: another try might send it twice."""


class Gateway(Protocol):
    def send(self, to: str, text: str, number: int | None = None) -> str:
        """The provider's id of a text to an E.164 number. Raises Refused and OutcomeUnknown.

        `number` is our message's, of which the provider tells later what became of it.
        """


class Simulator:
    """Sends nothing; each line of its file is a text."""

    def send(self, to: str, text: str, number: int | None = None) -> str:
        provider_id = f"simulated-{uuid4()}"
        line = json.dumps({"id": provider_id, "to": to, "text": text}) + "\n"
        handle = os.open(settings.SMS_SIMULATOR_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(line)
        return provider_id


class Twilio:
    """Twilio's Messages resource. It knows no key by which a second call would be the same one."""

    def send(self, to: str, text: str, number: int | None = None) -> str:
        try:
            with urllib.request.urlopen(self._make_request(to, text, number), timeout=TIMEOUT) as answer:
                return str(json.load(answer)["sid"])
        except urllib.error.HTTPError as error:
            raise self._judge(error) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, BEFORE_ANYTHING):
                raise Refused(gettext_noop("Twilio does not answer."), is_final=False) from error
            raise OutcomeUnknown(str(error.reason)) from error
        except (OSError, ValueError, KeyError) as error:
            raise OutcomeUnknown(str(error) or type(error).__name__) from error

    def _make_request(self, to: str, text: str, number: int | None) -> urllib.request.Request:
        account, token = settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN
        proof = b64encode(f"{account}:{token}".encode()).decode()
        asked = {"To": to, "From": settings.SMS_FROM, "Body": text}
        # Twilio refuses a text whose StatusCallback nobody could call.
        if number is not None and settings.PUBLIC_URL.startswith("https://"):
            asked["StatusCallback"] = f"{settings.PUBLIC_URL}{NOTICES}{number}"
        return urllib.request.Request(
            f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{account}/Messages.json",
            data=urlencode(asked).encode(),
            headers={"Authorization": f"Basic {proof}", "Content-Type": "application/x-www-form-urlencoded"},
        )

    def _judge(self, error: urllib.error.HTTPError) -> Exception:
        if error.code >= SERVERS_FAULT:
            return OutcomeUnknown(f"Twilio answered {error.code}.")
        # Too many at once, or the wrong password: mended within the hour perhaps. All else is about this text.
        return Refused(f"{error.code} {_read_reason(error)}", is_final=error.code not in (401, 403, 429))


def sign(url: str, sent: Mapping[str, str]) -> str:
    """What Twilio writes into X-Twilio-Signature of a form that it sends to this address."""
    said = url + "".join(f"{name}{sent[name]}" for name in sorted(sent))
    return b64encode(hmac.digest(settings.TWILIO_TOKEN.encode(), said.encode(), "sha1")).decode()


def _read_reason(error: Any) -> str:
    try:
        return str(json.load(error)["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


GATEWAYS: dict[str, Callable[[], Gateway]] = {"twilio": Twilio, "simulator": Simulator}


def find_gateway() -> Gateway:
    """Who sends texts here. Raises KeyError where nobody does: ask `can_send` before."""
    return GATEWAYS[settings.SMS_PROVIDER]()
