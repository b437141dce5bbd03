"""To the moment: until when tokens, sessions, the second step and answers kept for repeated requests are good."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client, RequestFactory

from accounts import second_step, sessions, sign_in, sign_ins, tokens
from accounts.authentication import USER_FIELDS, EmailBackend
from accounts.last_use import write_use
from accounts.models import Session, Token, User
from clientline.web import rates
from organizations import idempotency
from organizations.models import IdempotencyKey

JOT = timedelta(microseconds=1)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
EXPIRES = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def this_moment(db):
    """PostgreSQL's present, which stands still during a test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


def test_a_token_is_good_until_it_expires_and_not_at_that_moment(salon, this_moment):
    for expires_at, good in ((this_moment, False), (this_moment - JOT, False), (this_moment + JOT, True)):
        _, secret = tokens.issue_token(salon.staff, now=LONG_AGO, name="Program", expires_at=expires_at)
        for confined in (False, True):
            assert (tokens.find_bearer(secret, confined=confined) is not None) is good
    sign_in_token, _ = tokens.issue_sign_in_token(salon.staff, address=None, agent="")
    assert sign_in_token.expires_at - sign_in_token.created_at == timedelta(days=30)


def test_a_token_is_found_by_all_of_its_secret_and_for_the_active_of_active_organizations(salon):
    made = {"now": LONG_AGO, "name": "Program", "expires_at": EXPIRES}
    _, secret = tokens.issue_token(salon.staff, **made)
    _, other = tokens.issue_token(salon.staff, **made)
    Token.objects.filter(digest=tokens.hash_secret(secret)).update(last_used_at=LONG_AGO + JOT)
    found, row = tokens.find_bearer(secret, confined=False), Token.objects.get(digest=tokens.hash_secret(secret))
    assert (found, found.user, found.organization_id) == (row, salon.staff, salon.organization.pk)
    assert (found.last_used_at, len(secret)) == (LONG_AGO + JOT, 12 + 43)  # 32 bytes
    for wrong in (secret[:-1], secret[:12] + other[12:], other[:12] + secret[12:], "", "cl_"):
        assert tokens.find_bearer(wrong, confined=False) is None
    for row in (salon.staff, salon.organization):
        type(row).objects.filter(pk=row.pk).update(is_active=False)
        assert tokens.find_bearer(secret, confined=False) is None
        _, too_late = tokens.issue_token(salon.staff, **made)  # nothing has ended this one
        assert tokens.find_bearer(too_late, confined=False) is None
        type(row).objects.filter(pk=row.pk).update(is_active=True)


@pytest.mark.parametrize(("who", "idle"), [("staff", timedelta(days=14)), ("operator", timedelta(hours=12))])
def test_a_session_is_good_until_it_expires_or_was_not_used_for_too_long(salon, operator, monkeypatch, who, idle):
    now, later = datetime(2031, 1, 1, tzinfo=UTC), timedelta(days=1)
    monkeypatch.setattr(sessions, "timezone", SimpleNamespace(now=lambda: now))
    for expires, unused, good in (
        (now, JOT, False),
        (now + JOT, JOT, True),
        (now + later, idle, False),
        (now + later, idle - JOT, True),
    ):
        Client().force_login(operator if who == "operator" else salon.staff)
        row = Session.objects.latest("id")
        Session.objects.filter(pk=row.pk).update(expire_date=expires, last_used_at=now - unused)
        assert bool(sessions.SessionStore(row.session_key).load()) is good
        assert Session.objects.filter(pk=row.pk).exists() is good


def test_the_member_of_a_session_is_found_with_their_organization_while_both_are_active(
    salon, django_assert_num_queries
):
    with django_assert_num_queries(1):
        found = EmailBackend().get_user(salon.staff.pk)
        assert (found.organization, found.email) == (salon.organization, salon.staff.email)
    assert {name: getattr(found, name) for name in USER_FIELDS} == {
        name: getattr(User.objects.get(pk=salon.staff.pk), name) for name in USER_FIELDS
    }
    for row in (salon.staff, salon.organization):
        type(row).objects.filter(pk=row.pk).update(is_active=False)
        assert EmailBackend().get_user(salon.staff.pk) is None
        type(row).objects.filter(pk=row.pk).update(is_active=True)
    assert EmailBackend().get_user(2**62) is None


@pytest.mark.parametrize("kind", ["token", "session"])
def test_a_use_is_written_once_a_minute(salon, kind):
    now = datetime(2031, 1, 1, 12, tzinfo=UTC)
    if kind == "token":
        row, _ = tokens.issue_token(salon.staff, now=LONG_AGO)
    else:
        Client().force_login(salon.staff)
        row = Session.objects.get()
    for before, expected in ((timedelta(minutes=1), now - timedelta(minutes=1)), (timedelta(minutes=1) + JOT, now)):
        row.last_used_at = now - before
        type(row).objects.filter(pk=row.pk).update(last_used_at=row.last_used_at)
        write_use(row, now=now)
        assert type(row).objects.get(pk=row.pk).last_used_at == expected


