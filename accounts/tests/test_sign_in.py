"""Signing in and out, one's own password and tokens, by program and by browser."""

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Token
from accounts.tests.factories import PASSWORD, UserFactory, token_for
from clientline.tests.pages import judge
from clientline.tests.problems import fields, problem
from organizations import policy

NEW = "a-new-password-1"


def sign_in(api, user, password=PASSWORD):
    return api().post("/auth/login", {"email": user.email, "password": password})


def bearer(secret):
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


def browser_of(user, **options):
    client = APIClient(**options)
    client.force_login(user)
    return client


@pytest.mark.clock
def test_signing_in_gives_a_token_its_end_and_the_caller(salon, api):
    answer = sign_in(api, salon.client)
    body = answer.json()
    me = bearer(body["token"]).get("/auth/me").json()
    assert (answer.status_code, list(body)) == (200, ["token", "expires_at", "user"])
    insiders = api(salon.admin).get(f"/users/{salon.client.pk}").json()
    assert body["user"] == me == {name: insiders[name] for name in insiders if name not in policy.OF_PEOPLE}
    end = datetime.fromisoformat(body["expires_at"])
    assert body["expires_at"] == end.astimezone(salon.organization.zone).isoformat()  # as the clocks will stand then


def test_signing_in_takes_the_address_in_any_case_and_an_old_token_does_not_hinder_it(salon, api):
    body = {"email": salon.client.email.upper(), "password": PASSWORD}
    assert bearer("cl_expired").post("/auth/login", body).status_code == 200


@pytest.fixture
def strangers(salon, clinic):
    """E-mails and passwords with which nobody gets in, by reason."""
    inactive = UserFactory(organization=salon.organization, is_active=False)
    without_password = UserFactory(organization=salon.organization, password="")
    clinic.organization.is_active = False
    clinic.organization.save()
    return {
        "unknown": ("nobody@example.com", PASSWORD),
        "wrong": (salon.client.email, "wrong"),
        "wrong, of the team": (salon.staff.email, "wrong"),
        "inactive": (inactive.email, PASSWORD),
        "of an inactive organization": (clinic.client.email, PASSWORD),
        "without a password": (without_password.email, PASSWORD),
    }


def guess(strangers, monkeypatch, ask):
    """The answers, by reason; all cost the same work, or time would tell who exists: hashes are most of it by far."""
    hashed, work, answers = [], {}, {}
    monkeypatch.setattr(
        hashlib, "scrypt", lambda *args, scrypt=hashlib.scrypt, **kw: hashed.append(1) or scrypt(*args, **kw)
    )
    for reason, named in strangers.items():
        with CaptureQueriesContext(connection) as queries:
            answers[reason] = ask(*named)
        work[reason] = len(hashed), [each["sql"].split()[:4] for each in queries if "SAVEPOINT" not in each["sql"]]
        hashed.clear()
    assert work == dict.fromkeys(strangers, (1, work["unknown"][1]))
    return answers


@pytest.mark.sweep
def test_unknown_wrong_and_inactive_get_one_and_the_same_401(strangers, api, monkeypatch):
    client = api()
    answers = guess(
        strangers, monkeypatch, lambda email, word: client.post("/auth/login", {"email": email, "password": word})
    )
    assert {problem(answer) for answer in answers.values()} == {(401, "invalid_credentials")}
    assert len({answer.content for answer in answers.values()}) == 1
    assert {answer["WWW-Authenticate"] for answer in answers.values()} == {"Bearer"}


@pytest.mark.sweep
def test_unknown_wrong_and_inactive_cost_the_same_work_in_the_admin(strangers, client, monkeypatch):
    guess(strangers, monkeypatch, lambda email, word: judge(client, "/admin/login/", username=email, password=word))


def test_signing_in_needs_both(db, api):
    for body in ({}, {"email": "x"}, {"password": "x"}, {"email": "", "password": ""}):
        missing = {
            key: "blank" if body.get(key) == "" else "required" for key in ("email", "password") if not body.get(key)
        }
        assert fields(api().post("/auth/login", body)) == missing


def test_only_a_digest_of_a_token_is_kept(salon, api):
    secret = sign_in(api, salon.client).json()["token"]
    token = Token.objects.get(user=salon.client)
    assert (len(secret) > 43 + 9, secret.startswith(f"cl_{token.prefix}_"), len(token.digest)) == (True, True, 32)
    assert secret.encode() not in bytes(token.digest)


@pytest.mark.clock
def test_a_token_ends_at_its_end(salon):
    secret = token_for(salon.client)
    Token.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert bearer(secret).get("/auth/me").status_code == 200
    Token.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert problem(bearer(secret).get("/auth/me")) == (401, "not_authenticated")


def test_a_token_with_another_secret_behind_its_prefix_is_nobodys(salon):
    secret = token_for(salon.client)
    assert problem(bearer(secret[:-1] + "_").get("/auth/me")) == (401, "not_authenticated")


def test_signing_out_ends_the_token_used_and_no_other(salon, api):
    here, there = api(salon.client), api(salon.client, anew=True)
    assert here.post("/auth/logout").status_code == 204
    assert [client.get("/auth/me").status_code for client in (here, there)] == [401, 200]


def test_signing_out_of_a_browser_ends_its_session(salon):
    browser = browser_of(salon.client)
    assert browser.post("/auth/logout").status_code == 204
    assert browser.get("/auth/me").status_code == 401


