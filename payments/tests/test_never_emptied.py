"""What stays, whatever psql tries as the owner: no TRUNCATE, no change of what happened, and no door by a setting."""

import pytest
from django.db import DatabaseError, connection, transaction

from appointments.models import AppointmentHistory
from clientline.redaction import REDACTOR_ROLE, never_emptied
from clientline.tests.database import EMPTIED
from organizations.models import Audit


def refusal(*statements):
    """PostgreSQL's message and state; None where it does not refuse."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        return error.__cause__.diag.message_primary, error.__cause__.sqlstate
    return None


@pytest.fixture
def as_migrated(salon):
    """The triggers that the tests' database does without."""
    with connection.cursor() as cursor:
        for table in EMPTIED:
            cursor.execute(never_emptied(table).sql)


def test_nothing_that_happened_is_emptied_by_anybody(as_migrated):
    for table in EMPTIED:
        told = refusal(f"TRUNCATE {table} CASCADE")
        assert told[1] == "23001"
        assert told[0].endswith("are never emptied")
    assert refusal("TRUNCATE users CASCADE")[0].endswith("are never emptied")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgtype & 32 > 0 AND tgenabled = 'A'")
        assert sorted(table for (table,) in cursor.fetchall()) == sorted(EMPTIED)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET changes = '{}'", "UPDATE appointment_history SET reason = 'x'"]
)
def test_no_setting_opens_what_is_append_only(salon, statement):
    AppointmentHistory.objects.create(
        organization=salon.organization, appointment=salon.visit, at=salon.visit.created_at, action="x"
    )
    assert Audit.objects.exists()
    told = refusal("SET LOCAL clientline.redacting = 'on'", statement)
    assert (told[0].endswith("is append-only"), told[1]) == (True, "23001")


def test_the_owner_is_no_redactor(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            pytest.skip("a superuser is everybody")
    assert refusal(f"SET ROLE {REDACTOR_ROLE}") == (f'permission denied to set role "{REDACTOR_ROLE}"', "42501")
