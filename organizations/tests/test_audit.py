"""The audit: every change of every door, with who and what; no secrets, no way back."""

import json

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import User
from accounts.tests.factories import PASSWORD
from clientline.settings import name_program
from clientline.tests.pages import fill_in
from organizations.audit import AUDITED, pause_audit
from organizations.models import Audit
from organizations.tenancy import confine_transaction
from services.models import Service


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def told(**filters):
    """What the audit tells, oldest first: source, actor, action, table, row, changes."""
    rows = Audit.objects.filter(**filters).order_by("id")
    return list(rows.values_list("source", "actor", "action", "table", "row", "changes"))


@pytest.fixture
def since(salon):
    """The filter for what is told after the cast was made."""
    return {"id__gt": Audit.objects.order_by("-id").values_list("id", flat=True).first()}


def test_a_change_by_api_says_who_what_and_in_which_request(salon, api, since):
    answer = api(salon.manager).patch(
        f"/services/{salon.service.pk}", {"price": "50.00", "duration": 45}, headers={"X-Request-ID": "a-1"}
    )
    assert answer.status_code == 200
    changes = {"price": ["45.00", "50.00"], "duration": ["30", "45"], "version": ["1", "2"]}
    assert told(**since) == [("api", salon.manager.pk, "update", "services", salon.service.pk, changes)]
    noted = Audit.objects.get(**since)
    assert (noted.request_id, noted.organization_id) == ("a-1", salon.organization.pk)


def test_a_change_in_the_admin_says_so(salon, client, since):
    client.force_login(salon.admin)
    fill_in(client, f"/admin/services/service/{salon.service.pk}/change/", name="Trim")
    noted = Audit.objects.get(**since, table="services")
    assert (noted.source, noted.actor, noted.changes["name"]) == ("admin", salon.admin, ["Salon service", "Trim"])


def test_bulk_updates_and_psql_are_in_it(salon, since):
    Service.objects.filter(pk=salon.service.pk).update(price=7)
    sql("DELETE FROM time_off WHERE id = %s", salon.time_off.pk)
    updated, deleted = Audit.objects.filter(**since).order_by("id")
    assert (updated.source, updated.actor, updated.changes) == ("psql", None, {"price": ["45.00", "7.00"]})
    assert (deleted.action, deleted.table, deleted.row) == ("delete", "time_off", salon.time_off.pk)
    assert deleted.changes["staff_id"] == [str(salon.staff.pk), None]


def test_a_command_is_named(salon, since):
    sql("SELECT set_config('application_name', %s, true)", name_program(["manage.py", "close_past_visits", "--as"]))
    Service.objects.filter(pk=salon.service.pk).update(price=7)
    noted = Audit.objects.get(**since)
    assert (noted.source, noted.request_id) == ("command", "manage.py close_past_visits")


def test_serving_is_no_command():
    assert {
        name_program(["manage.py", "up", "--demo"]),
        name_program(["/usr/bin/gunicorn"]),
        name_program(["manage.py"]),
    } == {"clientline"}


def test_of_a_password_it_is_told_that_it_changed_and_nothing_more(salon, api, since):
    person = f"/users/{salon.staff.pk}"
    assert api(salon.admin).patch(person, {"password": "towels-and-scissors"}).status_code == 200
    change = {"current_password": PASSWORD, "new_password": "combs-and-mirrors"}
    assert api(salon.manager).post("/auth/password", change).status_code == 204
    hidden = {"password": ["hidden", "hidden"], "version": ["1", "2"]}
    assert told(**since, table="users") == [
        ("api", salon.admin.pk, "update", "users", salon.staff.pk, hidden),
        ("api", salon.manager.pk, "update", "users", salon.manager.pk, hidden),
    ]
    everything = json.dumps(list(Audit.objects.values_list("changes", flat=True)))
    hashes = User.objects.values_list("password", flat=True)
    assert not [each for each in hashes if each in everything]


