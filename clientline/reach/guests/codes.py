"""The six digits that show that an address is somebody's. Nothing of them is stored: they follow from the request."""

from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy

from clientline.reach.guests.models import BookingRequest
from clientline.refusals import Refused
from clientline.telephones import keep_digits

LASTS = timedelta(minutes=30)
MOST_WRONG = 5  # then only another code helps: of a million, nobody guesses one in five tries
DIGITS = 6


class WrongCode(Refused):
    code = "wrong_code"
    detail = gettext_lazy("This is not the code. Look again at the latest message.")


class CodeOver(Refused):
    code = "code_over"
    detail = gettext_lazy("This code does not hold any more. Ask for another one.")


def write_code(asked: BookingRequest) -> str:
    """The six digits of a saved request."""
    # From the key of the installation: whoever reads the table learns no code, and a job that runs twice sends one.
    found = salted_hmac("clientline.reach.guests.code", f"{asked.pk} {bytes(asked.digest).hex()}", algorithm="sha256")
    return f"{int.from_bytes(found.digest()[:8]) % 10**DIGITS:0{DIGITS}}"


def check_code(asked: BookingRequest, typed: str, *, now: datetime) -> None:
    """Note on the request, whose row the caller holds, that its address is proven. Raises WrongCode and CodeOver.

    Wrong ones are counted on the row, so the caller commits although it was refused.
    """
    if asked.wrong_codes >= MOST_WRONG or now > asked.created_at + LASTS:
        raise CodeOver
    if not constant_time_compare(keep_digits(typed), write_code(asked)):
        asked.wrong_codes += 1
        asked.save(update_fields=["wrong_codes"])
        raise WrongCode
    asked.proven_at = now
    asked.save(update_fields=["proven_at"])
