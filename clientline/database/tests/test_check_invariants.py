from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clientline.database.invariants import collect_invariants
from clientline.redaction import TAKE_BACK
from clientline.tests.rehearsals import undone
from payments.tests.factories import PaymentFactory, RefundFactory

INVARIANTS = {invariant.name: invariant for invariant in collect_invariants()}

# What breaks the walls, and who is then named.
BROKEN_WALLS = [
    (
        "declared_constraints_exist",
        "ALTER TABLE appointments DROP CONSTRAINT appointment_no_double_booking",
        "appointment_no_double_booking",
    ),
    (
        "declared_constraints_exist",
        "ALTER TABLE payments DROP CONSTRAINT payment_appointment_in_same_organization",
        "payment_appointment_in_same_organization",
    ),
    (
        "constraints_are_valid",
        "ALTER TABLE users ADD CONSTRAINT user_has_a_name CHECK (name <> '') NOT VALID",
        "user_has_a_name",
    ),
    (
        "indexes_are_valid",  # such an index waits for its partitions'
        """CREATE TABLE archive (id int) PARTITION BY RANGE (id);
           CREATE TABLE archive_1 PARTITION OF archive FOR VALUES FROM (1) TO (2);
           CREATE INDEX archive_by_id ON ONLY archive (id)""",
        "archive_by_id",
    ),
    (
        "triggers_are_enabled",
        """CREATE TRIGGER nothing_changes BEFORE UPDATE ON payments
               FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
           ALTER TABLE payments DISABLE TRIGGER nothing_changes""",
        "payments.nothing_changes",
    ),
    ("sequences_keep_to_their_cell", "ALTER SEQUENCE users_id_seq INCREMENT BY 2", "users"),
    ("tenant_tables_have_row_security", "ALTER TABLE payments DISABLE ROW LEVEL SECURITY", "payments"),
    ("tenant_tables_have_row_security", "ALTER TABLE organizations DISABLE ROW LEVEL SECURITY", "organizations"),
    ("tenant_tables_have_row_security", "DROP POLICY users_of_one_organization ON users", "users"),
    ("tenant_tables_have_row_security", "CREATE TABLE gifts (organization_id bigint)", "gifts"),
    ("tenants_make_no_operator", "GRANT UPDATE ON users TO clientline_tenant", "UPDATE"),
    (
        "words_are_blanked_by_the_redactor_alone",
        TAKE_BACK,
        "redact_client",
    ),
]
RECEIVER = """
    INSERT INTO webhook_endpoints (organization_id, url, events, secret)
    SELECT id, 'https://receiver.example/', '{client.created}', 'whsec_' || repeat('A', 32)
    FROM organizations WHERE name = 'Clinic' RETURNING organization_id, id
"""
# What breaks the data of the clinic; each says whose id is then named.
MESSAGE = 'organization_id, appointment_id, kind, channel, start, due_at, try_at, "to", language'
OF_VISIT = (
    "organization_id, id, 'reminder', 'mail', appointment_date, appointment_date, appointment_date, "
    "'eva@example.com', 'en'"
)
BROKEN_ROWS = [
    (
        "organization_timezone_is_readable",
        "UPDATE organizations SET timezone = 'Europe/Atlantis' WHERE name = 'Clinic' RETURNING id",
    ),
    (
        "organization_country_is_known",
        "UPDATE organizations SET country = 'ZZ' WHERE name = 'Clinic' RETURNING id",
    ),
    (
        "organization_currency_is_known",
        "UPDATE organizations SET currency = 'KWD' WHERE name = 'Clinic' RETURNING id",
    ),
    (
        "organization_has_an_active_admin",
        "UPDATE users SET is_active = false WHERE name = 'Clinic admin' RETURNING organization_id",
    ),
    ("operator_is_an_admin", "UPDATE users SET is_superuser = true WHERE name = 'Clinic staff' RETURNING id"),
    (
        "people_have_their_words",
        """DELETE FROM search_words USING users
           WHERE user_id = users.id AND name = 'Clinic colleague' AND word = 'colleague' RETURNING user_id""",
    ),
    (
        "service_performed_by_no_client",
        """INSERT INTO service_staff (organization_id, service_id, staff_id)
           SELECT s.organization_id, s.id, u.id FROM services s, users u
           WHERE s.name = 'Clinic service' AND u.name = 'Clinic client' RETURNING service_id""",
    ),
    ("visit_of_a_client", "UPDATE appointments SET client_id = staff_id WHERE id = %(visit)s RETURNING id"),
    ("visit_given_by_no_client", "UPDATE appointments SET staff_id = client_id WHERE id = %(visit)s RETURNING id"),
    (
        "visit_cancelled_after_it_was_booked",
        """UPDATE appointments SET status = 'cancelled', cancelled_at = created_at - interval '1 second'
           WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "visit_ahead_has_no_outcome",
        """UPDATE appointments SET status = 'completed', appointment_date = '2099-01-01 10:00+00', ends_at =
           '2099-01-01 11:00+00', busy_from = '2099-01-01 10:00+00', busy_until = '2099-01-01 11:00+00'
           WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "visit_ahead_shows_the_time_agreed",
        """UPDATE appointments SET appointment_date = '2099-01-01 10:00+00', ends_at = '2099-01-01 11:00+00',
           busy_from = '2099-01-01 10:00+00', busy_until = '2099-01-01 11:00+00', local_start = '2099-01-01 06:00'
           WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "visit_ahead_says_the_time_agreed",
        """UPDATE appointments SET appointment_date = '2099-01-01 10:00+00', ends_at = '2099-01-01 11:00+00',
           busy_from = '2099-01-01 10:00+00', busy_until = '2099-01-01 11:00+00', local_start = NULL
           WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "series_of_one_client",
        """UPDATE appointments a SET series = '00000000-0000-4000-8000-000000000001' FROM organizations o
           WHERE o.id = a.organization_id AND o.name = 'Clinic' RETURNING series""",
    ),
    (
        "group_of_one_client",
        """UPDATE appointments a SET "group" = '00000000-0000-4000-8000-000000000001' FROM organizations o
           WHERE o.id = a.organization_id AND o.name = 'Clinic' RETURNING a."group" """,
    ),
    (
        "payment_settled_after_it_was_recorded",
        """UPDATE payments SET status = 'completed', settled_at = created_at - interval '1 second'
           WHERE id = %(payment)s RETURNING id""",
    ),
    (
        "payment_says_what_was_refunded",
        """INSERT INTO payments (organization_id, appointment_id, amount, status, settled_at, refunded_amount)
           SELECT organization_id, id, 45, 'completed', now(), 1 FROM appointments
           WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "money_that_moved_has_its_number",
        "UPDATE payments SET receipt_number = 1000 WHERE id = %(payment)s RETURNING id",
    ),
    (
        "receipts_are_numbered_without_gaps",
        """UPDATE receipt_counters SET last_number = last_number + 1 FROM appointments visit
           WHERE visit.id = %(visit)s AND visit.organization_id = receipt_counters.organization_id
           RETURNING visit.organization_id""",
    ),
    (
        "receipts_follow_their_counter",
        """DELETE FROM receipt_counters USING appointments visit
           WHERE visit.id = %(visit)s AND visit.organization_id = receipt_counters.organization_id
           RETURNING visit.organization_id""",
    ),
    (
        "figures_of_clients_add_up",
        """UPDATE client_totals SET charge = charge + 1 WHERE id = (SELECT id FROM client_totals
           WHERE visit = %(visit)s LIMIT 1) RETURNING client_id""",
    ),
    (
        "payment_is_what_was_asked_for",
        """INSERT INTO payments (organization_id, appointment_id, amount, instead_of_id)
           SELECT organization_id, id, 1, %(payment)s FROM appointments WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "refund_recorded_after_the_money_came",
        """INSERT INTO refunds (organization_id, payment_id, amount, status, created_at)
           SELECT organization_id, payment_id, 1, 'failed', created_at - interval '1 day' FROM refunds
           WHERE id = %(refund)s RETURNING id""",
    ),
    (
        "refund_settled_after_it_was_recorded",
        """UPDATE refunds SET status = 'completed', settled_at = created_at - interval '1 second'
           WHERE id = %(refund)s RETURNING id""",
    ),
    (
        "delivered_webhook_was_received",
        f"""WITH receiver AS ({RECEIVER})
            INSERT INTO webhook_deliveries (organization_id, endpoint_id, type, body, state)
            SELECT organization_id, id, 'webhook.test', '{{}}', 'delivered' FROM receiver RETURNING id""",
    ),
    (
        "due_webhooks_are_called",
        f"""WITH receiver AS ({RECEIVER})
            INSERT INTO webhook_deliveries (organization_id, endpoint_id, type, body, due_at)
            SELECT organization_id, id, 'webhook.test', '{{}}', now() - interval '2 hours' FROM receiver
            RETURNING id""",
    ),
    (
        "no_message_for_a_visit_that_does_not_stand",
        f"""INSERT INTO messages ({MESSAGE}, state, sequence, claimed_at)
            SELECT {OF_VISIT}, 'sent', 90, appointment_date FROM appointments WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "messages_under_way_are_taken_up",
        f"""INSERT INTO messages ({MESSAGE}, state, sequence, claimed_at)
            SELECT {OF_VISIT}, 'sending', 90, now() - interval '2 hours' FROM appointments
            WHERE id = %(visit)s RETURNING id""",
    ),
    (
        "sealed_rows_are_as_they_were",
        """INSERT INTO seals (chain, "table", "row", words, link, sealed_at)
           VALUES (1, 'audit', -1, '', '', now()) RETURNING "table" || ' ' || "row\"""",
    ),
    (
        "rows_are_sealed_in_turn",
        """WITH entry AS (
               SELECT a.id, a.organization_id FROM audit a JOIN organizations o ON o.id = a.organization_id
               WHERE o.name = 'Clinic'
           ) INSERT INTO seals (chain, "table", "row", words, link, sealed_at)
           SELECT organization_id, 'audit', id, '', '', now() - interval '2 days' FROM entry
           WHERE id > (SELECT min(id) FROM entry) RETURNING (SELECT 'audit ' || min(id) FROM entry)""",
    ),
]


