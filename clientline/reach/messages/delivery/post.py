"""How a letter leaves: by Django's mail backend, or by a gateway for SMS. Nobody calls this inside a transaction."""

from contextlib import suppress
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from clientline.reach.messages.contents import Letter, make_mail
from clientline.reach.messages.delivery.sms import Refused, find_gateway

PERMANENT = 500  # the SMTP codes from here on are a server's last word
PASSING = (401, 403, 408, 429)  # statuses of HTTP below that are not: a wrong key is mended by people


class Unsupported(Exception):
    """The mail service takes no invitation beside the text, only attached."""


class NotSent(Exception):
    """It surely did not leave; `is_final` where another try would not help."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_final = reason[:200], is_final


class Postman:
    """Keeps one connection to the mail server for as many letters as are due."""

    def __init__(self) -> None:
        self.connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        if self.connection:
            with suppress(OSError, SMTPException):
                self.connection.close()
        self.connection = None

    def send(self, letter: Letter) -> str:
        """The provider's id, or '' where it says none. Raises NotSent, and OutcomeUnknown of an SMS."""
        if letter.channel == "mail":
            return self.mail(letter)
        try:
            return find_gateway().send(letter.to, letter.body, letter.number)
        except Refused as refusal:
            raise NotSent(refusal.reason, is_final=refusal.is_final) from refusal

    def mail(self, letter: Letter) -> str:
        try:
            return self.hand_over(make_mail(letter, attaches=_has_to_attach()))
        except Unsupported:
            return self.hand_over(make_mail(letter, attaches=True))

    def hand_over(self, mail: EmailMultiAlternatives) -> str:
        """Raises NotSent, and Unsupported before anything left."""
        try:
            if self.connection is None:
                self.connection = get_connection()
                self.connection.open()
            self.connection.send_messages([mail])
        except Exception as error:
            # What broke may have broken the connection, too.
            self.hang_up()
            raise _explain(error) from error
        return str(getattr(getattr(mail, "anymail_status", None), "message_id", "") or "")


def _has_to_attach() -> bool:
    """django-anymail can be told to leave out what a service does not take, which it then does without a word."""
    return bool(settings.USES_ANYMAIL and settings.ANYMAIL.get("IGNORE_UNSUPPORTED_FEATURES"))


def _explain(error: Exception) -> Exception:
    # Names, as django-anymail is not everywhere. Few services take invitations as anything but attachments.
    if type(error).__name__ == "AnymailUnsupportedFeature" and "text/calendar" in str(error):
        return Unsupported()
    if type(error).__name__ == "AnymailRecipientsRefused":
        return NotSent("refused", is_final=True)
    if status := getattr(error, "status_code", None):
        # Without the lines that repeat what was sent.
        is_final = 400 <= status < PERMANENT and status not in PASSING
        return NotSent(str(error).partition("\n")[0], is_final=is_final)
    if isinstance(error, SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return NotSent(f"{code} {_decode(said)}", is_final=code >= PERMANENT)
    if isinstance(error, SMTPResponseException):
        # A server that wants another password is mended by people, within the hour perhaps.
        is_final = error.smtp_code >= PERMANENT and type(error).__name__ in ("SMTPDataError", "SMTPSenderRefused")
        return NotSent(f"{error.smtp_code} {_decode(error.smtp_error)}", is_final=is_final)
    if isinstance(error, (OSError, SMTPException)):
        return NotSent(" ".join(str(error).split()) or type(error).__name__)
    # An address that no mail can have, or what a backend refuses.
    return NotSent(f"{type(error).__name__}: {error}", is_final=isinstance(error, ValueError))


def _decode(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
