"""The five tables are the user's own: their columns, types, constraints and defaults, read from the database."""

from collections import defaultdict

import pytest
from django.db import IntegrityError, connection, transaction

from payments.tests.factories import PaymentFactory

# column | type (wider than the seed's where a plus stands) | constraints
SEED = {
    "organizations": """
        id         | integer+   | PRIMARY KEY, AUTO INCREMENT
        name       | varchar    | NOT NULL
        email      | varchar    | UNIQUE, NOT NULL
        phone      | varchar    | -
        address    | text       | -
        is_active  | boolean    | DEFAULT: true
        created_at | timestamp+ | DEFAULT: now()
    """,
    "users": """
        id              | integer+   | PRIMARY KEY, AUTO INCREMENT
        organization_id | integer+   | FOREIGN KEY organizations, NOT NULL
        name            | varchar    | NOT NULL
        email           | varchar    | UNIQUE, NOT NULL
        phone           | varchar    | -
        role            | varchar    | NOT NULL
        is_active       | boolean    | DEFAULT: true
        created_at      | timestamp+ | DEFAULT: now()
    """,
    "services": """
        id              | integer+      | PRIMARY KEY, AUTO INCREMENT
        organization_id | integer+      | FOREIGN KEY organizations, NOT NULL
        name            | varchar       | NOT NULL
        description     | text          | -
        duration        | integer       | -
        price           | decimal(10,2) | -
        is_active       | boolean       | DEFAULT: true
        created_at      | timestamp+    | DEFAULT: now()
    """,
    "appointments": """
        id               | integer+   | PRIMARY KEY, AUTO INCREMENT
        organization_id  | integer+   | FOREIGN KEY organizations, NOT NULL
        client_id        | integer+   | FOREIGN KEY users, NOT NULL
        staff_id         | integer+   | FOREIGN KEY users, NOT NULL
        service_id       | integer+   | FOREIGN KEY services, NOT NULL
        appointment_date | timestamp+ | NOT NULL
        status           | varchar    | DEFAULT: 'scheduled'::character varying
        notes            | text       | -
        created_at       | timestamp+ | DEFAULT: now()
    """,
    "payments": """
        id              | integer+      | PRIMARY KEY, AUTO INCREMENT
        organization_id | integer+      | FOREIGN KEY organizations, NOT NULL
        appointment_id  | integer+      | FOREIGN KEY appointments, NOT NULL
        amount          | decimal(10,2) | NOT NULL
        payment_method  | varchar       | -
        status          | varchar       | DEFAULT: 'pending'::character varying
        created_at      | timestamp+    | DEFAULT: now()
    """,
}
TYPES = {
    "integer": "integer",
    "integer+": "bigint",
    "varchar": "character varying",
    "text": "text",
    "boolean": "boolean",
    "timestamp+": "timestamp with time zone",
    "decimal(10,2)": "numeric(10,2)",
}
COLUMNS = [
    (table, *(cell.strip() for cell in line.split("|")))
    for table, columns in SEED.items()
    for line in columns.strip().splitlines()
]

COLUMN = """
    SELECT attrelid::regclass::text, attname,
           format_type(atttypid, NULL)
               || COALESCE(substring(format_type(atttypid, atttypmod) FROM '\\(\\d+,\\d+\\)'), ''),
           attnotnull, pg_get_expr(adbin, adrelid), attidentity <> ''
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ANY(%s::regclass[])
"""
KEYS = """
    SELECT conrelid::regclass::text, attname, contype, confrelid::regclass::text
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[cardinality(conkey)]
    WHERE conrelid = ANY(%s::regclass[]) AND (contype IN ('p', 'f') OR contype = 'u' AND cardinality(conkey) = 1)
"""