def test_auth_needs_a_caller(db, api):
    for method, path in (
        ("get", "/auth/me"),
        ("post", "/auth/logout"),
        ("post", "/auth/password"),
        ("get", "/auth/tokens"),
    ):
        answer = getattr(api(), method)(path)
        assert problem(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.sweep
def test_a_new_password_ends_all_other_sessions_and_tokens(salon, api):
    here, program, browser = api(salon.client), api(salon.client, anew=True), browser_of(salon.client)
    answer = here.post("/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [client.get("/auth/me").status_code for client in (here, program, browser)] == [200, 401, 401]
    assert sign_in(api, salon.client).status_code == 401
    assert sign_in(api, salon.client, NEW).status_code == 200


def test_a_browser_that_changes_the_password_stays_signed_in(salon, api):
    here, elsewhere, program = browser_of(salon.client), browser_of(salon.client), api(salon.client)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert here.post("/auth/password", body).status_code == 204
    assert [client.get("/auth/me").status_code for client in (here, elsewhere, program)] == [200, 401, 401]


def test_a_password_is_refused_by_the_field_that_is_wrong(salon, api):
    client = api(salon.client)
    wrong = client.post("/auth/password", {"current_password": "wrong", "new_password": NEW})
    weak = client.post("/auth/password", {"current_password": PASSWORD, "new_password": "short"})
    assert fields(wrong) == {"current_password": "invalid"}
    assert fields(weak) == {"new_password": "password_too_weak"}
    assert sign_in(api, salon.client).status_code == 200


@pytest.mark.sweep
def test_named_tokens_are_shown_once_listed_and_ended(salon, api):
    client = api(salon.client)
    answer = client.post("/auth/tokens", {"name": "Calendar", "expires_at": "2099-01-01T00:00:00Z"})
    made = answer.json()
    keys = ["id", "name", "scope", "prefix", "created_at", "last_used_at", "last_used_address", "expires_at"]
    assert (answer.status_code, list(made)) == (201, [*keys, "token"])
    assert (made["name"], made["last_used_at"], made["expires_at"]) == ("Calendar", None, "2099-01-01T01:00:00+01:00")

    program = bearer(made["token"])
    assert program.get("/auth/me").json()["id"] == salon.client.pk
    [listed] = client.get("/auth/tokens").json()["results"]
    assert list(listed) == keys
    assert listed["last_used_at"] is not None
    assert client.get(f"/auth/tokens/{made['id']}").json() == listed

    assert client.delete(f"/auth/tokens/{made['id']}").status_code == 204
    assert program.get("/auth/me").status_code == 401
    assert client.get("/auth/tokens").json()["results"] == []


@pytest.mark.sweep
def test_tokens_are_their_owners_alone(salon, clinic, operator, api):
    pk = api(salon.client).post("/auth/tokens", {"name": "Calendar"}).json()["id"]
    for other in (salon.admin, salon.staff, clinic.admin, operator):
        client = api(other)
        assert client.get("/auth/tokens").json()["results"] == []
        assert problem(client.get(f"/auth/tokens/{pk}")) == (404, "not_found")
        assert problem(client.delete(f"/auth/tokens/{pk}")) == (404, "not_found")
    assert Token.objects.filter(pk=pk).exists()


def test_signing_in_makes_no_named_token(salon, api):
    secret = sign_in(api, salon.client).json()["token"]
    assert bearer(secret).get("/auth/tokens").json()["results"] == []


def test_the_last_use_is_written_at_most_once_a_minute(salon):
    secret, first = token_for(salon.client), timezone.now()
    bearer(secret).get("/auth/me")
    assert Token.objects.get().last_used_at >= first
    for written, changes in ((first + timedelta(hours=1), False), (first - timedelta(minutes=2), True)):
        Token.objects.update(last_used_at=written)  # `test_expiry` says of which moment it is old
        bearer(secret).get("/auth/me")
        assert (Token.objects.get().last_used_at != written) == changes


@pytest.mark.sweep
def test_a_browser_needs_its_csrf_token_to_write_and_none_to_read(salon):
    browser = browser_of(salon.admin, enforce_csrf_checks=True)
    assert browser.get("/users").status_code == 200
    for method, path in (
        ("post", "/services"),
        ("patch", f"/services/{salon.service.pk}"),
        ("put", f"/services/{salon.service.pk}"),
        ("delete", f"/time-off/{salon.time_off.pk}"),
        ("post", "/auth/logout"),
        ("post", "/auth/password"),
    ):
        assert problem(getattr(browser, method)(path, {})) == (403, "csrf_failed")
        assert problem(getattr(browser, method)(path, {}, HTTP_X_CSRFTOKEN="x" * 32)) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = "x" * 32
    answer = browser.post("/services", {"name": "Cut"}, HTTP_X_CSRFTOKEN="x" * 32)
    assert answer.status_code == 201


def test_a_program_needs_no_csrf_token(salon):
    client = APIClient(enforce_csrf_checks=True, HTTP_AUTHORIZATION=f"bearer {token_for(salon.admin)}")
    assert client.post("/services", {"name": "Cut"}).status_code == 201


def test_a_browser_is_confined_like_a_program(salon, clinic):
    browser = browser_of(salon.admin)
    assert {row["organization"] for row in browser.get("/users").json()["results"]} == {salon.organization.pk}
    assert browser.get(f"/users/{clinic.client.pk}").status_code == 404
