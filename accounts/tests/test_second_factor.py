"""The second factor: set up, asked for at both doors, never taken twice, wanted by an organization, lost and found."""

import re

import pytest
from axes.models import AccessAttempt
from django.test import Client

from accounts import second_factor
from accounts.models import SecondFactor, User
from accounts.tests.factories import PASSWORD
from accounts.tests.second_factors import BEGIN, code_at, sign_in
from clientline.tests.problems import fields, problem
from organizations.models import Audit


def set_up(client, clock):
    """As a program does."""
    answer = client.post("/auth/second-factor", BEGIN)
    made = answer.json()
    assert (answer.status_code, list(made)) == (201, ["secret", "uri", "recovery_codes"])
    confirmed = client.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)})
    assert confirmed.json() == {"enabled": True, "required": False, "recovery_codes_left": 10}
    return made


def test_setting_it_up_shows_secret_and_codes_once_and_keeps_no_code(salon, api, clock):
    made = set_up(api(salon.staff), clock)
    assert re.fullmatch("[A-Z2-7]{32}", made["secret"])
    assert made["uri"] == (
        f"otpauth://totp/ClientLine%3Astaff%40salon.example?secret={made['secret']}&issuer=ClientLine"
    )
    assert len(set(made["recovery_codes"])) == 10
    assert re.fullmatch("([a-z2-7]{4}-){3}[a-z2-7]{4}", made["recovery_codes"][0])
    stored = [bytes(each) for each in SecondFactor.objects.get(user=salon.staff).recovery_codes]
    assert {len(each) for each in stored} == {32}
    assert problem(api(salon.staff).post("/auth/second-factor", BEGIN)) == (409, "conflict")


@pytest.mark.sweep
def test_setting_it_up_asks_for_the_password(salon, api, settings):
    settings.AXES_FAILURE_LIMIT = 3
    client = api(salon.staff)
    assert fields(client.post("/auth/second-factor", {})) == {"current_password": "required"}
    assert fields(client.post("/auth/second-factor", {"current_password": "wrong"})) == {"current_password": "invalid"}
    assert fields(client.post("/auth/second-factor", {"code": "000000"})) == {"code": "invalid"}
    for body in ({"current_password": "wrong"}, BEGIN):
        assert problem(client.post("/auth/second-factor", body)) == (429, "throttled")
    assert not SecondFactor.objects.exists()


def test_before_it_is_confirmed_nothing_changes(salon, api, clock):
    client = api(salon.staff)
    client.post("/auth/second-factor", BEGIN)
    assert fields(client.post("/auth/second-factor", {"code": "000000"})) == {"code": "invalid"}
    assert client.get("/auth/second-factor").json()["enabled"] is False
    assert sign_in(salon.staff).status_code == 200


def test_signing_in_needs_a_code_and_says_so_only_after_the_right_password(salon, enrolled, clock):
    right = code_at(enrolled["secret"], clock.now)
    assert problem(sign_in(salon.staff)) == (401, "second_factor_required")
    assert problem(sign_in(salon.staff, code="000000")) == (401, "second_factor_required")
    assert problem(sign_in(salon.staff, password="wrong")) == (401, "invalid_credentials")
    assert problem(sign_in(salon.staff, password="wrong", code=right)) == (401, "invalid_credentials")
    assert sign_in(salon.staff, code=f"{right[:3]} {right[3:]}").status_code == 200
    assert sign_in(salon.client, code="whatever").status_code == 200


@pytest.mark.sweep
def test_no_code_is_taken_twice_nor_long_before_or_after_its_time(salon, enrolled, clock):
    codes = {steps: code_at(enrolled["secret"], clock.now + 30 * steps) for steps in (-2, -1, 0, 1, 2)}
    assert sign_in(salon.staff, code=codes[-2]).status_code == 401
    assert sign_in(salon.staff, code=codes[2]).status_code == 401
    assert sign_in(salon.staff, code=codes[0]).status_code == 200
    assert sign_in(salon.staff, code=codes[0]).status_code == 401
    assert sign_in(salon.staff, code=codes[-1]).status_code == 401
    assert sign_in(salon.staff, code=codes[1]).status_code == 200