def query(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def test_each_column_is_as_the_seed_says(db):
    found = {(table, column): told for table, column, *told in query(COLUMN, [*SEED])}
    keys = defaultdict(list)
    for table, column, *key in query(KEYS, [*SEED]):
        keys[table, column].append(tuple(key))
    for table, column, kind, constraints in COLUMNS:
        place = f"{table}.{column}"
        type_name, *told = found[table, column]
        assert type_name == TYPES[kind], place
        assert_keys(place, keys[table, column], constraints)
        assert_rest(place, told, kind, constraints)


def assert_keys(place, keys, constraints):
    assert (("p", "-") in keys) == ("PRIMARY KEY" in constraints), place
    assert (("u", "-") in keys) == ("UNIQUE" in constraints), place
    parents = [parent for key, parent in keys if key == "f"]
    assert parents == [part.split()[2] for part in constraints.split(", ") if part.startswith("FOREIGN KEY")], place


def assert_rest(place, told, kind, constraints):
    required, default, identity = told
    assert identity == ("AUTO INCREMENT" in constraints), place
    if "NOT NULL" in constraints:
        assert required, place
    if "DEFAULT: " in constraints:
        assert (default, required) == (constraints.partition("DEFAULT: ")[2], True), place
    if constraints == "-" and kind in ("varchar", "text"):  # absent text is empty, never NULL
        assert (default.startswith("''::"), required) == (True, True), place
    if constraints == "-" and kind not in ("varchar", "text"):
        assert (default, required) == (None, False), place


@pytest.mark.django_db
def test_every_default_works_for_plain_sql():
    [organization] = query(
        "INSERT INTO organizations (name, email) VALUES ('Salon', 'a@b.example')"
        " RETURNING id, phone, address, is_active, created_at = now(), timezone, currency, slot_interval, min_notice,"
        " max_advance_days, cancellation_notice, late_cancellation_fee, no_show_fee, version"
    )
    assert organization[1:-3] == ("", "", True, True, "UTC", "USD", 15, 60, 90, 1440)
    assert organization[-3:] == (0, 0, 1)
    home = organization[0]
    people = query(
        "INSERT INTO users (organization_id, name, email, role, password) VALUES"
        " (%s, 'Mia', 'mia@b.example', 'client', ''), (%s, 'Sofie', 'sofie@b.example', 'staff', '')"
        " RETURNING id, phone, is_active, is_superuser, version, created_at = now()",
        home,
        home,
    )
    assert [person[1:] for person in people] == [("", True, False, 1, True)] * 2
    [service] = query(
        "INSERT INTO services (organization_id, name) VALUES (%s, 'Cut') RETURNING id, description, duration, price,"
        " is_active, buffer_before, buffer_after, version, created_at = now()",
        home,
    )
    assert service[1:] == ("", None, None, True, 0, 0, 1, True)
    [visit] = query(
        "INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date,"
        " ends_at, busy_from, busy_until, price, cancellation_notice)"
        " VALUES (%s, %s, %s, %s,"
        " '2026-12-01 09:00Z', '2026-12-01 10:00Z', '2026-12-01 09:00Z', '2026-12-01 10:00Z', 0, 0)"
        " RETURNING id, status, notes, internal_notes, overbooked, version, cancellation_reason, fee_waived,"
        " late_cancellation_fee, no_show_fee, created_at = now()",
        home,
        people[0][0],
        people[1][0],
        service[0],
    )
    assert visit[1:] == ("scheduled", "", "", False, 1, "", False, 0, 0, True)
    [payment] = query(
        "INSERT INTO payments (organization_id, appointment_id, amount) VALUES (%s, %s, 5)"
        " RETURNING id, payment_method, status, refunded_amount, reference, provider, checkout_url, version,"
        " created_at = now()",
        home,
        visit[0],
    )
    assert payment[1:] == ("", "pending", 0, "", "", "", 1, True)
    query("UPDATE payments SET status = 'completed', settled_at = now() WHERE id = %s RETURNING id", payment[0])
    [refund] = query(
        "INSERT INTO refunds (organization_id, payment_id, amount) VALUES (%s, %s, 5)"
        " RETURNING reason, status, reference, settled_at, created_at = now()",
        home,
        payment[0],
    )
    assert refund == ("", "pending", "", None, True)


# Payments and refunds are tried as new rows: whatever changes one meets a trigger first.
PAYMENT = (
    "INSERT INTO payments"
    " (organization_id, appointment_id, amount, refunded_amount, payment_method, status, settled_at)"
    " SELECT organization_id, id,"
)
FOR_VISITS = "FROM appointments"
REFUND = "INSERT INTO refunds (organization_id, payment_id, amount, status, settled_at) SELECT organization_id, id,"
OF_PAYMENTS = "FROM payments WHERE settled_at IS NOT NULL"

RULES = [
    ("UPDATE users SET role = 'owner'", "user_role_is_known"),
    ("UPDATE users SET email = upper(email)", "user_email_in_lower_case"),
    ("UPDATE organizations SET email = upper(email)", "organization_email_in_lower_case"),
    ("UPDATE organizations SET timezone = 'foo5'", "organization_timezone_is_a_name"),
    ("UPDATE organizations SET currency = 'eur'", "organization_currency_is_a_code"),
    ("UPDATE organizations SET slot_interval = 4", "organization_slot_interval_5_to_720"),
    ("UPDATE organizations SET max_advance_days = 1096", "organization_max_advance_1_to_1095"),
    ("UPDATE organizations SET no_show_fee = 101", "organization_no_show_fee_is_a_percentage"),
    ("UPDATE services SET price = -1", "service_price_not_negative"),
    ("UPDATE services SET duration = 1441", "service_duration_1_to_1440"),
    ("UPDATE services SET buffer_before = 721", "service_buffer_before_to_720"),
    ("UPDATE services SET duration = 720, buffer_after = 721", "service_buffer_after_to_720"),
    ("UPDATE services SET duration = 1000, buffer_after = 441", "service_with_buffers_within_a_day"),
    ("UPDATE appointments SET status = 'done'", "appointment_status_is_known"),
    ("UPDATE appointments SET price = -1", "appointment_price_not_negative"),
    ("UPDATE appointments SET ends_at = appointment_date", "appointment_ends_after_start"),
    ("UPDATE appointments SET busy_until = busy_from + '25 hours'", "appointment_with_buffers_within_a_day"),
    ("UPDATE appointments SET status = 'cancelled'", "appointment_cancelled_has_its_time"),
    (f"{PAYMENT} 0, 0, '', 'pending', NULL {FOR_VISITS}", "payment_amount_above_zero"),
    (f"{PAYMENT} 5, -1, '', 'pending', NULL {FOR_VISITS}", "payment_refunds_never_exceed_it"),
    (f"{PAYMENT} 5, 5, '', 'completed', now() {FOR_VISITS}", "payment_refunded_exactly_when_nothing_is_left"),
    (f"{PAYMENT} 5, 4, '', 'refunded', now() {FOR_VISITS}", "payment_refunded_exactly_when_nothing_is_left"),
    (f"{PAYMENT} 5, 0, '', 'completed', NULL {FOR_VISITS}", "payment_settled_has_its_time"),
    (f"{PAYMENT} 5, 0, '', 'pending', now() {FOR_VISITS}", "payment_settled_has_its_time"),
    (f"{PAYMENT} 5, 0, 'shells', 'pending', NULL {FOR_VISITS}", "payment_method_is_known"),
    (f"{REFUND} 0, 'pending', NULL {OF_PAYMENTS}", "refund_amount_above_zero"),
    (f"{REFUND} 5, 'completed', NULL {OF_PAYMENTS}", "refund_settled_has_its_time"),
    (f"{REFUND} 5, 'failed', now() {OF_PAYMENTS}", "refund_settled_has_its_time"),
    ("UPDATE working_hours SET every_second_week = 2", "working_hours_second_week_0_or_1"),
    (
        "UPDATE working_hours SET valid_from = '2027-01-02', valid_until = '2027-01-01'",
        "working_hours_valid_until_not_before_from",
    ),
    ("UPDATE working_hours SET valid_from = '1999-12-31'", "working_hours_valid_between_2000_and_2100"),
    ("UPDATE working_hours SET valid_from = 'infinity'", "working_hours_valid_between_2000_and_2100"),
    ("UPDATE special_hours SET starts = '09:00'", "special_hours_have_both_times_or_neither"),
    ("UPDATE special_hours SET date = '1999-12-31'", "special_hours_between_2000_and_2100"),
    ("UPDATE time_off SET ends_at = starts_at", "time_off_ends_after_start"),
    ("UPDATE time_off SET whole_days = true", "time_off_has_dates_or_times"),
    ("UPDATE time_off SET from_date = '2027-01-01', to_date = '2027-01-01'", "time_off_has_dates_or_times"),
    (
        "UPDATE time_off SET whole_days = true, from_date = '2027-01-02', to_date = '2027-01-01'",
        "time_off_to_date_not_before_from_date",
    ),
    (
        "UPDATE time_off SET whole_days = true, from_date = '2027-01-02', to_date = 'infinity'",
        "time_off_dates_between_2000_and_2100",
    ),
]


def test_the_database_itself_refuses_what_no_rule_allows(salon):
    PaymentFactory(appointment=salon.visit, completed=True)
    for statement, constraint in RULES:
        with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert caught.value.__cause__.diag.constraint_name == constraint


def test_instants_beyond_2100_are_refused(salon):
    late = "appointment_date = '2100-01-01Z', ends_at = '2100-01-01 01:00Z', busy_from = '2100-01-01Z'"
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE appointments SET {late}, busy_until = '2100-01-01 01:00Z' WHERE id = %s", [salon.visit.pk]
        )
    assert caught.value.__cause__.diag.constraint_name == "appointment_between_2000_and_2100"


def test_double_booking_is_refused_by_the_database(salon):
    clash = (
        "UPDATE appointments SET staff_id = %s, appointment_date = v.appointment_date, ends_at = v.ends_at,"
        " busy_from = v.busy_from, busy_until = v.busy_until"
        " FROM appointments v WHERE v.id = %s AND appointments.id = %s"
    )
    values = [salon.staff.pk, salon.visit.pk, salon.strangers_visit.pk]
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(clash, values)
    error = caught.value.__cause__
    assert (error.sqlstate, error.diag.constraint_name) == ("23P01", "appointment_no_double_booking")
    with connection.cursor() as cursor:  # knowingly, it may be
        cursor.execute("UPDATE appointments SET overbooked = true WHERE id = %s", [salon.strangers_visit.pk])
        cursor.execute(clash, values)
        assert cursor.rowcount == 1
