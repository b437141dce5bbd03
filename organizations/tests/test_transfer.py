"""An organization leaves as a file and arrives elsewhere, to the last digit, or not at all."""

import getpass
import hashlib
import json
import stat
from datetime import timedelta
from decimal import Decimal
from functools import cache
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import second_factor
from accounts.models import Token, User
from accounts.tests.factories import PASSWORD
from appointments import history
from appointments.models import Appointment
from clientline.tests.emptying import empty_database
from organizations import transfer
from organizations.models import Audit, Organization
from organizations.transfer import LEFT_BEHIND, list_models_of_organizations
from organizations.transfer_formats import ADDED, ADDED_TABLES, FORMER
from payments import ledger
from payments.models import Payment, ReceiptCounter, Refund
from payments.tests.factories import PaymentFactory
from services.models import Service

pytestmark = [pytest.mark.sweep, pytest.mark.django_db(transaction=True)]

FULL = {
    "users",
    "tokens",
    "service_staff",
    "special_hours",
    "appointment_history",
    "payments",
    "refunds",
    "audit",
    "second_factors",
}


def command(name, *arguments):
    output = StringIO()
    call_command(name, *arguments, stdout=output, verbosity=0)
    return output.getvalue()


@pytest.fixture
def file(salon, operator, api, tmp_path):
    """The salon's export, with something in every table, texts of all kinds and an operator's deeds."""
    salon.service.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    text = "A \\ B\n\t“C” \u2028 é 💇 \\N"
    answer = api(salon.staff).patch(f"/appointments/{salon.visit.pk}", {"notes": text, "internal_notes": '"'})
    assert answer.status_code == 200
    history.record_fact(salon.visit, "notes_kept", by=salon.admin, now=timezone.now(), reason=text * 100)
    api(salon.admin).post(f"/appointments/{salon.visit.pk}/cancel", {"reason": "Ill"})
    paid = PaymentFactory(appointment=salon.visit, completed=True, amount=Decimal(45), created_by=operator)
    ledger.refund_payment(by=salon.admin, payment=paid, amount=Decimal("0.10"), reason="Sorry", now=timezone.now())
    api(operator).patch(f"/services/{salon.service.pk}", {"price": "50.00"})
    api(salon.admin).patch(f"/users/{salon.colleague.pk}", {"is_active": False})
    second_factor.resume_enrolment(salon.staff)
    path = tmp_path / "salon.jsonl"
    command("export_organization", salon.organization.pk, path)
    return path


def counts():
    return {model.__name__: model.objects.count() for model in list_models_of_organizations()}


def test_what_is_exported_imported_and_exported_again_is_remembered_and_the_same_bytes(salon, file, api, tmp_path):
    before = {
        model.__name__: model.objects.filter(organization=salon.organization).count()
        for model in (User, Service, Appointment, Payment, Refund)
    }
    exported = Audit.objects.get(action="export")
    assert (exported.organization, exported.row) == (salon.organization, salon.organization.pk)
    empty_database()
    assert sum(counts().values()) == 0

    assert "Imported Salon" in command("import_organization", file, "--with-sign-ins")

    imported = Audit.objects.get(action="import")
    assert (imported.organization, imported.row, imported.source) == (None, salon.organization.pk, "command")
    assert imported.changes == {
        "file": [None, "salon.jsonl"],
        "user": [None, getpass.getuser()],
        "sha256": [None, hashlib.sha256(file.read_bytes()).hexdigest()],
        "with_sign_ins": [None, "True"],
    }
    after = counts()
    assert {name: after[name] for name in before} == before
    command("export_organization", salon.organization.pk, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == file.read_bytes()
    command("check_invariants")  # raises when one is broken

    answer = api().post("/auth/login", {"email": salon.admin.email, "password": PASSWORD})
    assert answer.status_code == 200
    new = api(User.objects.get(pk=salon.admin.pk)).post("/services", {"name": "New"}).json()
    assert new["id"] > salon.service.pk  # the numbers go on behind what came in


def as_version_0_1_wrote_it(file):
    """The same file in the first format, without what was added since."""
    lines = [json.loads(line) for line in file.read_text().split("\n")[:-2]]
    lines[0]["format"] = FORMER
    kept = lines[:1]
    for line in lines[1:]:
        if "table" in line and "columns" in line:
            table, left_out = line["table"], ADDED.get(line["table"], ())
            line["columns"] = [name for name in line["columns"] if name not in left_out]
        else:
            for name in left_out:
                del line[name]
            if table == "tokens":
                line["expires_at"] = None  # good for ever, as many were
        if table not in ADDED_TABLES:
            kept.append(line)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in kept))


