"""Sign-ins and their failures, in the audit."""

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from accounts.models import User
from organizations import audit


@receiver(user_logged_in)
def note_sign_in(*, user, **kwargs):
    audit.record_event("sign_in", by=user, row=user)


@receiver(user_login_failed)
def note_failure(*, credentials, **kwargs):
    """Of an unknown address, too, or the time it takes would tell who exists; but not the address: people type
    their password there.
    """
    address = credentials.get("email") or credentials.get("username") or ""
    audit.record_event("sign_in_failed", row=User.objects.filter(email=address.lower()).first())
