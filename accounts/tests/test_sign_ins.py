"""All that acts for somebody: seen and ended by themselves, and ended with password, role and standing."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, Token, User
from accounts.tests.factories import PASSWORD, token_for
from clientline.tests.pages import fill_in
from clientline.tests.problems import problem
from organizations.models import Organization

pytestmark = pytest.mark.clock


def open_browser(user, **where):
    """A browser that has signed in to the admin by its form."""
    browser = Client(**where)
    answer = browser.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return browser


def start_program(user, **where):
    """A program that has signed in by the API."""
    body = {"email": user.email, "password": PASSWORD}
    secret = APIClient(**where).post("/auth/login", body).json()["token"]
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")


def browser_of(user):
    """One that is signed in, whichever way."""
    browser = Client()
    browser.force_login(user)
    return browser


def program_of(user):
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {token_for(user)}")


def statuses(*clients):
    return [client.get("/auth/me").status_code for client in clients]


def found(client):
    return client.get("/auth/sessions").json()["results"]


@pytest.mark.sweep
def test_everybody_sees_what_acts_for_them_newest_first(salon, clinic, api):
    browser = open_browser(salon.staff, REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="Firefox")
    program = start_program(salon.staff, REMOTE_ADDR="2001:db8::1", HTTP_USER_AGENT="x" * 1000)
    program.post("/auth/tokens", {"name": "Calendar"})
    browser_of(salon.admin), program_of(clinic.staff)
    named, signed_in, session = found(program)
    used = ["last_used_at", "last_used_address"]
    keys = ["id", "kind", "name", "scope", "created_at", *used, "expires_at", "address", "agent", "current"]
    assert list(named) == keys
    assert [named[key] for key in keys[1:4] + used + keys[8:]] == [
        "token",
        "Calendar",
        "manage",
        None,
        None,
        None,
        "",
        False,
    ]
    assert (signed_in["address"], signed_in["agent"], signed_in["current"]) == ("2001:db8::1", "x" * 200, True)
    assert (session["kind"], session["address"], session["agent"]) == ("session", "192.0.2.1", "Firefox")
    end = datetime.fromisoformat(session["expires_at"])
    assert session["expires_at"] == end.astimezone(salon.organization.zone).isoformat()  # as the clocks will stand then
    assert [each["current"] for each in found(browser)] == [False, False, True]


@pytest.mark.sweep
def test_everybody_ends_their_own_and_nobody_elses(salon, clinic, api):
    browser, program, here = browser_of(salon.staff), program_of(salon.staff), program_of(salon.staff)
    others = [each["id"] for each in found(here) if not each["current"]]
    for stranger in (salon.admin, clinic.staff):
        for each in others:
            assert problem(api(stranger).delete(f"/auth/sessions/{each}")) == (404, "not_found")
    assert statuses(browser, program, here) == [200, 200, 200]
    assert [here.delete(f"/auth/sessions/{each}").status_code for each in others] == [204, 204]
    assert statuses(browser, program, here) == [401, 401, 200]
    assert problem(here.delete(f"/auth/sessions/{others[0]}")) == (404, "not_found")


@pytest.mark.sweep
def test_what_is_no_sign_in_is_not_found(salon, api):
    client = api(salon.staff)
    for id in ("1", "session-", "token-x", "user-1", "session-99999999999999999999", "token--1", "-"):
        assert problem(client.delete(f"/auth/sessions/{id}")) == (404, "not_found"), id


@pytest.mark.sweep
def test_the_admin_has_a_page_for_it(salon, client):
    client.force_login(salon.staff)
    open_browser(salon.staff, HTTP_USER_AGENT="<b>Elsewhere</b>")
    token_for(salon.staff)
    text = client.get("/admin/sign-ins/").content.decode()
    assert "&lt;b&gt;Elsewhere&lt;/b&gt;" in text
    assert text.count("This one") == 1
    elsewhere = Session.objects.get(user=salon.staff, agent="<b>Elsewhere</b>")
    for id in ("nonsense", f"session-{elsewhere.pk}"):
        answer = client.post("/admin/sign-ins/", {"end": id})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/sign-ins/")
    assert Session.objects.filter(user=salon.staff).count() == 1
    assert Client().get("/admin/sign-ins/")["Location"].startswith("/admin/login/")


def test_the_last_use_of_a_session_is_written_at_most_once_a_minute(salon):
    browser, first = browser_of(salon.staff), timezone.now()
    for written, changes in ((first + timedelta(hours=1), False), (first - timedelta(minutes=2), True)):
        Session.objects.update(last_used_at=written)  # `test_expiry` says of which moment it is old
        browser.get("/auth/me")
        assert (Session.objects.get().last_used_at != written) == changes
    assert Session.objects.get().last_used_at >= first


CHANGES = {"role": ("manager", "staff"), "is_active": (False, True), "password": ("!", "!!")}


@pytest.mark.sweep
@pytest.mark.pairs("psql")
@pytest.mark.parametrize("door", ["psql", "update", "save"])
@pytest.mark.parametrize("column", CHANGES)
def test_sign_ins_end_with_password_role_and_activity_through_any_door_and_stay_ended(salon, column, door):
    clients = browser_of(salon.staff), program_of(salon.staff)
    others = browser_of(salon.admin), program_of(salon.admin)
    before = getattr(salon.staff, column)
    for value in (CHANGES[column][0], before):
        if door == "psql":
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE users SET {column} = %s WHERE id = %s", [value, salon.staff.pk])
        elif door == "update":
            User.objects.filter(pk=salon.staff.pk).update(**{column: value})
        else:
            setattr(salon.staff, column, value)
            salon.staff.save(update_fields=[column])
    assert statuses(*clients, *others) == [401, 401, 200, 200]
    assert not Session.objects.filter(user=salon.staff).exists()
    assert not Token.objects.filter(user=salon.staff).exists()


def test_who_changes_their_own_address_stays_signed_in_where_they_do(salon):
    mine, other = program_of(salon.staff), program_of(salon.staff)
    assert mine.patch(f"/users/{salon.staff.pk}", {"email": "another@example.com"}).status_code == 200
    assert [each.get("/auth/sessions").status_code for each in (mine, other)] == [200, 401]


@pytest.mark.sweep
def test_a_reactivated_person_has_to_sign_in_again(salon, api):
    clients = browser_of(salon.staff), program_of(salon.staff)
    for active in (False, True):
        assert api(salon.admin).patch(f"/users/{salon.staff.pk}", {"is_active": active}).status_code == 200
    assert statuses(*clients) == [401, 401]
    assert open_browser(salon.staff).get("/admin/").status_code == 200


@pytest.mark.sweep
def test_a_reactivated_organization_has_to_sign_in_again(salon, clinic, operator, api):
    clients = browser_of(salon.staff), program_of(salon.client)
    others = browser_of(clinic.staff), program_of(clinic.client)
    for active in (False, True):
        answer = api(operator).patch(f"/organizations/{salon.organization.pk}", {"is_active": active})
        assert answer.status_code == 200
    assert statuses(*clients, *others) == [401, 401, 200, 200]


def test_other_changes_end_nothing(salon, api):
    clients = browser_of(salon.staff), program_of(salon.staff)
    api(salon.admin).patch(f"/users/{salon.staff.pk}", {"name": "Sam", "role": "staff", "is_active": True})
    api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {"phone": "1"})
    assert statuses(*clients) == [200, 200]


@pytest.mark.sweep
def test_only_operators_deactivate_an_organization(salon, operator, api, client):
    path, page = f"/organizations/{salon.organization.pk}", "/admin/organizations/organization/{}/change/"
    answer = api(salon.admin).patch(path, {"is_active": False})
    assert problem(answer) == (403, "permission_denied")
    assert answer.json()["detail"] == "You may not send `is_active`."
    assert api(salon.admin).patch(path, {"is_active": True, "phone": "1"}).status_code == 200
    client.force_login(salon.admin)
    page = page.format(salon.organization.pk)
    assert fill_in(client, page, is_active=None, phone="2").status_code == 302
    kept = Organization.objects.get(pk=salon.organization.pk)
    assert (kept.is_active, kept.phone) == (True, "2")
    client.force_login(operator)
    assert client.post(page.replace("change", "standing"), {"deactivate": "1"}).status_code == 302
    assert not Organization.objects.get(pk=salon.organization.pk).is_active


def test_deleting_somebody_deletes_their_sessions(salon, api):
    newcomer = User.objects.create_user("new@salon.example", PASSWORD, organization=salon.organization, role="staff")
    browser = browser_of(newcomer)
    assert api(salon.admin).delete(f"/users/{newcomer.pk}").status_code == 204
    assert statuses(browser) == [401]
    assert not Session.objects.filter(user_id=newcomer.pk).exists()


def test_a_session_is_another_after_signing_in(salon, client):
    client.cookies["clientline_session"] = "x" * 32
    client.post("/admin/login/", {"username": salon.staff.email, "password": PASSWORD})
    session = Session.objects.get(user=salon.staff)
    assert client.cookies["clientline_session"].value == session.session_key != "x" * 32
    assert session.expire_date > timezone.now()


def test_a_hash_that_is_renewed_at_sign_in_ends_no_other_sign_in(salon, api):
    password = "towel-and-scissors"
    old = PBKDF2PasswordHasher().encode(password, "salt", iterations=1)
    User.objects.filter(pk=salon.admin.pk).update(password=old)
    program = api(salon.admin)
    body = {"email": salon.admin.email, "password": password}
    assert api().post("/auth/login", body).status_code == 200
    assert not User.objects.get(pk=salon.admin.pk).password.startswith("pbkdf2")
    assert program.get("/auth/me").status_code == 200