@pytest.mark.sweep
def test_a_recovery_code_opens_once(salon, api, enrolled):
    first, second = enrolled["recovery_codes"][:2]
    assert sign_in(salon.staff, code=first.upper()).status_code == 200
    assert sign_in(salon.staff, code=first).status_code == 401
    assert sign_in(salon.staff, code=second.replace("-", "")).status_code == 200
    assert api(salon.staff).get("/auth/second-factor").json()["recovery_codes_left"] == 8


@pytest.mark.sweep
def test_guessing_codes_is_counted_like_guessing_passwords(salon, enrolled, clock, settings):
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [sign_in(salon.staff, code="000000").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    answer = sign_in(salon.staff, code=code_at(enrolled["secret"], clock.now))
    assert problem(answer) == (429, "throttled")


@pytest.mark.sweep
def test_a_code_removes_it(salon, api, enrolled, clock):
    client = api(salon.staff)
    assert fields(client.delete("/auth/second-factor", {"code": "000000"})) == {"code": "invalid"}
    assert fields(client.delete("/auth/second-factor")) == {"code": "invalid"}
    code = code_at(enrolled["secret"], clock.now)
    assert client.delete("/auth/second-factor", {"code": code}).status_code == 204
    assert client.get("/auth/second-factor").json()["enabled"] is False
    assert sign_in(salon.staff).status_code == 200
    assert not SecondFactor.objects.exists()


@pytest.mark.sweep
def test_nonsense_is_no_code(salon, enrolled):
    for code in ("", "٠١٢٣٤٥", "1" * 40, "x" * 16, "-", " "):
        AccessAttempt.objects.all().delete()  # else guesses are counted
        assert sign_in(salon.staff, code=code).status_code in (400, 401), code


def factor_changes():
    """Who switched a second factor, by what the audit tells: door, actor, whose it is, from what to what."""
    rows = Audit.objects.filter(table="users", changes__has_key="has_second_factor", action="update").order_by("id")
    return [(entry.source, entry.actor_id, entry.row, entry.changes["has_second_factor"]) for entry in rows]


def test_switching_it_is_its_owners_doing_in_the_audit(salon, api, clock):
    client = api(salon.staff)
    made = set_up(client, clock)
    answer = client.delete("/auth/second-factor", {"code": made["recovery_codes"][0]})
    assert answer.status_code == 204
    staff = salon.staff.pk
    assert factor_changes() == [
        ("api", staff, staff, ["false", "true"]),
        ("api", staff, staff, ["true", "false"]),
    ]


@pytest.mark.sweep
def test_a_recovery_code_is_worth_nothing_before_an_app_has_shown_its_code(salon, api, clock):
    made = api(salon.staff).post("/auth/second-factor", BEGIN).json()
    for code in made["recovery_codes"]:
        assert not second_factor.accepts(salon.staff, code)
    answer = api(salon.staff).post("/auth/second-factor", {"code": made["recovery_codes"][0]})
    assert (answer.status_code, fields(answer)) == (400, {"code": "invalid"})
    assert not User.objects.get(pk=salon.staff.pk).has_second_factor
    api(salon.staff).post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)})
    assert [second_factor.accepts(salon.staff, made["recovery_codes"][0]) for _ in range(2)] == [True, False]
    assert second_factor.describe_state(salon.staff)["recovery_codes_left"] == 9


def test_setting_it_up_anew_makes_the_earlier_recovery_codes_worthless(salon, api, clock):
    earlier, later = (api(salon.staff).post("/auth/second-factor", BEGIN).json() for _ in range(2))
    assert second_factor.accepts(salon.staff, code_at(later["secret"], clock.now))
    second_factor.confirm(salon.staff)
    assert not second_factor.accepts(salon.staff, earlier["recovery_codes"][0])
    assert second_factor.accepts(salon.staff, later["recovery_codes"][0])


# The admin


