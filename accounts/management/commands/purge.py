"""Removes what has expired and nobody can use any more."""

from axes.models import AccessAttempt
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Q
from django.template.defaultfilters import pluralize
from django.utils import timezone

from accounts.last_use import match_in_use
from accounts.models import Session, Token
from organizations import idempotency


class Command(BaseCommand):
    help = "Delete expired tokens, sessions and idempotency keys, and failed sign-ins that lock nobody out any more."

    def handle(self, **options):
        now = timezone.now()
        tokens, _ = Token.objects.filter(Q(expires_at__lte=now) | Q(name="") & ~match_in_use(now)).delete()
        sessions, _ = Session.objects.filter(Q(expire_date__lte=now) | ~match_in_use(now)).delete()
        keys = idempotency.purge(now=now)
        failures, _ = AccessAttempt.objects.filter(attempt_time__lte=now - settings.AXES_COOLOFF_TIME).delete()
        self.stdout.write(
            f"Deleted {tokens} expired token{pluralize(tokens)}, {sessions} expired session{pluralize(sessions)}, "
            f"{keys} idempotency key{pluralize(keys)} and {failures} failed sign-in{pluralize(failures)}."
        )
