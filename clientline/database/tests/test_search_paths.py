"""Where functions in the database look for tables: never first among the temporary ones that anybody may make."""

import re

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import Token
from accounts.tests.factories import token_for
from organizations.tenancy import confine_transaction, release

pytestmark = pytest.mark.django_db

FIXED = ["search_path=pg_catalog, public, pg_temp"]
OURS = """
    SELECT proname::text, prosecdef, proconfig, prosrc, prorettype = 'trigger'::regtype,
        has_function_privilege('clientline_tenant', oid, 'EXECUTE')
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'procrastinate%'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
READS_TABLES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?!OLD\b|NEW\b|jsonb)\w+|%ROWTYPE")


def query(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_runs_as_the_owner_looks_at_temporary_tables_last():
    found = {name: (path, by_tenants) for name, definer, path, _, _, by_tenants in query(OURS) if definer}
    assert found == {
        "count_in_other_currency": (FIXED, False),
        "drop_links_of_moved_visit": (FIXED, False),
        "end_sign_ins_of_organization": (FIXED, False),
        "forget_client": (FIXED, True),
        "forget_password_resets": (FIXED, True),
        "guard_home": (FIXED, False),
        "end_sign_ins_of_user": (FIXED, False),
        "note_change": (FIXED, False),
        "note_added_users": (FIXED, False),
        "redact_client": (FIXED, True),  # called by requests, and looks at the caller itself
    }


def test_every_function_that_reads_a_table_says_where_it_is():
    reading = {name: path for name, _, path, source, _, _ in query(OURS) if READS_TABLES.search(source)}
    assert {"payments_are_final", "refunds_never_exceed_payment"} < set(reading)
    assert {name for name, path in reading.items() if path != FIXED} == set()


@pytest.fixture
def confined(salon):
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    yield salon
    release()


def test_a_temporary_table_does_not_keep_sign_ins_from_ending(salon, clinic):
    for person in (salon.staff, clinic.staff):
        token_for(person)
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    execute("CREATE TEMPORARY TABLE tokens (id bigint, user_id bigint)")
    execute(f"UPDATE users SET password = 'another' WHERE id = {salon.staff.pk}")
    release()
    execute("DROP TABLE pg_temp.tokens")
    assert [token.user for token in Token.objects.all()] == [clinic.staff]


def test_a_temporary_table_does_not_make_refunds_up(confined):
    execute(
        "CREATE TEMPORARY TABLE refunds AS SELECT 1.00 AS amount, id AS payment_id, 'completed' AS status FROM payments"
    )
    with (
        pytest.raises(IntegrityError, match="What is refunded of a payment is the sum of its completed refunds"),
        transaction.atomic(),
    ):
        execute(f"UPDATE payments SET refunded_amount = 1 WHERE id = {confined.payment.pk}")


def test_nobody_confined_ends_the_sign_ins_of_others_through_a_table_of_their_own(confined):
    execute("CREATE TEMPORARY TABLE bait (id bigint, organization_id bigint)")
    with (
        pytest.raises(ProgrammingError, match=r"permission denied for function public\.end_sign_ins_of_user"),
        transaction.atomic(),
    ):
        execute("CREATE TRIGGER bait AFTER UPDATE ON bait FOR EACH ROW EXECUTE FUNCTION public.end_sign_ins_of_user()")
