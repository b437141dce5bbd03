"""Guessing passwords: counted by account and by address, whoever is asked for and whichever door is tried."""

from math import ceil

import pytest
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.sign_in import FailuresHandler
from accounts.tests.factories import PASSWORD, UserFactory
from clientline.tests.pages import errors_of
from clientline.tests.problems import fields, problem
from clientline.web.addresses import find_address, find_network

TOO_MANY = "Too many failed attempts. Try again in a quarter of an hour."


@pytest.fixture(autouse=True)
def limit(settings):
    settings.AXES_FAILURE_LIMIT = 3


def sign_in(user, password=PASSWORD, address="192.0.2.1", **headers):
    email = getattr(user, "email", user)
    return APIClient(REMOTE_ADDR=address, **headers).post("/auth/login", {"email": email, "password": password})


def fail(user, times, **where):
    return [sign_in(user, "wrong", **where).status_code for _ in range(times)]


def test_too_many_failures_lock_an_account_wherever_from_and_tell_until_when(salon):
    began = timezone.now()
    assert [sign_in(salon.client, "wrong", address=f"192.0.2.{n}").status_code for n in (1, 2, 3)] == [401, 401, 429]
    answer = sign_in(salon.client, address="198.51.100.1")
    passed = ceil((timezone.now() - began).total_seconds())
    assert problem(answer) == (429, "throttled")
    assert answer.json()["detail"] == TOO_MANY
    assert 900 - passed <= int(answer["Retry-After"]) <= 900
    assert sign_in(salon.staff).status_code == 200


def test_a_lock_that_ends_while_it_is_told_is_told_for_a_second(db, rf):
    request = rf.post("/auth/login")
    AxesProxyHandler.update_request(request)
    assert FailuresHandler().count_seconds_left(request, {"email": "nobody@example.com"}) == 1.0


@pytest.mark.sweep
def test_the_unknown_and_the_inactive_are_locked_like_anybody(salon, settings):
    settings.AXES_FAILURE_LIMIT = 2
    inactive = UserFactory(organization=salon.organization, is_active=False)
    answers = []
    for number, email in enumerate((salon.client.email, inactive.email, "nobody@example.com")):
        where = {"address": f"192.0.2.{number}"}
        assert fail(email, 2, **where) == [401, 429]
        answers.append(sign_in(email, **where).content)
    assert len(set(answers)) == 1


@pytest.mark.sweep
def test_too_many_failures_lock_an_address_whoever_is_asked_for(salon, settings, monkeypatch):
    settings.AXES_FAILURE_LIMIT = 2
    monkeypatch.setattr("accounts.sign_in.ACCOUNTS_BEHIND_AN_ADDRESS", 2)
    assert [fail(f"guess{n}@example.com", 1) for n in range(4)] == [[401], [401], [401], [429]]
    assert sign_in(salon.client).status_code == 429
    assert sign_in(salon.client, address="198.51.100.1").status_code == 200


@pytest.mark.sweep
def test_an_address_of_ipv6_counts_with_its_neighbours(salon, monkeypatch):
    monkeypatch.setattr("accounts.sign_in.ACCOUNTS_BEHIND_AN_ADDRESS", 1)
    for n in range(2):
        assert fail(f"guess{n}@example.com", 1, address=f"2001:db8::{n}") == [401]
    assert fail("guess@example.com", 1, address="2001:db8::ffff:1") == [429]
    assert sign_in(salon.client, address="2001:db8:0:1::1").status_code == 200


@pytest.mark.sweep
def test_signing_in_clears_the_own_failures_and_nobody_elses(salon):
    assert fail(salon.client, 2) == [401, 401]
    assert fail(salon.staff, 2) == [401, 401]
    assert sign_in(salon.client).status_code == 200
    assert fail(salon.client, 2) == [401, 401]
    assert fail(salon.staff, 1) == [429]


