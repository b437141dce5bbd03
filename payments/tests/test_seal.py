"""The seal over audit and history: rewriting is found with the row named, a lawful erasure is not taken for it."""

import time
from hashlib import sha256
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from appointments import booking, sealing
from appointments.models import AppointmentHistory
from clientline.database.invariants import collect_invariants
from clientline.privacy import personal_data
from clientline.tests.database import empty_tables
from organizations import audit
from organizations.models import Audit, Seal
from organizations.transfer import list_models_of_organizations
from payments.tests.factories import PaymentFactory, RefundFactory

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60  # seconds
SEALED = {invariant.name: invariant for invariant in collect_invariants()}
UNLOCKED = "ALTER TABLE {0} DISABLE TRIGGER {0}_is_append_only; {1}; ALTER TABLE {0} ENABLE TRIGGER {0}_is_append_only"


def execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


def find_rewritten():
    return SEALED["sealed_rows_are_as_they_were"].find_offenders()


def rewrite(table, sql):
    """What is found after somebody changed the tables who may do everything there; then it is as before."""
    with transaction.atomic():
        execute(UNLOCKED.format(table, sql))
        found = find_rewritten()
        transaction.set_rollback(True)
    return found


def wait_for_running_writes():
    """Until what has been written can be sealed: the databases of other tests on this server delay it, too."""
    [(newest,)] = execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    deadline = time.monotonic() + PATIENCE
    while execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") < [(newest,)]:
        assert time.monotonic() < deadline, "a write goes on and on"
        time.sleep(0.02)


def seal_rows():
    wait_for_running_writes()
    return sealing.seal_rows()


@pytest.fixture
def cancelled(salon, clinic):
    """A visit with words in its history and in the audit, all of it sealed."""
    now = timezone.now()
    booking.revise(by=salon.staff, visit=salon.visit, changes={"notes": "bad knee", "price": 40}, now=now)
    booking.cancel(by=salon.staff, visit=salon.visit, reason="late bus", now=now)
    audit.record_event("sign_in_failed")  # nobody's
    RefundFactory(payment=PaymentFactory(appointment=salon.visit, completed=True), reason="sorry")
    seal_rows()
    return salon.visit


@pytest.mark.sweep
def test_every_row_is_sealed_once_and_rewriting_one_names_it(cancelled):
    rows = Audit.objects.count() + AppointmentHistory.objects.count()
    assert (Seal.objects.count(), sealing.seal_rows(), find_rewritten()) == (rows, 0, (0, []))

    entry = Audit.objects.filter(table="appointments", row=cancelled.pk, changes__has_key="price").latest("id").pk
    fact = AppointmentHistory.objects.get(action="cancelled").pk
    nobodys = Audit.objects.get(organization=None).pk
    audit_row, history_row = (1, [f"audit {entry}"]), (1, [f"appointment_history {fact}"])
    price = """SET changes = changes || '{"price": ["45.00", "1.00"]}'"""
    assert rewrite("audit", f"UPDATE audit {price} WHERE id = {entry}") == audit_row
    assert rewrite("audit", f"UPDATE audit SET changes = changes - 'notes' WHERE id = {entry}") == audit_row
    assert rewrite("audit", f"UPDATE audit SET changes = blank_words(changes) WHERE id = {entry}") == audit_row
    assert rewrite("audit", f"UPDATE audit SET at = at - interval '1 s' WHERE id = {entry}") == audit_row
    assert rewrite("audit", f"DELETE FROM audit WHERE id = {entry}") == audit_row
    assert rewrite("audit", f"UPDATE audit SET action = 'x' WHERE id = {nobodys}") == (1, [f"audit {nobodys}"])
    history = "UPDATE appointment_history SET"
    assert rewrite("appointment_history", f"{history} by_id = NULL WHERE id = {fact}") == history_row
    assert rewrite("appointment_history", f"{history} reason = '' WHERE id = {fact}") == history_row


def test_a_link_that_is_rewritten_with_its_row_breaks_the_next(cancelled):
    first = Seal.objects.filter(table="audit", chain=cancelled.organization_id).earliest("id")
    forged = sha256(b"forged").hexdigest()
    found = rewrite("seals", f"UPDATE seals SET link = decode('{forged}', 'hex') WHERE id = {first.pk}")
    following = Seal.objects.filter(chain=first.chain, pk__gt=first.pk).earliest("id")
    assert found == (2, [f"audit {first.row}", f"{following.table} {following.row}"])


