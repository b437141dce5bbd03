"""Whoever holds the row of a token or a session, as a long transaction does, holds nothing else up."""

from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Session, Token
from accounts.tests.factories import token_for

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def bearer_of(user):
    return Client(headers={"Authorization": f"Bearer {token_for(user)}"})


def browser_of(user):
    browser = Client()
    browser.force_login(user)
    Session.objects.update(last_used_at=timezone.now() - timedelta(hours=1))  # long enough ago to be written again
    return browser


@pytest.fixture
def impatient(db):
    """Who would wait for a lock is refused at once: in a request, and behind its transaction, where it is logged."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1ms'")
    yield
    connection.close()


@contextmanager
def held(row):
    """Another's transaction, which holds the row."""
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        other.cursor().execute(f"SELECT 1 FROM {row._meta.db_table} WHERE id = %s FOR UPDATE", [row.pk])
        yield


@pytest.mark.parametrize(("model", "sign_in"), [(Token, bearer_of), (Session, browser_of)], ids=["token", "session"])
def test_a_held_row_holds_no_request_up(salon, impatient, caplog, model, sign_in):
    caller = sign_in(salon.staff)
    row = model.objects.get(user=salon.staff)
    with held(row):
        assert caller.get("/users?limit=10").status_code == 200
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert (warnings, model.objects.get(pk=row.pk).last_used_at) == ([], row.last_used_at)
    assert caller.get("/users?limit=10").status_code == 200
    assert model.objects.get(pk=row.pk).last_used_at != row.last_used_at
