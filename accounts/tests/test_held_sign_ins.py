"""Whoever holds the row of a token or a session, as a long transaction does, holds nothing else up."""

from datetime import timedelta
from time import monotonic

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Session, Token
from accounts.tests.factories import token_for

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]
LONGEST = 0.6  # seconds; three times what the slowest of these takes


def bearer_of(user):
    return {"Authorization": f"Bearer {token_for(user)}"}


def cookie_of(user):
    browser = Client()
    browser.force_login(user)
    Session.objects.update(last_used_at=timezone.now() - timedelta(hours=1))  # long enough ago to be written again
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"}


@pytest.mark.parametrize(("model", "sign_in"), [(Token, bearer_of), (Session, cookie_of)], ids=["token", "session"])
def test_a_held_row_holds_no_request_up(gunicorn, salon, model, sign_in):
    headers, seconds = sign_in(salon.staff), []
    for _ in range(8):  # the first request of a worker is slower, and there are two
        gunicorn.ask("GET", "/users", headers=bearer_of(salon.admin))
    before = model.objects.get(user=salon.staff).last_used_at
    with transaction.atomic():
        model.objects.select_for_update().get(user=salon.staff)
        for path in ["/users?limit=10"] * 5 + ["/live"]:
            began = monotonic()
            assert gunicorn.ask("GET", path, headers=headers).status == 200
            seconds.append(monotonic() - began)
    assert max(seconds) < LONGEST
    assert model.objects.get(user=salon.staff).last_used_at == before
    gunicorn.ask("GET", "/users?limit=10", headers=headers)
    assert model.objects.get(user=salon.staff).last_used_at != before
