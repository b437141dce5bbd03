"""The second factor: set up, asked for at both doors, never taken twice, wanted by an organization, lost and found."""

import re
from base64 import b32decode
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import hotp
from rest_framework.test import APIClient

from accounts import second_factor, second_step
from accounts.models import SecondFactor, Session, Token, User
from accounts.tests.factories import PASSWORD
from clientline.tests.pages import submit
from clientline.tests.problems import fields, problem
from organizations.models import Audit

BEGIN = {"current_password": PASSWORD}


@pytest.fixture
def clock(monkeypatch):
    """Time that a test sets; codes change every 30 seconds."""

    clock = SimpleNamespace(now=1_800_000_000)
    for module in (second_factor, second_step):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def code_at(secret, now):
    """What an authenticator app shows then."""
    return f"{hotp(b32decode(secret), now // 30):06}"


@pytest.fixture
def enrolled(salon, api, clock):
    """Set up for the salon's staff: the secret and the recovery codes."""
    client = api(salon.staff)
    answer = client.post("/auth/second-factor", BEGIN)
    made = answer.json()
    assert (answer.status_code, list(made)) == (201, ["secret", "uri", "recovery_codes"])
    confirmed = client.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)})
    assert confirmed.json() == {"enabled": True, "required": False, "recovery_codes_left": 10}
    clock.now += 60
    return made


def sign_in(user, **body):
    return APIClient().post("/auth/login", {"email": user.email, "password": PASSWORD} | body)


def test_setting_it_up_shows_secret_and_codes_once_and_keeps_no_code(salon, api, enrolled):
    assert re.fullmatch("[A-Z2-7]{32}", enrolled["secret"])
    assert enrolled["uri"] == (
        f"otpauth://totp/ClientLine%3Astaff%40salon.example?secret={enrolled['secret']}&issuer=ClientLine"
    )
    assert len(set(enrolled["recovery_codes"])) == 10
    assert re.fullmatch("([a-z2-7]{4}-){3}[a-z2-7]{4}", enrolled["recovery_codes"][0])
    stored = [bytes(each) for each in SecondFactor.objects.get(user=salon.staff).recovery_codes]
    assert {len(each) for each in stored} == {32}
    assert problem(api(salon.staff).post("/auth/second-factor", BEGIN)) == (409, "conflict")


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


def test_no_code_is_taken_twice_nor_long_before_or_after_its_time(salon, enrolled, clock):
    codes = {steps: code_at(enrolled["secret"], clock.now + 30 * steps) for steps in (-2, -1, 0, 1, 2)}
    assert sign_in(salon.staff, code=codes[-2]).status_code == 401
    assert sign_in(salon.staff, code=codes[2]).status_code == 401
    assert sign_in(salon.staff, code=codes[0]).status_code == 200
    assert sign_in(salon.staff, code=codes[0]).status_code == 401
    assert sign_in(salon.staff, code=codes[-1]).status_code == 401
    assert sign_in(salon.staff, code=codes[1]).status_code == 200


def test_a_recovery_code_opens_once(salon, api, enrolled):
    first, second = enrolled["recovery_codes"][:2]
    assert sign_in(salon.staff, code=first.upper()).status_code == 200
    assert sign_in(salon.staff, code=first).status_code == 401
    assert sign_in(salon.staff, code=second.replace("-", "")).status_code == 200
    assert api(salon.staff).get("/auth/second-factor").json()["recovery_codes_left"] == 8