def first_step(client, user):
    answer = client.post("/admin/login/?next=/admin/accounts/user/", {
        "username": user.email, "password": PASSWORD, "next": "/admin/accounts/user/",
    })  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, "/admin/code/?next=%2Fadmin%2Faccounts%2Fuser%2F")
    return answer["Location"]


@pytest.mark.sweep
def test_the_admin_asks_for_the_code_as_a_second_step(salon, enrolled, clock, client):
    url = first_step(client, salon.staff)
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/auth/me").status_code == 401
    wrong = client.post(url, {"code": "000000"})
    assert wrong.context["form"].errors == {"code": ["This is not the present code."]}
    answer = client.post(url, {"code": code_at(enrolled["secret"], clock.now)})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/")
    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get("/admin/code/")["Location"] == "/admin/login/"


@pytest.mark.sweep
def test_the_second_step_leads_to_no_other_site_and_ends_with_time_and_password(salon, enrolled, clock, client):
    first_step(client, salon.staff)
    answer = client.post("/admin/code/?next=https://evil.example/", {"code": enrolled["recovery_codes"][0]})
    assert answer["Location"] == "/admin/"
    for change in ("time", "password"):
        browser = Client()
        url = first_step(browser, salon.staff)
        if change == "time":
            clock.now += 400
        else:
            User.objects.filter(pk=salon.staff.pk).update(password="!")
        answer = browser.post(url, {"code": enrolled["recovery_codes"][1]})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/login/")


@pytest.mark.sweep
def test_codes_guessed_at_the_second_step_lock_it(salon, enrolled, client, settings):
    settings.AXES_FAILURE_LIMIT = 2
    url = first_step(client, salon.staff)
    assert [client.post(url, {"code": "000000"}).status_code for _ in range(3)] == [200, 429, 429]
    assert client.post(url, {"code": enrolled["recovery_codes"][0]}).status_code == 429


def pass_password(browser):
    """The page after the password was given once more."""
    answer = browser.post("/admin/second-factor/", BEGIN)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/second-factor/")
    return browser.get("/admin/second-factor/")


@pytest.mark.sweep
def test_the_page_shows_no_secret_before_the_password_and_not_for_long(salon, clock, client):
    client.force_login(salon.staff)
    for answer in (
        client.get("/admin/second-factor/"),
        client.post("/admin/second-factor/", {"code": "000000"}),
        client.post("/admin/second-factor/", {"current_password": "wrong"}),
    ):
        assert "secret" not in answer.context
        assert 'name="current_password"' in answer.content.decode()
    assert "This is not your password." in answer.content.decode()
    assert not SecondFactor.objects.exists()
    secret = pass_password(client).context["secret"]
    clock.now += 300
    answer = client.post("/admin/second-factor/", {"code": code_at(secret, clock.now)})
    assert secret not in answer.content.decode() and not User.objects.get(pk=salon.staff.pk).has_second_factor


@pytest.mark.sweep
def test_the_page_draws_the_code_takes_it_and_shows_recovery_codes_once(salon, clock, client):
    client.force_login(salon.staff)
    page = pass_password(client)
    secret = page.context["secret"]
    assert "<svg" in page.content.decode() and "style=" not in page.content.decode().split('id="content"')[1]
    again = client.post("/admin/second-factor/", {"code": "000000"})
    assert (again.context["secret"], again.context["form"].errors) == (
        secret, {"code": ["This is not the present code."]},
    )  # fmt: skip
    done = client.post("/admin/second-factor/", {"code": code_at(secret, clock.now)})
    codes = done.context["codes"]
    assert len(codes) == 10 and codes[0] in done.content.decode()
    shown = client.get("/admin/second-factor/").content.decode()
    assert codes[0] not in shown and secret not in shown and "10 recovery codes left" in shown
    assert client.post("/admin/second-factor/", {"code": codes[0]}).status_code == 302
    assert not User.objects.get(pk=salon.staff.pk).has_second_factor
    staff = salon.staff.pk
    assert factor_changes() == [
        ("admin", staff, staff, ["false", "true"]),
        ("admin", staff, staff, ["true", "false"]),
    ]
