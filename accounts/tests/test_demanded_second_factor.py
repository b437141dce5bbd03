"""Who demands a second factor of whom, and which sign-ins end with a change of what one signs in with."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import second_factor
from accounts.models import SecondFactor, Session, Token, User
from accounts.tests.factories import PASSWORD
from accounts.tests.second_factors import BEGIN, code_at, sign_in
from accounts.tests.test_second_factor import factor_changes, pass_password
from clientline.tests.pages import fill_in
from clientline.tests.problems import problem

# Wanted by the organization


@pytest.mark.sweep
def test_who_works_for_an_organization_that_wants_it_sets_it_up_first(salon, clinic, clock, api):
    browser, program = Client(), api(salon.manager)
    browser.force_login(salon.admin)
    page = f"/admin/organizations/organization/{salon.organization.pk}/change/"
    assert fill_in(browser, page, require_second_factor="on").status_code == 302
    browser.force_login(salon.manager)
    for path in ("/admin/", "/admin/accounts/user/", "/admin/nowhere/"):
        assert browser.get(path)["Location"] == "/admin/second-factor/"
    for path in ("/users", "/auth/me", "/appointments"):
        assert problem(program.get(path)) == (403, "second_factor_required")
    assert "Your organization wants" in browser.get("/admin/second-factor/").content.decode()
    made = program.post("/auth/second-factor", BEGIN).json()
    assert program.get("/auth/second-factor").json()["required"] is True
    assert program.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)}).status_code == 200
    assert program.get("/users").status_code == 200
    browser.force_login(User.objects.get(pk=salon.manager.pk))  # all other sign-ins have ended
    assert browser.get("/admin/").status_code == 200


def test_clients_and_other_organizations_are_not_asked(salon, clinic, operator, api):
    type(salon.organization).objects.filter(pk=salon.organization.pk).update(require_second_factor=True)
    for person in (salon.client, clinic.staff, operator):
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


@pytest.mark.sweep
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


@pytest.mark.sweep
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


@pytest.mark.sweep
def test_an_operator_is_led_to_it_at_the_first_sign_in(bare, client, clock):
    client.post("/admin/login/", {"username": bare.email, "password": PASSWORD})
    for path in ("/admin/", "/admin/accounts/user/", "/admin/sign-ins/", "/admin/password_change/"):
        assert client.get(path)["Location"] == "/admin/second-factor/"
    assert "Who runs the platform needs a second factor." in client.get("/admin/second-factor/").content.decode()
    secret = pass_password(client).context["secret"]
    assert client.post("/admin/second-factor/", {"code": code_at(secret, clock.now)}).context["codes"]
    assert client.get("/admin/organizations/organization/").status_code == 200


@pytest.mark.sweep
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


@pytest.mark.sweep
@pytest.mark.parametrize("door", ["token", "session"])
def test_switching_it_on_and_off_ends_all_other_sign_ins(salon, clock, api, door):
    browser, other = Client(), Client()
    for each in (browser, other):
        each.force_login(salon.staff)
    program, _ = api(salon.staff), api(salon.staff, anew=True)
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


@pytest.mark.parametrize("door", ["token", pytest.param("session", marks=pytest.mark.sweep), "another"])
def test_another_address_ends_all_other_sign_ins(salon, api, door):
    browser, program, bystander = Client(), api(salon.staff), api(salon.manager)
    browser.force_login(salon.staff)
    page = f"/admin/accounts/user/{salon.staff.pk}/change/"
    if door == "session":
        assert fill_in(browser, page, email="sam@salon.example").status_code == 302
        assert browser.get("/admin/").status_code == 200
    else:
        by = program if door == "token" else api(salon.admin)
        assert by.patch(f"/users/{salon.staff.pk}", {"email": "sam@salon.example"}).status_code == 200
        assert by.get("/auth/me").status_code == 200
    assert sign_ins_of(salon.staff) == {"token": (1, 0), "session": (0, 1), "another": (0, 0)}[door]
    assert bystander.get("/auth/me").status_code == 200


def test_another_name_ends_nothing(salon, api):
    program, _ = api(salon.staff), api(salon.staff, anew=True)
    assert program.patch(f"/users/{salon.staff.pk}", {"name": "Sam", "phone": "1"}).status_code == 200
    assert sign_ins_of(salon.staff) == (2, 0)