def test_guessing_codes_is_counted_like_guessing_passwords(salon, enrolled, clock, settings):
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [sign_in(salon.staff, code="000000").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    answer = sign_in(salon.staff, code=code_at(enrolled["secret"], clock.now))
    assert problem(answer) == (429, "throttled")


def test_a_code_removes_it(salon, api, enrolled, clock):
    client = api(salon.staff)
    assert fields(client.delete("/auth/second-factor", {"code": "000000"})) == {"code": "invalid"}
    assert fields(client.delete("/auth/second-factor")) == {"code": "invalid"}
    code = code_at(enrolled["secret"], clock.now)
    assert client.delete("/auth/second-factor", {"code": code}).status_code == 204
    assert client.get("/auth/second-factor").json()["enabled"] is False
    assert sign_in(salon.staff).status_code == 200
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize("code", ["", "٠١٢٣٤٥", "1" * 40, "x" * 16, "-", " "])
def test_nonsense_is_no_code(salon, enrolled, code):
    assert sign_in(salon.staff, code=code).status_code in (400, 401)


def factor_changes():
    """Who switched a second factor, by what the audit tells: door, actor, whose it is, from what to what."""
    rows = Audit.objects.filter(table="users", changes__has_key="has_second_factor", action="update").order_by("id")
    return [(entry.source, entry.actor_id, entry.row, entry.changes["has_second_factor"]) for entry in rows]


def test_switching_it_is_its_owners_doing_in_the_audit(salon, api, enrolled):
    answer = api(salon.staff).delete("/auth/second-factor", {"code": enrolled["recovery_codes"][0]})
    assert answer.status_code == 204
    staff = salon.staff.pk
    assert factor_changes() == [
        ("api", staff, staff, ["false", "true"]),
        ("api", staff, staff, ["true", "false"]),
    ]


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


# Wanted by the organization


@pytest.fixture
def strict(salon, client):
    client.force_login(salon.admin)
    page = f"/admin/organizations/organization/{salon.organization.pk}/change/"
    assert submit(client, page, require_second_factor="on").status_code == 302
    return salon


def test_who_works_for_an_organization_that_wants_it_sets_it_up_first(strict, clinic, clock, api):
    browser, program = Client(), api(strict.manager)
    browser.force_login(strict.manager)
    for path in ("/admin/", "/admin/accounts/user/", "/admin/nowhere/"):
        assert browser.get(path)["Location"] == "/admin/second-factor/"
    for path in ("/users", "/auth/me", "/appointments"):
        assert problem(program.get(path)) == (403, "second_factor_required")
    assert "Your organization wants" in browser.get("/admin/second-factor/").content.decode()
    made = program.post("/auth/second-factor", BEGIN).json()
    assert program.get("/auth/second-factor").json()["required"] is True
    assert program.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)}).status_code == 200
    assert program.get("/users").status_code == 200
    browser.force_login(User.objects.get(pk=strict.manager.pk))  # all other sign-ins have ended
    assert browser.get("/admin/").status_code == 200


def test_clients_and_other_organizations_are_not_asked(strict, clinic, operator, api):
    for person in (strict.client, clinic.staff, operator):
        assert api(person).get("/auth/me").status_code == 200


def test_an_operator_helps_who_has_lost_everything(salon, enrolled):
    call_command("reset_second_factor", salon.staff.email.upper())
    assert sign_in(salon.staff).status_code == 200
    with pytest.raises(CommandError, match="Nobody with the address"):
        call_command("reset_second_factor", salon.staff.email)


def test_what_an_operators_command_takes_away_is_no_owners_doing(salon):
    second_factor.confirm(salon.staff)
    second_factor.remove(salon.staff, by=None)
    assert [actor for _, actor, *_ in factor_changes()] == [salon.staff.pk, None]


def test_deleting_somebody_deletes_it(salon, api, clock):
    newcomer = User.objects.create_user("new@salon.example", PASSWORD, organization=salon.organization, role="staff")
    api(newcomer).post("/auth/second-factor", BEGIN)
    assert api(salon.admin).delete(f"/users/{newcomer.pk}").status_code == 204
    assert not SecondFactor.objects.exists()


def test_an_admin_demands_it_by_the_api(salon, clinic, api):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    assert client.get(path).json()["require_second_factor"] is False
    assert problem(api(salon.manager).patch(path, {"require_second_factor": True})) == (403, "permission_denied")
    assert client.patch(path, {"require_second_factor": True}).json()["require_second_factor"] is True
    assert problem(client.get(path)) == (403, "second_factor_required")
    assert problem(api(salon.staff).get("/users")) == (403, "second_factor_required")
    assert api(clinic.staff).get("/users").status_code == api(salon.client).get("/appointments").status_code == 200


def test_a_put_that_does_not_know_the_key_leaves_the_demand(salon, api):
    User.objects.filter(pk=salon.admin.pk).update(has_second_factor=True)
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    known = client.patch(path, {"require_second_factor": True}).json()
    del known["require_second_factor"]
    answer = client.put(path, known)
    assert (answer.status_code, answer.json()["require_second_factor"]) == (200, True)


# Of operators


@pytest.fixture
def bare(operator):
    """An operator who has just been made."""
    User.objects.filter(pk=operator.pk).update(has_second_factor=False)
    operator.refresh_from_db()
    return operator