def test_an_erasure_takes_words_and_salt_and_is_a_row_itself(cancelled, salon):
    before = set(Seal.objects.exclude(salt=None).values_list("table", "row"))
    words = dict(Seal.objects.values_list("pk", "words"))
    with transaction.atomic():
        personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    assert find_rewritten() == (0, [])

    told = Audit.objects.get(action="redact")
    assert (told.table, told.row, told.organization_id) == ("users", salon.client.pk, salon.organization.pk)
    named = {(table, int(row)) for table, (_, rows) in told.changes.items() for row in rows.split()}
    blanked = before - set(Seal.objects.exclude(salt=None).values_list("table", "row"))
    assert len(blanked) >= 4
    assert blanked <= named
    assert dict(Seal.objects.values_list("pk", "words")) == words
    assert not Audit.objects.filter(changes__icontains="knee").exists()

    seal_rows()
    assert find_rewritten() == (0, [])
    with transaction.atomic():
        personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    seal_rows()
    assert find_rewritten() == (0, [])


def test_words_blanked_without_an_erasure_are_found(cancelled):
    fact = AppointmentHistory.objects.get(action="cancelled").pk
    seal = f"""UPDATE seals SET salt = NULL WHERE "table" = 'appointment_history' AND "row" = {fact}"""
    blank = f"UPDATE appointment_history SET reason = '' WHERE id = {fact}"
    execute("ALTER TABLE seals DISABLE TRIGGER seals_is_append_only")
    found = rewrite("appointment_history", f"{seal}; {blank}")
    execute("ALTER TABLE seals ENABLE TRIGGER seals_is_append_only")
    assert found == (1, [f"appointment_history {fact}"])


@pytest.fixture
def other_session(salon):
    parameters = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{name: parameters[name] for name in names if name in parameters}) as other:
        yield other


NOTE = "INSERT INTO audit (at, source, request_id, action, changes) VALUES (clock_timestamp(), 'psql', '', 'x', '{}')"


def test_rows_younger_than_a_running_write_wait_for_it(salon, other_session):
    seal_rows()
    other_session.execute(NOTE)
    audit.record_event("later", organization_id=salon.organization.pk)
    assert sealing.seal_rows() == 0
    other_session.commit()
    assert seal_rows() == 2
    assert SEALED["rows_are_sealed_in_turn"].find_offenders() == (0, [])


def test_an_erasure_and_the_seal_wait_for_each_other(cancelled, salon, other_session):
    other_session.execute(sealing.LOCK, [salon.organization.pk])
    type(salon.client).objects.filter(pk=salon.client.pk).update(is_active=False)
    with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
        execute("SET LOCAL lock_timeout = '100ms'")
        execute("SELECT redact_client(%s)", salon.client.pk)


def test_a_row_put_in_below_sealed_ones_is_found(cancelled):
    with transaction.atomic():
        execute(UNLOCKED.format("seals", "UPDATE seals SET sealed_at = sealed_at - interval '2 days'"))
        execute(
            "INSERT INTO audit (id, organization_id, at, source, request_id, action, changes)"
            f" VALUES (-1, {cancelled.organization_id}, now(), 'psql', '', 'x', '{{}}')"
        )
        found = SEALED["rows_are_sealed_in_turn"].find_offenders()
        transaction.set_rollback(True)
    assert found == (1, ["audit -1"])


def test_the_command_says_what_it_did_and_the_heads_to_be_noted(cancelled):
    audit.record_event("later", organization_id=cancelled.organization_id)
    wait_for_running_writes()
    output = StringIO()
    call_command("audit_seal", heads=True, stdout=output)
    first, *heads = output.getvalue().splitlines()
    assert first == "Sealed 1 row. What is written from now on is open until the next run."
    last = Seal.objects.filter(chain=cancelled.organization_id).latest("id")
    head = bytes(last.link).hex()
    assert f"{cancelled.organization_id} {head}" in heads
    call_command("audit_seal", noted=[head], stdout=output)
    with pytest.raises(CommandError, match=r"no links any more.*: 0+$"):
        call_command("audit_seal", noted=["0" * 64, head], stdout=output)


def test_heads_that_were_noted_line_by_line_are_looked_for_as_they_stand(cancelled, monkeypatch):
    wait_for_running_writes()
    noted, output = StringIO(), StringIO()
    call_command("audit_seal", heads=True, stdout=noted)

    def look(text):
        monkeypatch.setattr("sys.stdin", StringIO(text))
        call_command("audit_seal", noted=["-"], stdout=output)

    look(noted.getvalue())
    with pytest.raises(CommandError, match=r"no links any more.*: a+$"):
        look(f"{noted.getvalue()}{cancelled.organization_id} {'a' * 64}\n")
    with pytest.raises(CommandError, match="holds no head"):
        look("Sealed 0 rows.\n")


@pytest.mark.sweep
def test_an_organization_begins_a_chain_where_it_arrives(cancelled, tmp_path):
    assert Seal not in list_models_of_organizations()
    file = tmp_path / "salon.jsonl"
    call_command("export_organization", cancelled.organization_id, file, stdout=StringIO())
    empty_tables(None)
    call_command("import_organization", file, stdout=StringIO())
    assert seal_rows() == Audit.objects.count() + AppointmentHistory.objects.count() > 10
    assert find_rewritten() == (0, [])
    assert SEALED["rows_are_sealed_in_turn"].find_offenders() == (0, [])
