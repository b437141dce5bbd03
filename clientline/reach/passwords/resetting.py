"""A forgotten password: a code is asked for, goes to the address by mail, and lets who has it choose another password.

Known and unknown addresses run the same statements until the code is right: what differs is in a job. The code is that
of nobody but who reads the mailbox, so it stands in for the password; a second factor is still asked for at sign-in.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac
from django.utils.translation import gettext_lazy

from accounts import people, sign_in
from accounts.authentication import select_active_users
from accounts.models import User
from accounts.tokens import hash_secret
from clientline.database.prepared import Written
from clientline.reach.jobs import defer, every, task
from clientline.reach.messages.codes import can_send, send_code
from clientline.reach.passwords.models import PasswordReset
from clientline.refusals import Refused, Throttled
from clientline.telephones import keep_digits
from organizations.relocations import Relocation

LASTS, KEPT = timedelta(minutes=30), timedelta(days=1)
OF_FORMS, OF_CODES = timedelta(minutes=10), timedelta(hours=1)
MOST_WRONG = 5  # then only another code helps: of a million, nobody guesses one in five tries
DIGITS = 6
SECRET_LENGTH = 43

# Until the transaction ends, whoever asks from the same network or for the same address waits, and then counts it.
HOLD = Written("SELECT pg_advisory_xact_lock(hashtextextended('passwords:' || %s::text, 0))", "name")


class TooManyResets(Throttled):
    code = "too_many_codes"
    detail = gettext_lazy("So many codes were asked for that you have to wait before there is another one.")


class WrongResetCode(Refused):
    code = "wrong_code"
    detail = gettext_lazy("This is not the code. Look again at the latest message.")


class ResetOver(Refused):
    code = "code_over"
    detail = gettext_lazy("This code does not hold any more. Ask for another one.")


def ask_for_reset(*, address: str, network: str, now: datetime) -> str:
    """Let a code go to the address, if it is that of a sign-in; returns the secret of the page that takes it.

    Raises TooManyResets, whoever's the address is.
    """
    secret = get_random_string(SECRET_LENGTH)
    with transaction.atomic():
        _refuse_too_many(address, network, now)
        digest = hash_secret(secret)
        asked = PasswordReset.objects.create(address=address, network=network, digest=digest, created_at=now)
        defer(send_reset_code, reset=asked.pk)
    return secret


def _refuse_too_many(address: str, network: str, now: datetime) -> None:
    limits = (
        ("network", network, OF_FORMS, settings.GUEST_FORMS_IN_TEN_MINUTES),
        ("address", address, OF_CODES, settings.GUEST_CODES_AN_HOUR),
    )
    for column, value, window, most in limits:
        HOLD.rows({"name": f"{column} {value}"})
        sent = PasswordReset.objects.filter(**{column: value}, created_at__gt=now - window)
        if sent.count() >= most:
            oldest = sent.order_by("created_at").values_list("created_at", flat=True)[0]
            raise TooManyResets(retry_after=(oldest + window - now).total_seconds())


def find_reset(secret: str) -> PasswordReset | None:
    """What was asked for with this secret, whether or not it still holds."""
    return PasswordReset.objects.filter(digest=hash_secret(secret)).first()


def write_reset_code(asked: PasswordReset) -> str:
    """The six digits. They are not stored: who reads the table learns no code."""
    found = salted_hmac(
        "clientline.reach.passwords.code", f"{asked.pk} {bytes(asked.digest).hex()}", algorithm="sha256"
    )
    return f"{int.from_bytes(found.digest()[:8]) % 10**DIGITS:0{DIGITS}}"


def reset_password(*, secret: str, code: str, new: str, now: datetime) -> None:
    """Give whose the address is the password `new`, which ends all their sign-ins. Once for each code.

    Raises ResetOver, WrongResetCode and FieldRefused of a weak password, after which the code still holds. To be
    called outside of any transaction: a wrong code counts although it is refused.
    """
    with transaction.atomic():
        asked = PasswordReset.objects.select_for_update(no_key=True).filter(digest=hash_secret(secret)).first()
        if asked is None or asked.used_at or asked.wrong_codes >= MOST_WRONG or now > asked.created_at + LASTS:
            raise ResetOver
        is_right = constant_time_compare(keep_digits(code), write_reset_code(asked))
        if is_right:
            return _change_password(asked, new, now)
        asked.wrong_codes += 1
        asked.save(update_fields=["wrong_codes"])
    raise WrongResetCode


def _change_password(asked: PasswordReset, new: str, now: datetime) -> None:
    person = _find_person(asked.address)
    if person is None:  # the code was guessed, or the person left since
        raise ResetOver
    people.change_own_password(person=person, new=new)
    sign_in.forget_failures(person.email)
    asked.used_at = now
    asked.save(update_fields=["used_at"])


def _find_person(address: str) -> User | None:
    return select_active_users().filter(email=address).first()


@task(of_organization=False)
def send_reset_code(*, reset: int) -> None:
    """Send the code, where the address is that of a sign-in; without a mail server, nothing is done."""
    asked = PasswordReset.objects.filter(pk=reset, used_at=None).first()
    person = asked and _find_person(asked.address)
    if asked and person and _is_here(person) and can_send("mail"):
        code = write_reset_code(asked)
        told = {"organization": person.organization, "to": person.email, "language": person.chosen_language}
        send_code(channel="mail", code=code, **told)


def _is_here(person: User) -> bool:
    """At another installation they ask for another code: this one would hold here alone."""
    return not Relocation.objects.filter(organization=person.organization_id, state=Relocation.State.MOVED).exists()


@every(600)
def forget_resets() -> bool:
    """Of everybody, after a day."""
    PasswordReset.objects.filter(created_at__lte=timezone.now() - KEPT).delete()
    return False
