"""The second factor: codes of an authenticator app (TOTP), and recovery codes for when it is lost.

For unconfined views and commands only: the tenants' role may not see the secrets.
"""

import hashlib
import secrets
import time
from base64 import b32encode
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_otp.oath import TOTP

from accounts import sign_ins
from accounts.models import SecondFactor, Session, Token, User
from clientline.refusals import Refused
from organizations.models import Organization
from organizations.tenancy import attribute

ISSUER = "ClientLine"
KEY_LENGTH = 20  # bytes
RECOVERY_CODES = 10
STEPS_OFF = 1  # by which a clock may be ahead or behind, of 30 seconds each


class SecondFactorRequired(Refused):
    status = 403
    code = "second_factor_required"
    detail = gettext_lazy("A second factor is wanted of you: set one up at /auth/second-factor.")


class AlreadyOn(Refused):
    detail = gettext_lazy("A second factor is set up already. Remove it first.")


def _wants_one_of(user: User) -> bool:
    """Whether the user has to have a second factor, set up or not."""
    if not user.is_superuser:
        return user.organization.require_second_factor and user.is_staff
    # They read every organization, so that any one's demand binds them.
    demanding = Organization.objects.filter(require_second_factor=True)
    return settings.REQUIRE_OPERATOR_SECOND_FACTOR or demanding.exists()


def has_to_enrol(user: User) -> bool:
    """Whether the user has to set one up before anything else."""
    return not user.has_second_factor and _wants_one_of(user)


def begin_enrolment(user: User) -> dict[str, Any]:
    """A new secret with recovery codes, not in force before `confirm`. Raises AlreadyOn.

    Returns `secret` and `uri`, as texts, and `recovery_codes`, a list of texts that cannot be shown again.
    """
    codes = _make_recovery_codes()
    with transaction.atomic():
        if User.objects.select_for_update(no_key=True).get(pk=user.pk).has_second_factor:
            raise AlreadyOn
        fresh = {
            "key": secrets.token_bytes(KEY_LENGTH),
            "last_step": -1,
            "recovery_codes": [_digest_code(code) for code in codes],
        }
        factor, _ = SecondFactor.objects.update_or_create(user=user, defaults=fresh)
    return _describe_secret(factor) | {"recovery_codes": codes}


def _describe_secret(factor: SecondFactor) -> dict[str, str]:
    """What an authenticator app needs."""
    secret = b32encode(factor.key).decode()
    label = quote(f"{ISSUER}:{factor.user.email}")
    return {"secret": secret, "uri": f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER})}"}


def resume_enrolment(user: User) -> dict[str, str]:
    """The secret that is not in force yet, made where there is none: a page shows it again after a wrong code."""
    factor, _ = SecondFactor.objects.get_or_create(user=user, defaults={"key": secrets.token_bytes(KEY_LENGTH)})
    return _describe_secret(factor)


def confirm_with_new_codes(user: User, *, keep: Token | Session | None) -> list[str]:
    """`confirm`; returns recovery codes, which are not shown again."""
    codes = _make_recovery_codes()
    SecondFactor.objects.filter(user=user).update(recovery_codes=[_digest_code(code) for code in codes])
    confirm(user, keep=keep)
    return codes


def confirm(user: User, *, keep: Token | Session | None = None) -> None:
    """Put the secret in force, once a code has shown that the app has it. Ends the sign-ins of `user` but `keep`."""
    with transaction.atomic():
        attribute(user)
        sign_ins.keep_sign_in(keep)
        SecondFactor.objects.filter(user=user, confirmed_at=None).update(confirmed_at=timezone.now())
        User.objects.filter(pk=user.pk).update(has_second_factor=True)
    user.has_second_factor = True


def remove(user: User, *, by: User | None, keep: Token | Session | None = None) -> None:
    """`by` is the user, or None for a command. Ends the sign-ins of `user` but `keep`."""
    with transaction.atomic():
        attribute(by)
        sign_ins.keep_sign_in(keep)
        SecondFactor.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).update(has_second_factor=False)
    user.has_second_factor = False


def describe_state(user: User) -> dict[str, Any]:
    """Whether it is `enabled`, `required` of them, and how many `recovery_codes_left`."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    return {
        "enabled": factor is not None,
        "required": _wants_one_of(user),
        "recovery_codes_left": len(factor.recovery_codes) if factor else 0,
    }


def accepts(user: User, code: str) -> bool:
    """Whether it is a code of the user's app or a recovery code; none is accepted twice."""
    code = code.replace(" ", "").replace("-", "").lower()
    with transaction.atomic():
        # Locked before it is compared: of two requests with one code, both would find it unused.
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        return factor is not None and (_takes_app_code(factor, code) or _takes_recovery_code(factor, code))


def _takes_app_code(factor: SecondFactor, code: str) -> bool:
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return False
    totp = TOTP(bytes(factor.key))
    totp.time = time.time()
    if not totp.verify(int(code), tolerance=STEPS_OFF, min_t=factor.last_step + 1):
        return False
    # The step of this code, not of this moment: `verify` has noted by how much the app's clock is off.
    factor.last_step = totp.t()
    factor.save(update_fields=["last_step"])
    return True


def _takes_recovery_code(factor: SecondFactor, code: str) -> bool:
    left = [bytes(each) for each in factor.recovery_codes]
    if factor.confirmed_at is None or _digest_code(code) not in left:
        return False
    left.remove(_digest_code(code))
    factor.recovery_codes = left
    factor.save(update_fields=["recovery_codes"])
    return True


def _make_recovery_codes() -> list[str]:
    """80 bits each, so that a plain digest of one can be stored."""
    return [
        "-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in map(_make_random_word, range(RECOVERY_CODES))
    ]


def _make_random_word(_: int) -> str:
    return b32encode(secrets.token_bytes(10)).decode().lower()


def _digest_code(code: str) -> bytes:
    return hashlib.sha256(code.replace("-", "").encode()).digest()