def test_a_file_of_version_0_1_gets_what_was_added_since(salon, file):
    as_version_0_1_wrote_it(file)
    agreed = dict(Appointment.objects.filter(organization=salon.organization).values_list("pk", "local_start"))
    last_days = dict(User.objects.filter(organization=salon.organization).values_list("pk", "works_until"))
    empty_database()
    command("import_organization", file, "--with-sign-ins")
    home = Organization.objects.get()
    assert (home.country, home.region, home.language) == ("DE", "", "")
    assert (home.zone_rules, home.visits_to_rezone) == ("", 0)
    assert dict(Appointment.objects.values_list("pk", "local_start")) == agreed
    assert dict(User.objects.values_list("pk", "works_until")) == last_days
    left = [token.expires_at - timezone.now() for token in Token.objects.filter(scope="manage")]
    assert left and all(timedelta(days=364) < each <= timedelta(days=365) for each in left)
    assert last_days[salon.colleague.pk] is not None
    [payment, refund] = Payment.objects.get(settled_at__isnull=False), Refund.objects.get()
    assert (payment.receipt_number, payment.former_number, refund.receipt_number) == (1, payment.pk, 2)
    PaymentFactory(appointment=Appointment.objects.first(), completed=True)
    assert ReceiptCounter.objects.get().last_number == 3
    command("check_invariants")


def test_a_file_of_the_first_format_with_columns_of_the_second_is_refused(file):
    file.write_text(file.read_text().replace("organization, 2", "organization, 1", 1))
    with pytest.raises(CommandError, match="organizations is not as this version has it"):
        command("import_organization", file, "--with-sign-ins")


def test_the_file_is_of_one_organization_and_of_its_owner_only(salon, clinic, file, operator):
    text = file.read_text()
    assert "Clinic" not in text
    assert "Operator" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    sections = [json.loads(line) for line in text.split("\n")[:-1] if line.startswith('{"table"')]
    assert {section["table"] for section in sections if section["rows"]} >= FULL
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'organization_id' AND table_schema = 'public'"
        )
        tables = {name for (name,) in cursor.fetchall()} | {"organizations", "second_factors"}
    assert {section["table"] for section in sections} == tables - LEFT_BEHIND
    [paid] = [
        row for line in text.split("\n")[:-1] if (row := json.loads(line)).get("settled_at") and "checkout_url" in row
    ]
    assert (paid["amount"], paid["created_by_id"]) == (45.0, None)  # an operator stays behind


def test_what_collides_is_refused_and_nothing_changes(salon, file):
    before = counts()
    with pytest.raises(CommandError, match=r"Nothing was imported. It collides .*Key \(id\)=\(\d+\) already exists"):
        command("import_organization", file, "--with-sign-ins")
    assert counts() == before | {"Audit": before["Audit"] + 1}  # that it was refused


def test_an_address_in_use_is_refused(salon, file):
    empty_database()
    home = Organization.objects.create(pk=10**6, name="Other", email="other@example.com")
    User.objects.create_user(salon.admin.email, organization=home, name="Anna", role="admin")
    with pytest.raises(CommandError, match=r"in users: Key .email.=.admin@salon.example. already exists"):
        command("import_organization", file, "--with-sign-ins")
    assert list(Organization.objects.all()) == [home]


DAMAGES = [
    (lambda lines: lines[:-1], "cut off"),
    (lambda lines: lines[:20], "cut off"),
    (lambda lines: [], "cut off"),
    (lambda lines: ["Hello"], "cut off, or no export"),
    (lambda lines: ["[1]"], "not written by"),
    (lambda lines: [*lines, "{}"], "goes on behind its end"),
    (lambda lines: [line.replace('"slot_interval",', "") for line in lines], "organizations is not as this version"),
    (lambda lines: [line.replace('"weekday":', '"weekdays":') for line in lines], "columns: weekday, weekdays"),
    (lambda lines: [*lines[:2], lines[2].replace('{"id":', '{"id":9'), *lines[3:]], "rows of another organization"),
    (lambda lines: [line.replace("Salon staff", "Salon stuff") for line in lines], "The file's hash is broken"),
    (lambda lines: [*lines[:-2], lines[-1]], "cut off|has not the table's columns"),
]


def test_a_damaged_file_is_refused_and_leaves_nothing(file, monkeypatch):
    lines = file.read_text().split("\n")[:-1]
    empty_database()
    # What was broken before is looked for once: the database stays empty.
    monkeypatch.setattr(transfer, "_count_offenders", cache(transfer._count_offenders))
    for damage, says in DAMAGES:
        file.write_text("".join(f"{line}\n" for line in damage(lines)))
        with pytest.raises(CommandError, match=says):
            command("import_organization", file)
    assert sum(count for name, count in counts().items() if name != "Audit") == 0


def test_commands_name_what_is_missing_or_in_the_way(salon, file, tmp_path):
    for arguments, says in [
        (("export_organization", 987654321, tmp_path / "x"), "There is no organization 987654321"),
        (("export_organization", salon.organization.pk, file), "exists and is not overwritten"),
        (("export_organization", salon.organization.pk, tmp_path / "no" / "where"), "No such file or directory"),
        (("import_organization", tmp_path / "x"), "No such file or directory"),
    ]:
        with pytest.raises(CommandError, match=says):
            command(*arguments)


def test_operators_whom_no_installation_would_import_are_told_when_they_are_exported(salon, operator, tmp_path):
    told = StringIO()
    call_command("export_organization", salon.organization.pk, tmp_path / "salon", stderr=told, verbosity=0)
    assert told.getvalue() == ""
    call_command("export_organization", operator.organization_id, tmp_path / "platform", stderr=told, verbosity=0)
    assert f"The people {operator.pk} are platform operators, and no installation imports" in told.getvalue()
    assert (tmp_path / "platform").exists()
