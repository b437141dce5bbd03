from datetime import timedelta
from io import StringIO

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from accounts import tokens
from accounts.models import Token


def test_purge_deletes_what_has_expired_and_says_how_much(salon):
    now = timezone.now()
    kept = [
        tokens.issue(salon.staff, now=now)[0],
        tokens.issue(salon.staff, now=now, expires_at=now + timedelta(days=1))[0],
    ]
    for minutes in (1, 2):
        tokens.issue(salon.staff, now=now, expires_at=now - timedelta(minutes=minutes))
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(minutes=1))

    output = StringIO()
    call_command("purge", stdout=output)

    assert output.getvalue() == "Deleted 2 expired tokens and 1 expired session.\n"
    assert list(Token.objects.order_by("id")) == kept
    assert Session.objects.get().session_key == "new"
