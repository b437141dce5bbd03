"""Everything about one client in one file, and their erasure: no word that names them is left, money and visits are."""

import json
import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import people
from accounts.models import Token, User
from accounts.tests.factories import token_for
from appointments import booking
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.privacy import personal_data
from clientline.tests.pages import submit, tell
from clientline.tests.problems import problem
from organizations.models import Audit
from organizations.tenancy import confine_transaction
from payments import ledger
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory

HELD = re.compile("FOR NO KEY UPDATE")
WORDS = ("Mia Lange", "mia@lange.example", "030 1234", "knee", "dog", "late bus", "sorry Mia")


@pytest.fixture
def mia(salon):
    """A client with a word of hers in every text: in the rows, the history, the audit and the admin's log."""
    now = timezone.now()
    named = dict(zip(("name", "email", "phone"), WORDS, strict=False))
    people.change_person(by=salon.manager, person=salon.client, changes=named)
    visit = Appointment.objects.get(pk=salon.visit.pk)
    booking.revise(by=salon.staff, visit=visit, changes={"notes": "bad knee", "internal_notes": "has a dog"}, now=now)
    booking.cancel(by=salon.staff, visit=visit, reason="late bus", now=now)
    paid = PaymentFactory(appointment=visit, completed=True, amount=Decimal(45))
    ledger.refund_payment(by=salon.admin, payment=paid, amount=5, reason="sorry Mia", now=now)
    salon.client.refresh_from_db()
    return salon.client


def find_words():
    """Those of hers that stand in any row of any table."""
    with connection.cursor() as cursor:
        stored = "".join(
            str(cursor.execute(f"SELECT * FROM {table}").fetchall())
            for table in connection.introspection.table_names(cursor)
        )
    return [word for word in WORDS if word in stored]


# What people are told of changes to themselves: of their password's, that there was one.
CHANGES = [
    ("insert", {"name", "email", "role", "is_active"}),
    ("update", {"name", "email", "phone"}),
    ("update", set()),
]


def test_the_admin_exports_everything_about_a_client(salon, mia, api):
    api(salon.admin).patch(f"/users/{mia.pk}", {"password": "a-new-and-long-one"})
    answer = api(salon.admin).get(f"/users/{mia.pk}/export")
    told = answer.json()
    assert (told["user"]["email"], told["organization"]["name"]) == (mia.email, "Salon")
    assert [(row["id"], row["internal_notes"]) for row in told["appointments"]] == [(salon.visit.pk, "has a dog")]
    assert [(row["action"], row["reason"]) for row in told["history"]] == [("cancelled", "late bus")]
    assert [row["amount"] for row in told["payments"]] == ["45.00", "45.00"]
    assert [row["reason"] for row in told["refunds"]] == ["sorry Mia"]
    assert told["changes"][1]["changes"]["phone"] == [None, "030 1234"]
    assert [(row["action"], set(row["changes"])) for row in told["changes"]] == CHANGES
    assert "stranger" not in answer.content.decode()
    exported = Audit.objects.get(action="export")
    assert (exported.actor, exported.row) == (salon.admin, mia.pk)


def test_clients_export_themselves_without_what_they_may_not_see(salon, mia, api):
    mia.set_password("a-new-and-long-one")
    mia.save(update_fields=["password"])
    answer = api(mia).get(f"/users/{mia.pk}/export")
    assert answer.status_code == 200
    assert [(row["action"], set(row["changes"])) for row in answer.json()["changes"]] == CHANGES
    assert "bad knee" in answer.content.decode()
    assert "has a dog" not in answer.content.decode()
    assert problem(api(mia).get(f"/users/{salon.stranger.pk}/export")) == (404, "not_found")


def test_an_export_tells_no_more_of_a_client_than_its_caller_may_see(salon, mia):
    """Whoever may export today may see all of it. The table may change; the rows are the caller's all the same."""
    beside = AppointmentFactory(client=mia, staff=salon.colleague, service=salon.service)
    paid = PaymentFactory(appointment=beside, completed=True)
    told = personal_data.export_person(by=salon.staff, person=mia, now=timezone.now())
    assert [row["id"] for row in told["appointments"]] == [salon.visit.pk]
    assert {row["appointment"] for row in told["payments"]} == {salon.visit.pk}
    by_a_command = personal_data.export_person(by=None, person=mia, now=timezone.now())
    assert [row["id"] for row in by_a_command["appointments"]] == [salon.visit.pk, beside.pk]
    assert paid.pk in [row["id"] for row in by_a_command["payments"]]


