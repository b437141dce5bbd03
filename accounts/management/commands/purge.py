"""Removes what has expired and nobody can use any more."""

from django.core.management.base import BaseCommand
from django.template.defaultfilters import pluralize
from django.utils import timezone

from accounts.models import Session, Token
from organizations import idempotency


class Command(BaseCommand):
    help = "Delete expired tokens, sessions and idempotency keys. Run it daily."

    def handle(self, **options):
        now = timezone.now()
        tokens, _ = Token.objects.filter(expires_at__lte=now).delete()
        sessions, _ = Session.objects.filter(expire_date__lte=now).delete()
        keys = idempotency.purge(now=now)
        self.stdout.write(
            f"Deleted {tokens} expired token{pluralize(tokens)}, {sessions} expired session{pluralize(sessions)} "
            f"and {keys} idempotency key{pluralize(keys)}."
        )
