"""What a token is good for, how long, and what is known of its use; how long a sign-in lasts that nobody uses."""

import re
from datetime import UTC, datetime, time, timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import sign_ins, tokens
from accounts.last_use import IDLE_LASTS, OPERATORS_IDLE_LASTS
from accounts.models import Session, Token, User
from appointments.tests.factories import days_ahead
from clientline.tests.problems import fields, problem
from organizations.tenancy import release

JOT = timedelta(microseconds=1)
OLD_TOKENS_EXPIRE = import_module("accounts.migrations.0010_old_tokens_expire")


def bearer(user, scope):
    """A client with a token of this scope, made as programs are given theirs."""
    made = tokens.issue_token(user, now=datetime.now(UTC), name="Program", scope=scope)[1]
    return APIClient(headers={"Authorization": f"Bearer {made}"})


@pytest.fixture
def this_moment(db):
    """PostgreSQL's present, which stands still during a test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.mark.sweep
def test_a_token_for_reading_reads_what_its_role_may(salon):
    client = bearer(salon.manager, "read")
    for path in ("/auth/me", "/users", f"/appointments/{salon.visit.pk}", "/payments", "/auth/tokens"):
        assert client.get(path).status_code == 200
    assert problem(client.get("/audit")) == (403, "permission_denied")


@pytest.mark.sweep
def test_a_token_for_booking_books_and_makes_clients_and_nothing_else(salon):
    client = bearer(salon.admin, "book")
    newcomer = client.post("/users", {"name": "New", "email": "new@salon.example", "role": "client"})
    assert newcomer.status_code == 201
    booked = client.post(
        "/appointments",
        {
            "client": newcomer.json()["id"],
            "staff": salon.staff.pk,
            "service": salon.service.pk,
            "appointment_date": days_ahead(10, hour=11).isoformat(),
            "overbook": True,
        },
    )
    assert booked.status_code == 201, booked.content
    visit = f"/appointments/{booked.json()['id']}"
    assert client.patch(visit, {"notes": "By the window"}).status_code == 200
    assert client.post(f"{visit}/cancel", {"reason": "Rain"}).status_code == 200
    refused = [
        client.post("/users", {"name": "Sam", "email": "sam@salon.example", "role": "staff"}),
        client.patch(f"/users/{salon.client.pk}", {"name": "Other"}),
        client.post(f"/users/{salon.client.pk}/erase"),
        client.post("/services", {"name": "Cut"}),
        client.post("/payments", {"appointment": salon.visit.pk, "amount": "1.00", "payment_method": "cash"}),
        client.post("/auth/tokens", {"name": "More", "scope": "manage"}),
    ]
    codes = [problem(answer) for answer in refused]
    assert codes == [(403, "permission_denied"), *[(403, "insufficient_scope")] * 5]
    assert refused[0].json()["detail"] == "You may not give the `role` staff."
    assert refused[1].json()["detail"] == (
        "This token may only read, book and create clients. Make one with the scope `manage` for more."
    )


def test_no_scope_gives_more_than_the_role(salon):
    assert problem(bearer(salon.client, "manage").post("/services", {"name": "Cut"})) == (403, "permission_denied")
    booking = bearer(salon.client, "book").post("/users", {"name": "N", "email": "n@salon.example", "role": "client"})
    assert problem(booking) == (403, "permission_denied")


@pytest.mark.sweep
def test_tokens_are_made_with_a_scope_and_say_it(salon, api):
    client = api(salon.manager)
    made = client.post("/auth/tokens", {"name": "Display", "scope": "read"})
    assert (made.status_code, made.json()["scope"]) == (201, "read")
    assert client.post("/auth/tokens", {"name": "Sync"}).json()["scope"] == "manage"
    assert {row["name"]: row["scope"] for row in client.get("/auth/tokens").json()["results"]} == {
        "Display": "read",
        "Sync": "manage",
    }
    listed = client.get("/auth/sessions").json()["results"]
    assert {row["name"]: row["scope"] for row in listed} == {"Display": "read", "Sync": "manage", "": "manage"}
    assert fields(client.post("/auth/tokens", {"name": "X", "scope": "write"})) == {"scope": "invalid_choice"}
    assert fields(client.post("/auth/tokens", {"name": "X", "expires_at": None})) == {"expires_at": "null"}


def test_a_token_lasts_a_year_unless_it_is_made_with_another_end(salon, api):
    for body, days in (({}, 365), ({"expires_at": days_ahead(20).isoformat()}, None)):
        token = Token.objects.get(pk=api(salon.staff).post("/auth/tokens", {"name": "X"} | body).json()["id"])
        assert token.expires_at == (token.created_at + timedelta(days=days) if days else days_ahead(20))


def test_tokens_that_were_good_for_ever_expire_a_year_after_the_migration(salon, this_moment):
    ends = Token._meta.get_field("expires_at")
    forever, ending = (tokens.issue_token(salon.staff, now=this_moment, name="Old")[0] for _ in range(2))
    Token.objects.filter(pk=ending.pk).update(expires_at=this_moment + JOT)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE tokens ALTER {ends.column} DROP NOT NULL")
        cursor.execute("UPDATE tokens SET expires_at = NULL WHERE id = %s", [forever.pk])
        cursor.execute(OLD_TOKENS_EXPIRE.EXPIRE)
    assert dict(Token.objects.values_list("pk", "expires_at")) == {
        forever.pk: this_moment + timedelta(days=365),
        ending.pk: this_moment + JOT,
    }


@pytest.mark.sweep
def test_the_last_use_is_known_with_its_address(salon):
    client, browser = bearer(salon.staff, "read"), Client(REMOTE_ADDR="192.0.2.7")
    client.get("/auth/me", REMOTE_ADDR="192.0.2.5")
    browser.force_login(salon.staff)
    Session.objects.update(last_used_at=datetime.now(UTC) - timedelta(hours=1))
    browser.get("/admin/")
    [token] = client.get("/auth/tokens").json()["results"]
    assert (token["last_used_at"] is not None, token["last_used_address"]) == (True, "192.0.2.5")
    assert Session.objects.get().last_used_address == "192.0.2.7"
    page = " ".join(browser.get("/admin/sign-ins/").content.decode().split())
    assert "from 192.0.2.5" in page and "from 192.0.2.7" in page and "(read only)" in page


def test_the_back_office_makes_a_token_and_shows_it_once(salon, client):
    client.force_login(salon.manager)
    last = days_ahead(20).date()
    made = {"name": "Display <1>", "scope": "book", "last_day": last.isoformat()}
    page = client.post("/admin/sign-ins/", made).content.decode()
    secret = re.search(r"<code>(cl_\S+)</code>", page)[1]
    assert "Display &lt;1&gt;</strong> (book only)" in " ".join(page.split())
    assert secret not in client.get("/admin/sign-ins/").content.decode()
    token = Token.objects.named().get()
    assert (token.user, token.scope, token.name) == (salon.manager, "book", "Display <1>")
    assert token.expires_at == datetime.combine(last + timedelta(days=1), time(), salon.organization.zone)
    assert APIClient(headers={"Authorization": f"Bearer {secret}"}).get("/auth/me").json()["id"] == salon.manager.pk


def test_the_back_office_makes_no_token_of_nonsense(salon, client):
    client.force_login(salon.manager)
    page = client.post("/admin/sign-ins/", {"name": "", "scope": "all", "last_day": "2020-01-01"}).content.decode()
    for says in ("This field is required.", "Select a valid choice.", "Choose a day to come"):
        assert says in page, says
    page = client.post("/admin/sign-ins/", {"name": "Display", "scope": "read", "last_day": "9999-12-31"})
    assert "Choose a day to come" in page.content.decode()
    assert not Token.objects.exists()


def idle_cases(moment):
    for operator, lasts in ((False, IDLE_LASTS), (True, OPERATORS_IDLE_LASTS)):
        for unused, good in ((lasts - JOT, True), (lasts, False)):
            yield operator, moment - unused, good


def test_an_unused_sign_in_ends_after_a_fortnight_an_operators_after_twelve_hours(salon, operator, this_moment):
    assert (timedelta(days=14), timedelta(hours=12)) == (IDLE_LASTS, OPERATORS_IDLE_LASTS)
    for is_operator, used, good in idle_cases(this_moment):
        for times in ({"last_used_at": used}, {"last_used_at": None, "created_at": used}):
            token, secret = tokens.issue_sign_in_token(operator if is_operator else salon.staff, address=None, agent="")
            Token.objects.filter(pk=token.pk).update(**times)
            assert [tokens.find_bearer(secret, confined=confined) is not None for confined in (False, True)] == [
                good,
                good,
            ]
            release()


def test_a_token_for_a_program_may_rest(salon, operator, this_moment):
    for user in (salon.staff, operator):
        token, secret = tokens.issue_token(user, now=this_moment, name="Yearly")
        Token.objects.filter(pk=token.pk).update(last_used_at=this_moment - timedelta(days=300))
        assert tokens.find_bearer(secret, confined=False)


def test_an_unused_session_ends_too(salon, operator, monkeypatch):
    now = datetime(2031, 1, 1, tzinfo=UTC)
    for module in ("sessions", "sign_ins"):
        monkeypatch.setattr(f"accounts.{module}.timezone", type("", (), {"now": staticmethod(lambda: now)}))
    for is_operator, used, good in idle_cases(now):
        person, browser = operator if is_operator else salon.staff, Client()
        browser.force_login(person)
        key = browser.cookies["clientline_session"].value
        Session.objects.filter(session_key=key).update(last_used_at=used, expire_date=now + JOT)
        found = [row.id for row in sign_ins.list_sign_ins(person, current=None) if row.kind == "session"]
        assert (len(found), browser.session.get("_auth_user_id") is not None) == (good, good)
        Session.objects.filter(session_key=key).delete()


def test_in_use_a_session_lasts_thirty_days(salon):
    browser = Client()
    browser.force_login(salon.staff)
    session = Session.objects.get()
    assert timedelta(days=30) - timedelta(minutes=5) < session.expire_date - session.created_at < timedelta(days=31)


def test_managers_change_their_own_name_telephone_and_address(salon, api):
    client, changes = api(salon.manager), {"name": "New name", "phone": "+49 30 9", "email": "new@salon.example"}
    assert problem(client.patch(f"/users/{salon.admin.pk}", changes)) == (404, "not_found")
    answer = client.patch(f"/users/{salon.manager.pk}", changes)
    assert (answer.status_code, {name: answer.json()[name] for name in changes}) == (200, changes)
    assert problem(api(salon.manager).patch(f"/users/{salon.manager.pk}", {"role": "staff"})) == (
        403,
        "permission_denied",
    )
    assert User.objects.get(pk=salon.manager.pk).role == "manager"