@pytest.mark.sweep
def test_a_lockout_ends_and_is_not_prolonged_by_trying(salon, settings):
    fail(salon.client, 3)
    [locked_at] = AccessAttempt.objects.values_list("attempt_time", flat=True)
    assert fail(salon.client, 2) == [429, 429]
    assert list(AccessAttempt.objects.values_list("attempt_time", flat=True)) == [locked_at]
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME)
    assert sign_in(salon.client).status_code == 200


@pytest.mark.sweep
def test_both_doors_count_together(salon, client):
    form = {"username": salon.staff.email.upper(), "password": "wrong"}
    for _ in range(2):
        assert client.post("/admin/login/", form).status_code == 200
    assert fail(salon.staff, 1) == [429]
    answer = client.post("/admin/login/", form | {"password": PASSWORD})
    assert (answer.status_code, errors_of(answer)) == (429, [])
    assert answer.context["form"].non_field_errors() == [TOO_MANY]
    assert "_auth_user_id" not in client.session


@pytest.mark.sweep
def test_guessing_the_password_with_a_stolen_token_or_session_is_counted(salon, api, client):
    stolen = api(salon.staff)
    client.force_login(salon.staff)
    body = {"current_password": "wrong", "new_password": "another-good-battery"}
    assert fields(stolen.post("/auth/password", body)) == {"current_password": "invalid"}
    form = {"old_password": "wrong", "new_password1": "another-good-1", "new_password2": "another-good-1"}
    assert errors_of(client.post("/admin/password_change/", form)) == ["This is not your password."]
    assert problem(stolen.post("/auth/password", body)) == (429, "throttled")
    answer = client.post("/admin/password_change/", form | {"old_password": PASSWORD})
    assert (answer.status_code, errors_of(answer)) == (429, [TOO_MANY])
    salon.staff.refresh_from_db()
    assert salon.staff.check_password(PASSWORD)


def test_what_is_counted_holds_no_secret(salon, client):
    client.post("/admin/login/", {"username": salon.staff.email, "password": "a-secret"})
    fail(salon.staff, 1)
    first, second = map(str, AccessAttempt.objects.values())
    assert "a-secret" not in first + second and "wrong" not in first + second


def test_sign_ins_and_failures_of_the_api_are_announced_like_the_admins(salon):
    heard = []

    def failed(sender, credentials, request, **kwargs):
        heard.append((credentials, request.path))

    def signed_in(sender, user, request, **kwargs):
        heard.append((user, request.path))

    user_login_failed.connect(failed)
    user_logged_in.connect(signed_in)
    sign_in(salon.client, "wrong")
    sign_in(salon.client)
    user_login_failed.disconnect(failed)
    user_logged_in.disconnect(signed_in)
    cleaned = {"email": salon.client.email, "password": "********************"}
    assert heard == [(cleaned, "/auth/login"), (salon.client, "/auth/login")]
    salon.client.refresh_from_db()
    assert salon.client.last_login is not None


def test_only_declared_proxies_are_believed(rf, settings):
    for proxies, remote, forwarded, address in (
        ([], "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (["192.0.2.0/24"], "192.0.2.1", "198.51.100.7", "198.51.100.7"),
        (["192.0.2.1"], "192.0.2.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (["192.0.2.1", "10.0.0.0/8"], "192.0.2.1", "198.51.100.7, 10.1.1.1", "198.51.100.7"),
        (["192.0.2.1"], "192.0.2.1", "203.0.113.9, unknown", "192.0.2.1"),
        (["192.0.2.1"], "192.0.2.1", "", "192.0.2.1"),
        (["192.0.2.1"], "192.0.2.2", "198.51.100.7", "192.0.2.2"),
        (["::1"], "::1", "::ffff:198.51.100.7", "198.51.100.7"),
        (["::1"], "::1", "fe80::1%eth0", "fe80::1"),
        ([], "", "198.51.100.7", None),
    ):
        settings.TRUSTED_PROXIES = proxies
        request = rf.get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
        network = address if address is None or "." in address else "fe80::"
        assert (find_address(request), find_network(request)) == (address, network), (proxies, remote, forwarded)
