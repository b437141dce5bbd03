from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.utils import timezone

from accounts import tokens
from accounts.models import Session, Token
from organizations.models import IdempotencyKey

pytestmark = pytest.mark.clock


def test_purge_deletes_what_has_expired_and_says_how_much(salon):
    now = timezone.now()
    kept = [
        tokens.issue_token(salon.staff, now=now)[0],
        tokens.issue_token(salon.staff, now=now, expires_at=now + timedelta(days=1))[0],
    ]
    for minutes in (1, 2):
        tokens.issue_token(salon.staff, now=now, expires_at=now - timedelta(minutes=minutes))
    unused, _ = tokens.issue_token(salon.staff, now=now - timedelta(days=14))
    kept.append(tokens.issue_token(salon.staff, now=now - timedelta(days=14), name="Program")[0])
    kept.append(tokens.issue_token(salon.staff, now=now - timedelta(days=13))[0])
    Token.objects.filter(pk=unused.pk).update(last_used_at=now - timedelta(days=14))
    Session.objects.create(session_key="idle", session_data="", expire_date=now + timedelta(days=1))
    Session.objects.filter(session_key="idle").update(last_used_at=now - timedelta(days=15))
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(minutes=1))

    for hours, key in ((23, "new"), (24, "old")):
        answered = {
            "user": salon.staff,
            "organization": salon.organization,
            "status": 201,
            "fingerprint": b"",
            "body": b"",
        }
        IdempotencyKey.objects.create(key=key, created_at=now - timedelta(hours=hours), **answered)

    for minutes, address in ((14, "new@salon.example"), (16, "old@salon.example")):
        attempt = AccessAttempt.objects.create(username=address, failures_since_start=3)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - timedelta(minutes=minutes))

    output = StringIO()
    call_command("purge", stdout=output)

    assert (
        output.getvalue() == "Deleted 3 expired tokens, 2 expired sessions, 1 idempotency key and 1 failed sign-in.\n"
    )
    assert list(Token.objects.order_by("id")) == kept
    assert Session.objects.get().session_key == "new"
    assert IdempotencyKey.objects.get().key == "new"
    assert AccessAttempt.objects.get().username == "new@salon.example"
