"""Imports, merges, erasures and exports: written behind the organization's wall, and told as whose doing they were."""

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from clientline.backoffice.tests.test_client_import_page import GOOD, agree
from clientline.tests.pages import submit
from organizations.models import Audit
from organizations.tenancy import TENANT_ROLE
from organizations.tests.watching import watched


@pytest.fixture
def written(salon, clinic):
    with watched("users", "appointments", "audit") as rows:
        yield rows


def walls(person):
    return TENANT_ROLE, str(person.organization_id), str(person.pk)


def told(**filters):
    """(source, actor, action, row) of what the audit tells, oldest first."""
    return list(Audit.objects.filter(**filters).order_by("id").values_list("source", "actor", "action", "row"))


def test_imported_clients_are_written_behind_the_wall_by_whoever_imports(salon, client, written):
    client.force_login(salon.manager)
    agree(client, GOOD)
    people = User.objects.filter(contact_email__in=("ann@example.com", "bob@example.com")).order_by("id")
    assert len(people) == 2
    inserted = [row[2:] for row in written if row[:2] == ("users", "insert")]
    assert set(inserted) == {walls(salon.manager)}
    assert told(table="users", row__in=[person.pk for person in people]) == [
        ("admin", salon.manager.pk, "insert", person.pk) for person in people
    ]


def test_a_merge_is_written_behind_the_wall_by_whoever_merges(salon, client, written):
    client.force_login(salon.admin)
    url = f"/admin/accounts/user/{salon.client.pk}/merge/"
    twin = UserFactory(organization=salon.organization, name="Twin")
    Appointment.objects.filter(pk=salon.strangers_visit.pk).update(client=twin)
    del written[:]
    assert client.post(url, {"duplicate": twin.pk}).status_code == 302
    changed = [row for row in written if row[0] != "audit"]
    assert [row[:2] for row in changed] == [("appointments", "update"), ("users", "update")]
    assert {row[2:] for row in changed} == {walls(salon.admin)}
    entries = told(table="appointments", row=salon.strangers_visit.pk, source="admin")
    assert entries == [("admin", salon.admin.pk, "update", salon.strangers_visit.pk)]


@pytest.mark.sweep
@pytest.mark.parametrize("door", ["api", "admin"])
def test_an_erasure_is_written_behind_the_wall_by_whoever_erases(salon, api, client, written, door):
    if door == "api":
        answer = api(salon.admin).post(f"/users/{salon.client.pk}/erase", {})
        assert answer.status_code == 200, answer.json()
    else:
        client.force_login(salon.admin)
        del written[:]
        assert submit(client, f"/admin/accounts/user/{salon.client.pk}/erase/").status_code == 302
    # Signing in and remembering when a token was used are no part of it; nor is blanking what is append-only.
    changed = [row for row in written if row[:2] == ("users", "update")]
    assert changed and {row[2:] for row in changed} == {walls(salon.admin)}
    assert told(action="erase") == [(door, salon.admin.pk, "erase", salon.client.pk)]
    assert User.objects.get(pk=salon.client.pk).name == f"Erased client {salon.client.pk}"


@pytest.mark.parametrize("door", ["api", pytest.param("admin", marks=pytest.mark.sweep)])
def test_an_export_is_an_event_of_whoever_exports(salon, api, client, written, door):
    if door == "api":
        assert api(salon.admin).get(f"/users/{salon.client.pk}/export").status_code == 200
    else:
        client.force_login(salon.admin)
        del written[:]
        assert client.get(f"/admin/accounts/user/{salon.client.pk}/export/").status_code == 200
    assert told(action="export") == [(door, salon.admin.pk, "export", salon.client.pk)]
    assert [row for row in written if row[0] == "audit"] == [("audit", "insert", *walls(salon.admin))]
