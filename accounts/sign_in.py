"""Checking passwords and codes, for API and admin alike: failures are counted by account and by address."""

from collections.abc import Mapping
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import second_factor
from accounts.models import User
from clientline.refusals import FieldRefused, Throttled

ACCOUNTS_BEHIND_AN_ADDRESS = 5
LONGEST_NAME = 255  # that axes' column holds; Django's form lets more pass
TOO_MANY = gettext_lazy("Too many failed attempts. Try again in a quarter of an hour.")


def find_person_by_password(request: Any, *, email: str, password: str) -> User | None:
    """The active user with this password, or None. Raises Throttled.

    Must be called outside the request's transaction, whose rollback would undo the counting.
    """
    user = authenticate(request, email=email, password=password)
    if user is None:
        refuse_locked_out(request)
    return user


def refuse_locked_out(request: Any) -> None:
    """Raise Throttled when the check that just failed was one too many."""
    if request.axes_locked_out:
        raise Throttled(TOO_MANY, retry_after=FailuresHandler().count_seconds_left(request, request.axes_credentials))


def name_account(request: Any, credentials: Mapping[str, Any]) -> str:
    """Under what name failures are counted; unknown accounts have theirs, so that nothing tells them apart."""
    return (credentials.get("email") or credentials.get("username") or "").lower()[:LONGEST_NAME]


def confirm_password(request: Any, person: User, password: str) -> None:
    """Raises FieldRefused when this is not the person's password, Throttled after too many of those."""
    if find_person_by_password(request, email=person.email, password=password) is None:
        raise FieldRefused("current_password", "invalid", _("This is not your password."))


def check_code(request: Any, person: User, code: str) -> bool:
    """Whether the code is the person's second factor's. Raises Throttled. A wrong one counts like a wrong password."""
    credentials = {"email": person.email}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out = True
        raise Throttled(TOO_MANY, retry_after=FailuresHandler().count_seconds_left(request, credentials))
    if second_factor.accepts(person, code):
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    refuse_locked_out(request)
    return False


def forget_failures(email: str) -> None:
    """Of an account whose owner has shown in another way that it is theirs."""
    AccessAttempt.objects.filter(username=email.lower()[:LONGEST_NAME]).delete()


class FailuresHandler(AxesDatabaseHandler):
    """The limit is an account's. An address may be an office's, so it has that of several accounts."""

    def get_failures(self, request: Any, credentials: Mapping[str, Any] | None = None) -> int:
        account, address = (
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(account, address // ACCOUNTS_BEHIND_AN_ADDRESS)

    def reset_user_attempts(self, request: Any, credentials: Any = None) -> int:
        # Not the address: whoever has one account could go on guessing at others.
        count, _ = AccessAttempt.objects.filter(username=name_account(request, credentials)).delete()
        return count

    def count_seconds_left(self, request: Any, credentials: Mapping[str, Any]) -> float:
        """Until one may try again; a second where the failures that lock them out have ended in this moment."""
        attempts = self.get_user_attempts(request, credentials)
        latest = (each.aggregate(newest=Max("attempt_time"))["newest"] for each in attempts)
        newest = max(filter(None, latest), default=timezone.now() - settings.AXES_COOLOFF_TIME)
        left: float = (newest + settings.AXES_COOLOFF_TIME - timezone.now()).total_seconds()
        return max(left, 1.0)