def test_the_first_use_of_a_token_is_noted(salon):
    token, _ = tokens.issue_token(salon.staff, now=LONG_AGO)
    write_use(token, now=LONG_AGO + JOT)
    assert Token.objects.get(pk=token.pk).last_used_at == LONG_AGO + JOT


def test_what_has_expired_is_not_among_the_sign_ins(salon, monkeypatch):
    now = datetime(2031, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(sign_ins, "timezone", SimpleNamespace(now=lambda: now))
    gone, _ = tokens.issue_token(salon.staff, now=LONG_AGO, name="Program", expires_at=now)
    here, _ = tokens.issue_token(salon.staff, now=LONG_AGO, name="Program", expires_at=now + JOT)
    Client().force_login(salon.staff)
    for expires, found in ((now, [here]), (now + JOT, [here, Session.objects.get()])):
        Session.objects.update(expire_date=expires, last_used_at=now)
        shown = {sign_in.id for sign_in in sign_ins.list_sign_ins(salon.staff, current=here)}
        assert shown == {f"{'token' if isinstance(row, Token) else 'session'}-{row.pk}" for row in found}
    assert not sign_ins.end_sign_in(salon.staff, f"token-{gone.pk}")
    assert sign_ins.end_sign_in(salon.staff, f"token-{here.pk}")


def test_the_second_step_waits_five_minutes(salon, monkeypatch):
    moment = SimpleNamespace(now=1_900_000_000.0)
    monkeypatch.setattr(second_step, "time", SimpleNamespace(time=lambda: moment.now))
    request = SimpleNamespace(session={})
    second_step.begin_second_step(request, salon.staff)
    moment.now += 299.999
    assert second_step.find_person_at_second_step(request) == salon.staff
    moment.now = 1_900_000_300.0
    assert second_step.find_person_at_second_step(request) is None


@pytest.fixture
def once(salon):
    """A POST with a key of the manager's, at a moment that is known."""
    request = RequestFactory(headers={idempotency.HEADER: "k"}).post("/services")
    request.user = salon.manager
    found = idempotency.identify_request(request)
    found.began_at = datetime(2031, 1, 1, tzinfo=UTC)
    found.keep(SimpleNamespace(status_code=201, data={"id": 5}, get=lambda name, default: default))
    return found


def kept(once, age, **fields):
    """Whether the answer is repeated when it is so old."""
    IdempotencyKey.objects.update(created_at=once.began_at - age, **fields)
    return once.find_earlier_answer() is not None


def test_an_answer_is_repeated_for_a_day_and_then_the_key_is_free(once):
    day = timedelta(hours=24)
    assert kept(once, day - JOT)
    assert not kept(once, day)
    assert idempotency.purge(now=once.began_at - JOT) == 0
    assert idempotency.purge(now=once.began_at) == 1


def test_whoever_asks_a_provider_for_a_whole_minute_has_died(once):
    minute = timedelta(minutes=1)
    with pytest.raises(idempotency.InProgress):
        kept(once, minute - JOT, is_final=False)
    assert kept(once, minute, is_final=False)
    assert kept(once, timedelta(0), is_final=True)


def test_a_minute_of_requests_begins_anew_after_sixty_seconds(monkeypatch):
    clock, counting = SimpleNamespace(now=1000.0), rates.Rates()
    monkeypatch.setattr(rates, "monotonic", lambda: clock.now)
    assert [counting.seconds_to_wait("a", 2) for _ in range(3)] == [None, None, 60.0]
    assert counting.seconds_to_wait("b", 2) is None
    clock.now = 1059.75
    assert counting.seconds_to_wait("a", 2) == 0.25
    clock.now = 1060.0
    assert [counting.seconds_to_wait("a", 1) for _ in range(2)] == [None, 60.0]
    assert counting.seconds_to_wait("a", 0) is None


def test_an_address_counts_a_fifth_of_its_failures(rf, db):
    where = {"username": "ann@example.com", "ip_address": "192.0.2.1", "attempt_time": LONG_AGO + timedelta(days=36500)}
    request, handler = rf.get("/", REMOTE_ADDR="192.0.2.1"), sign_in.FailuresHandler()
    AxesProxyHandler.update_request(request)
    assert handler.get_failures(request, {"email": "ann@example.com"}) == 0
    own = AccessAttempt.objects.create(**where, failures_since_start=2)
    AccessAttempt.objects.create(**where | {"username": "bob@example.com"}, failures_since_start=12)
    assert handler.get_failures(request, {"email": "ann@example.com"}) == 2
    AccessAttempt.objects.filter(pk=own.pk).update(failures_since_start=3)
    assert handler.get_failures(request, {"email": "ann@example.com"}) == 3
    assert handler.get_failures(request, {"email": "nobody@example.com"}) == 3
    AccessAttempt.objects.filter(pk=own.pk).update(failures_since_start=2)
    assert handler.get_failures(request, {"email": "nobody@example.com"}) == 2