def test_what_changes_nothing_is_not_told(salon, since):
    sql("UPDATE services SET name = name, version = version + 1")
    assert told(**since) == []


def test_what_is_rolled_back_is_not_told(salon, api, since):
    body = {"name": "New", "email": salon.client.email, "role": "client"}
    assert api(salon.admin).post("/users", body).status_code == 400
    assert told(**since) == []


def test_a_refused_write_is_an_event(salon, api, since):
    assert api(salon.client).delete(f"/services/{salon.service.pk}").status_code == 403
    assert api(salon.client).get("/reports/revenue").status_code == 403
    facts = {"method": [None, "DELETE"], "path": [None, f"/services/{salon.service.pk}"]}
    assert told(**since) == [("api", salon.client.pk, "refused", "", None, facts)]


@pytest.mark.sweep
def test_sign_ins_and_their_failures_are_events(salon, api, client, since):
    def sign_in(email, password):
        return api().post("/auth/login", {"email": email, "password": password}).status_code

    assert (sign_in(salon.staff.email, PASSWORD), sign_in(salon.staff.email, "wrong")) == (200, 401)
    assert sign_in("nobody@example.com", PASSWORD) == 401
    client.post("/admin/login/", {"username": salon.admin.email, "password": PASSWORD})
    client.post("/admin/login/", {"username": salon.admin.email, "password": "wrong"})
    rows = Audit.objects.filter(**since).order_by("id").values_list("source", "organization", "actor", "action", "row")
    home = salon.organization.pk
    assert list(rows) == [
        ("api", home, salon.staff.pk, "sign_in", salon.staff.pk),
        ("api", home, None, "sign_in_failed", salon.staff.pk),
        ("api", None, None, "sign_in_failed", None),
        ("admin", home, salon.admin.pk, "sign_in", salon.admin.pk),
        ("admin", home, None, "sign_in_failed", salon.admin.pk),
    ]


def test_files_taken_away_are_events(salon, client, since):
    client.force_login(salon.manager)
    assert client.get("/admin/payments/payment/export/").status_code == 200
    assert client.get("/admin/reports/csv/").status_code == 200
    exports = told(**since, action="export")
    assert [(source, actor, table) for source, actor, _, table, _, _ in exports] == [
        ("admin", salon.manager.pk, "payments"),
        ("admin", salon.manager.pk, ""),
    ]
    assert exports[0][-1] == {"rows": [None, "2"]}


def test_nobody_rewrites_it(salon):
    for statement in ("UPDATE audit SET actor_id = NULL", "DELETE FROM audit"):
        with pytest.raises(IntegrityError, match="audit is append-only"), transaction.atomic():
            sql(statement)
    confine_transaction(organization_id=salon.organization.pk)
    for statement in ("UPDATE audit SET actor_id = NULL", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql(statement)


def test_a_tenant_sees_its_own_and_notes_none_for_others(salon, clinic):
    confine_transaction(organization_id=salon.organization.pk)
    assert set(Audit.objects.values_list("organization", flat=True)) == {salon.organization.pk}
    for organization_id in (clinic.organization.pk, None):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Audit.objects.create(
                organization_id=organization_id, at=salon.visit.created_at, source="api", action="x", changes={}
            )


def test_the_owner_may_switch_it_off_for_a_transaction_and_nobody_confined(salon, since):
    with pause_audit():
        Service.objects.filter(pk=salon.service.pk).update(price=1)
    assert told(**since) == []
    with pause_audit():
        confine_transaction(organization_id=salon.organization.pk)
        Service.objects.filter(pk=salon.service.pk).update(price=2)
    assert [row[-1] for row in told(**since)] == [{"price": ["1.00", "2.00"]}]


def test_the_filter_offers_every_table_that_is_audited(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_are_audited'")
        assert sorted({table for (table,) in cursor.fetchall()}) == list(AUDITED)