# Role, whom they ask about, and the answers: in the last case the client is erased.
WHO = [
    ("admin", "manager", 200, 409),
    ("manager", "client", 200, 403),
    ("manager", "admin", 404, 403),
    ("staff", "client", 403, 403),
    ("client", "client", 200, 403),
    ("operator", "client", 200, 200),
]


@pytest.mark.sweep
def test_who_may_export_and_erase_whom(salon, operator, api):
    salon.operator = operator
    for role, of, export, erase in WHO:
        caller, path = api(getattr(salon, role)), f"/users/{getattr(salon, of).pk}"
        answers = caller.get(f"{path}/export").status_code, caller.post(f"{path}/erase").status_code
        assert answers == (export, erase), (role, of)


@pytest.mark.only("the first wall alone")  # which has nothing behind it that could hide a hole
@pytest.mark.parametrize("walls", ["all walls", "the first wall alone"])
def test_nobody_of_another_organization_is_exported_or_erased(salon, clinic, api, client, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    admin, foreign = api(salon.admin), clinic.client.pk
    assert problem(admin.get(f"/users/{foreign}/export")) == (404, "not_found")
    assert problem(admin.post(f"/users/{foreign}/erase")) == (404, "not_found")
    client.force_login(salon.admin)
    for page in ("export", "erase"):
        assert client.post(f"/admin/accounts/user/{foreign}/{page}/").status_code == 404


@pytest.mark.sweep
def test_erasing_leaves_no_word_and_keeps_visits_money_and_others_texts(salon, mia, api, client):
    other = AppointmentFactory(client=salon.stranger, staff=salon.staff, service=salon.service, notes="allergic")
    client.force_login(salon.admin)
    submit(client, f"/admin/accounts/user/{mia.pk}/change/", phone="030 1234 5")  # the admin's log names her, too
    secret, money = token_for(mia), list(Payment.objects.order_by("id").values_list("amount", "status"))
    visits = Appointment.objects.filter(client=mia)
    before = list(visits.values_list("appointment_date", "status", "price"))
    assert find_words() == [*WORDS]

    answer = api(salon.admin).post(f"/users/{mia.pk}/erase")

    assert (answer.status_code, answer.json()["name"], answer.json()["is_active"]) == (
        200,
        f"Erased client {mia.pk}",
        False,
    )
    assert find_words() == []
    assert list(visits.values_list("appointment_date", "status", "price")) == before
    assert list(Payment.objects.order_by("id").values_list("amount", "status")) == money
    assert not Token.objects.filter(user=mia).exists()
    assert problem(api().get("/auth/me", headers={"Authorization": f"Bearer {secret}"})) == (401, "not_authenticated")
    mia.refresh_from_db()
    assert not mia.has_usable_password()
    erased = Audit.objects.get(action="erase")
    assert (erased.actor, erased.row, erased.organization) == (salon.admin, mia.pk, salon.organization)
    told = Audit.objects.filter(table="users", row=mia.pk, changes__has_key="phone").first()
    assert told.changes["phone"] == ["erased", "erased"]
    Refund.objects.get(amount=5, reason="")
    assert api(salon.admin).post(f"/users/{mia.pk}/erase").json() == answer.json(), "again does no harm"
    other.refresh_from_db()
    salon.stranger.refresh_from_db()
    assert (other.notes, salon.stranger.name) == ("allergic", "Salon stranger")
    assert Audit.objects.get(table="appointments", row=other.pk).changes["notes"] == [None, "allergic"]


def test_an_erasure_holds_the_visits_and_then_the_client_before_it_changes_anything(salon, mia):
    """Else a note could come with a booking of this moment, and stay."""
    with CaptureQueriesContext(connection) as captured:
        personal_data.erase(by=salon.admin, client=mia, now=timezone.now())
    said = [query["sql"] for query in captured]
    visits = next(n for n, sql in enumerate(said) if "FROM appointments" in sql.replace('"', "") and HELD.search(sql))
    client = next(n for n, sql in enumerate(said) if sql.replace('"', "").endswith("FOR UPDATE OF users"))
    changed = next(n for n, sql in enumerate(said) if sql.startswith(("UPDATE", "DELETE")))
    assert visits < client < changed


def test_nobody_of_the_team_is_offered_to_be_erased_or_merged(salon, client):
    client.force_login(salon.admin)
    User.objects.filter(pk=salon.admin.pk).update(language="de")
    person = f"/admin/accounts/user/{salon.staff.pk}"
    for page, says in [
        ("erase", "Nur Kunden werden gelöscht. Deaktivieren Sie, wer zum Team gehört."),
        ("merge", "Nur Kunden lassen sich zusammenführen."),
    ]:
        answer = client.get(f"{person}/{page}/")
        assert (answer.status_code, answer["Location"]) == (302, f"{person}/change/")
        assert tell(answer)[-1] == says


@pytest.mark.sweep
def test_the_admin_has_a_page_for_each(salon, mia, client):
    client.force_login(salon.admin)
    change = client.get(f"/admin/accounts/user/{mia.pk}/change/").content.decode()
    assert ("../export/" in change, "../erase/" in change) == (True, True)
    assert "/erase/" not in client.get(f"/admin/accounts/user/{salon.staff.pk}/change/").content.decode()
    file = client.get(f"/admin/accounts/user/{mia.pk}/export/")
    assert json.loads(file.content)["user"]["name"] == "Mia Lange"
    assert file["Content-Disposition"] == f'attachment; filename="person-{mia.pk}.json"'
    AppointmentFactory(client=mia, staff=salon.staff, service=salon.service, appointment_date=days_ahead(30))
    warning = client.get(f"/admin/accounts/user/{mia.pk}/erase/").content.decode()
    assert "It cannot be undone" in warning
    assert "1 visit ahead will be cancelled, without a fee." in warning
    assert "5.00 EUR is still due." in warning
    assert client.post(f"/admin/accounts/user/{mia.pk}/erase/").status_code == 302
    mia.refresh_from_db()
    assert mia.name == f"Erased client {mia.pk}"
    answer = client.post(f"/admin/accounts/user/{salon.staff.pk}/erase/")
    assert "Only clients are erased" in tell(answer)[-1]
    client.force_login(salon.manager)
    assert client.get(f"/admin/accounts/user/{mia.pk}/erase/").status_code == 403


def test_commands_export_and_erase(salon, mia, monkeypatch):
    output = StringIO()
    call_command("export_client", mia.pk, stdout=output)
    assert json.loads(output.getvalue())["user"]["name"] == "Mia Lange"
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("erase_client", mia.pk, stdout=output)
    call_command("erase_client", mia.pk, "--noinput", stdout=output)
    mia.refresh_from_db()
    assert mia.name == f"Erased client {mia.pk}"
    assert find_words() == []
    assert set(Audit.objects.filter(row=mia.pk, action__in=("export", "erase")).values_list("source", flat=True)) == {
        "command"
    }
    with pytest.raises(CommandError, match="Only clients are erased"):
        call_command("erase_client", salon.staff.pk, "--noinput", stdout=output)
    with pytest.raises(CommandError, match="There is no person 987654321"):
        call_command("export_client", 987654321, stdout=output)


def test_the_database_redacts_own_and_deactivated_clients_only(salon, clinic, mia):
    def redact(client):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT redact_client(%s)", [client.pk])

    with pytest.raises(IntegrityError, match="Only deactivated clients"):
        redact(mia)
    type(mia).objects.filter(pk__in=(mia.pk, clinic.client.pk)).update(is_active=False)
    confine_transaction(organization_id=salon.organization.pk)
    with pytest.raises(IntegrityError, match="Only deactivated clients"):
        redact(clinic.client)
    redact(mia)
    with pytest.raises(IntegrityError, match="audit is append-only"), transaction.atomic():
        confine_transaction(organization_id=None, operator=True)
        Audit.objects.filter(row=mia.pk).update(action="x")