def test_an_operator_without_one_reaches_what_sets_it_up_and_nothing_else(bare, salon, api, clock):
    program = api(bare)
    assert program.get("/auth/me").status_code == 200
    assert program.get("/auth/second-factor").json() == {
        "enabled": False, "required": True, "recovery_codes_left": 0,
    }  # fmt: skip
    for path in ("/users", "/organizations", "/auth/sessions", "/auth/tokens", f"/appointments/{salon.visit.pk}"):
        assert problem(program.get(path)) == (403, "second_factor_required"), path
    passwords = {"current_password": PASSWORD, "new_password": "another-long-one"}
    assert problem(program.post("/auth/password", passwords)) == (403, "second_factor_required")
    made = program.post("/auth/second-factor", BEGIN).json()
    assert program.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)}).status_code == 200
    assert program.get("/users").status_code == 200
    assert api(bare).post("/auth/logout").status_code == 204


def test_an_operator_is_led_to_it_at_the_first_sign_in(bare, client, clock):
    client.post("/admin/login/", {"username": bare.email, "password": PASSWORD})
    for path in ("/admin/", "/admin/accounts/user/", "/admin/sign-ins/", "/admin/password_change/"):
        assert client.get(path)["Location"] == "/admin/second-factor/"
    assert "Who runs the platform needs a second factor." in client.get("/admin/second-factor/").content.decode()
    secret = pass_password(client).context["secret"]
    assert client.post("/admin/second-factor/", {"code": code_at(secret, clock.now)}).context["codes"]
    assert client.get("/admin/organizations/organization/").status_code == 200


def test_where_operators_need_none_the_demand_of_an_organization_binds_them(bare, salon, clinic, api, settings):
    settings.REQUIRE_OPERATOR_SECOND_FACTOR = False
    program = api(bare)
    assert program.get(f"/users?organization={salon.organization.pk}").status_code == 200
    assert program.get("/auth/second-factor").json()["required"] is False
    type(salon.organization).objects.filter(pk=salon.organization.pk).update(require_second_factor=True)
    assert problem(program.get(f"/users?organization={salon.organization.pk}")) == (403, "second_factor_required")
    assert program.get("/auth/me").status_code == 200
    assert program.get("/auth/second-factor").json()["required"] is True


# What it ends


def sign_ins_of(user):
    return Token.objects.filter(user=user).count(), Session.objects.filter(user=user).count()


@pytest.mark.parametrize("door", ["token", "session"])
def test_switching_it_on_and_off_ends_all_other_sign_ins(salon, clock, api, door):
    browser, other = Client(), Client()
    for each in (browser, other):
        each.force_login(salon.staff)
    program, _ = api(salon.staff), api(salon.staff)
    bystander = api(salon.manager)
    if door == "token":
        made = program.post("/auth/second-factor", BEGIN).json()
        assert program.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)}).status_code == 200
    else:
        secret = pass_password(browser).context["secret"]
        made = {"recovery_codes": browser.post(
            "/admin/second-factor/", {"code": code_at(secret, clock.now)}).context["codes"]}  # fmt: skip
    assert sign_ins_of(salon.staff) == ((1, 0) if door == "token" else (0, 1))
    api(salon.staff)
    code = {"code": made["recovery_codes"][0]}
    answer = (
        program.delete("/auth/second-factor", code) if door == "token" else browser.post("/admin/second-factor/", code)
    )
    assert answer.status_code == (204 if door == "token" else 302)
    assert sign_ins_of(salon.staff) == ((1, 0) if door == "token" else (0, 1))
    here = program.get("/auth/me") if door == "token" else browser.get("/admin/")
    assert (here.status_code, bystander.get("/auth/me").status_code) == (200, 200)


@pytest.mark.parametrize("door", ["token", "session", "another"])
def test_another_address_ends_all_other_sign_ins(salon, api, door):
    browser, program, bystander = Client(), api(salon.staff), api(salon.manager)
    browser.force_login(salon.staff)
    page = f"/admin/accounts/user/{salon.staff.pk}/change/"
    if door == "session":
        assert submit(browser, page, email="sam@salon.example").status_code == 302
        assert browser.get("/admin/").status_code == 200
    else:
        by = program if door == "token" else api(salon.admin)
        assert by.patch(f"/users/{salon.staff.pk}", {"email": "sam@salon.example"}).status_code == 200
        assert by.get("/auth/me").status_code == 200
    assert sign_ins_of(salon.staff) == {"token": (1, 0), "session": (0, 1), "another": (0, 0)}[door]
    assert bystander.get("/auth/me").status_code == 200


def test_another_name_ends_nothing(salon, api):
    program, _ = api(salon.staff), api(salon.staff)
    assert program.patch(f"/users/{salon.staff.pk}", {"name": "Sam", "phone": "1"}).status_code == 200
    assert sign_ins_of(salon.staff) == (2, 0)