def execute(sql, **parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []


def run():
    output = StringIO()
    call_command("check_invariants", stdout=output)
    return output.getvalue().splitlines()


def test_sound_data_breaks_no_invariant(salon, operator):
    assert run() == [f"ok      {name}" for name in INVARIANTS]


def test_a_wall_with_a_hole_is_found(db):
    for name, sql, offender in BROKEN_WALLS:
        assert INVARIANTS[name].find_offenders() == (0, []), name
        with undone():
            execute(sql)
            assert INVARIANTS[name].find_offenders() == (1, [offender]), sql


@pytest.mark.sweep
def test_a_row_that_breaks_an_invariant_is_found(salon, clinic):
    refund = RefundFactory(payment=PaymentFactory(appointment=clinic.visit, completed=True))
    rows = {"visit": clinic.visit.pk, "payment": clinic.payment.pk, "refund": refund.pk}
    for name, sql in BROKEN_ROWS:
        with undone():
            offenders = {row[0] for row in execute(sql, **rows)}
            assert len(offenders) == 1, sql
            assert INVARIANTS[name].find_offenders() == (1, list(offenders)), sql


def test_a_tenant_role_that_passes_by_row_security_is_found(db):
    superuser = execute("SELECT rolname FROM pg_roles WHERE rolsuper")[0][0]
    invariant = replace(INVARIANTS["tenant_role_is_confined"], parameters=lambda: {"role": superuser})
    assert invariant.find_offenders() == (1, [superuser])


def test_a_second_reminder_is_found_where_its_index_is_lost(clinic):
    execute("DROP INDEX message_reminds_once_of_one_start")
    first = execute(
        f"""INSERT INTO messages ({MESSAGE}, state, sequence, claimed_at)
            SELECT {OF_VISIT}, 'sent', number, appointment_date - interval '1 day'
            FROM appointments, generate_series(90, 91) number WHERE appointments.id = %(visit)s RETURNING id""",
        visit=clinic.visit.pk,
    )[0][0]
    assert INVARIANTS["no_reminder_twice_for_one_start"].find_offenders() == (1, [first])


def test_every_invariant_is_seen_to_find_something():
    seen = {row[0] for row in BROKEN_WALLS + BROKEN_ROWS}
    seen |= {"tenant_role_is_confined", "no_reminder_twice_for_one_start"}
    seen.add("who_came_is_followed_by_its_former_home")  # by clientline/cells/tests/test_status.py
    assert seen == set(INVARIANTS)


def test_findings_are_listed_and_end_the_command_with_an_error(salon):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE organizations SET timezone = 'Europe/Atlantis' RETURNING id")
        ids = sorted(pk for (pk,) in cursor.fetchall())
    output = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("check_invariants", stdout=output)
    assert str(failure.value) == f"1 of {len(INVARIANTS)} invariants are broken."
    assert (
        f"BROKEN  organization_timezone_is_readable: 2 organizations in time zones without rules: {ids[0]}, {ids[1]}"
    ) in output.getvalue().splitlines()


def test_of_many_offenders_only_the_first_are_named(db):
    invariant = replace(INVARIANTS["visit_of_a_client"], sql="SELECT generate_series(1, 7)")
    assert invariant.find_offenders() == (7, [1, 2, 3, 4, 5])
