"""What every table of an organization has: row security, composite references, indexes, few grants."""

import re

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from organizations.tenancy import confine_transaction

pytestmark = pytest.mark.django_db

# All that the tenants' role may do. Every other table is closed to it.
GRANTS = {
    "audit": "INSERT, SELECT",
    "organizations": "SELECT, UPDATE",
    "idempotency_keys": "DELETE, INSERT, SELECT, UPDATE",
    "users": "DELETE, SELECT",  # and of its columns those below
    "search_words": "DELETE, INSERT, SELECT",
    "tokens": "DELETE, INSERT, SELECT, UPDATE",
    "relocations": "SELECT",
    "services": "DELETE, INSERT, SELECT, UPDATE",
    "client_file_columns": "INSERT, SELECT, UPDATE",
    "booking_requests": "DELETE, INSERT, SELECT, UPDATE",
    "manage_links": "DELETE, INSERT, SELECT, UPDATE",
    "guest_logos": "DELETE, INSERT, SELECT",
    "service_staff": "DELETE, INSERT, SELECT",
    "working_hours": "DELETE, INSERT, SELECT, UPDATE",
    "special_hours": "DELETE, INSERT, SELECT, UPDATE",
    "time_off": "DELETE, INSERT, SELECT, UPDATE",
    "appointments": "INSERT, SELECT, UPDATE",
    "appointment_history": "INSERT, SELECT",
    "payments": "INSERT, SELECT, UPDATE",
    "refunds": "INSERT, SELECT, UPDATE",
    "receipt_counters": "INSERT, SELECT, UPDATE",
    "list_files": "DELETE, INSERT, SELECT, UPDATE",
    "list_file_parts": "DELETE, INSERT, SELECT, UPDATE",
    "client_totals": "DELETE, INSERT, SELECT, UPDATE",
    "webhook_endpoints": "DELETE, INSERT, SELECT, UPDATE",
    "webhook_deliveries": "DELETE, INSERT, SELECT, UPDATE",
    "webhook_attempts": "DELETE, INSERT, SELECT",
    "django_admin_log": "DELETE, INSERT, SELECT",  # a policy lets DELETE find nothing
    "django_content_type": "SELECT",
    "calendar_feeds": "DELETE, INSERT, SELECT, UPDATE",
    "message_rules": "DELETE, INSERT, SELECT, UPDATE",
    "message_texts": "DELETE, INSERT, SELECT, UPDATE",
    "messages": "INSERT, SELECT, UPDATE",
    "reminder_opt_outs": "DELETE, INSERT, SELECT",
    "procrastinate_events": "INSERT",
    "procrastinate_jobs": "INSERT",  # and SELECT of its ids
}
CLOSED = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "axes_accessattempt",
    "axes_accessattemptexpiration",
    "axes_accessfailurelog",
    "axes_accesslog",
    "cells",
    "django_migrations",
    "password_resets",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
    "relocated_rows",
    "seals",
    "second_factors",
    "sessions",
}

# All that the role may do that owns `redact_client`; nobody else is asked where words are blanked.
REDACTION = {
    "appointment_history": "SELECT, UPDATE",
    "appointments": "SELECT",
    "audit": "INSERT, SELECT, UPDATE",
    "django_admin_log": "SELECT, UPDATE",
    "django_content_type": "SELECT",
    "payments": "SELECT",
    "refunds": "SELECT",
    "seals": "SELECT, UPDATE",
    "users": "SELECT",
}

# Who did it may be an operator, who acts from another organization.
ACTORS = {"created_by_id", "cancelled_by_id", "voided_by_id", "by_id", "actor_id"}
NO_KEYS = {"organization_id", "request_id", "external_id", "message_id", "provider_id"}
NEVER_LOOKED_UP = {("procrastinate_jobs", "worker_id")}  # procrastinate indexes those of jobs under way
AUDITED = {
    "organizations",
    "users",
    "services",
    "service_staff",
    "working_hours",
    "special_hours",
    "time_off",
    "appointments",
    "payments",
    "refunds",
    "webhook_endpoints",
}


def query(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def tables():
    return {name for (name,) in query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def tenant_tables():
    rows = query(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'organization_id' AND table_schema = 'public'"
    )
    return {name for (name,) in rows}


def foreign_keys():
    """(table, columns, parent table, deferrable) of each reference."""
    return query(
        "SELECT conrelid::regclass::text, (SELECT array_agg(attname::text ORDER BY position)"
        "  FROM unnest(conkey) WITH ORDINALITY AS key (number, position)"
        "  JOIN pg_attribute ON attrelid = conrelid AND attnum = number), confrelid::regclass::text, condeferrable"
        " FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
    )


def grants_of(*roles):
    rows = query(
        "SELECT table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type)"
        " FROM information_schema.role_table_grants WHERE grantee = ANY (%s)"
        " AND table_schema = 'public' GROUP BY table_name",
        list(roles),
    )
    return dict(rows)


def test_the_tenants_role_may_do_this_and_nothing_else():
    assert grants_of("clientline_tenant", "PUBLIC") == GRANTS
    assert tables() == set(GRANTS) | CLOSED


def test_the_redactors_role_owns_one_function_and_has_no_member():
    assert grants_of("clientline_redactor") == REDACTION
    owned = "SELECT proname::text FROM pg_proc JOIN pg_roles ON proowner = pg_roles.oid WHERE rolname = %s"
    assert query(owned, "clientline_redactor") == [("redact_client",)]
    role = query("SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'clientline_redactor'")
    assert role == [(False, False, False)]
    assert query("SELECT tablename FROM pg_tables WHERE tableowner = 'clientline_redactor'") == []


# Columns that the tenants' role may not name, of tables where it may the others.
WITHHELD = {"INSERT": {"is_superuser"}, "UPDATE": {"is_superuser", "has_second_factor"}}


@pytest.mark.parametrize("privilege", WITHHELD)
def test_of_people_the_tenants_role_writes_every_column_but_those_that_give_power(privilege):
    """Whoever adds a column to `users` grants it by `grant_columns` in the same migration."""
    rows = query(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
        " AND NOT has_column_privilege('clientline_tenant', attrelid, attnum, %s)",
        privilege,
    )
    assert {name for (name,) in rows} == WITHHELD[privilege]


def test_members_register_somebody_and_make_no_operator(salon, api):
    newcomer = {"name": "New", "email": "new@salon.example", "role": "staff"}
    assert api(salon.admin).post("/users", newcomer).status_code == 201
    for statement in (
        "UPDATE users SET is_superuser = true WHERE id = %s",
        "UPDATE users SET has_second_factor = false WHERE id = %s",
        "INSERT INTO users (organization_id, name, email, password, role, is_superuser)"
        " SELECT organization_id, 'X', 'x@salon.example', '!', 'admin', true FROM users WHERE id = %s",
    ):
        with pytest.raises(ProgrammingError, match="permission denied for table users"), transaction.atomic():
            confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
            query(statement, salon.admin.pk)


def test_the_tenants_role_cannot_sign_in_and_owns_nothing():
    role = query("SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'clientline_tenant'")
    assert role == [(False, False, False)]
    assert query("SELECT tablename FROM pg_tables WHERE tableowner = 'clientline_tenant'") == []


def test_every_table_of_an_organization_has_row_security_and_a_policy():
    secured = {
        name for (name,) in query("SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity")
    }
    assert secured == tenant_tables() | {"organizations", "django_admin_log"}
    own = "(organization_id = (NULLIF(current_setting('clientline.organization_id'::text, true), ''::text))::bigint)"
    policies = query(
        "SELECT tablename::text, policyname::text, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
        " WHERE roles <> '{clientline_redactor}'"
    )
    expected = {
        (name, f"{name}_of_one_organization", "PERMISSIVE", "{clientline_tenant}", "ALL", own, own)
        for name in tenant_tables()
    }
    own_row = own.replace("(organization_id =", "(id =")
    expected.add(
        (
            "organizations",
            "organizations_of_one_organization",
            "PERMISSIVE",
            "{clientline_tenant}",
            "ALL",
            own_row,
            own_row,
        )
    )
    assert {row for row in policies if row[0] != "django_admin_log"} == expected
    log = sorted(row[1:5] for row in policies if row[0] == "django_admin_log")
    assert log == [
        ("django_admin_log_is_kept", "RESTRICTIVE", "{clientline_tenant}", "DELETE"),
        ("django_admin_log_of_one_organization", "PERMISSIVE", "{clientline_tenant}", "ALL"),
    ]


def test_every_reference_between_tenant_tables_is_composite_but_the_actors():
    scoped = tenant_tables()
    plain = {
        (table, columns[0])
        for table, columns, parent, _ in foreign_keys()
        if table in scoped and parent in scoped and len(columns) == 1
    }
    assert plain == {
        ("users", "created_by_id"),
        ("appointments", "created_by_id"),
        ("appointments", "cancelled_by_id"),
        ("appointment_history", "by_id"),
        ("payments", "created_by_id"),
        ("payments", "voided_by_id"),
        ("refunds", "created_by_id"),
        ("webhook_endpoints", "created_by_id"),
        ("list_files", "created_by_id"),
    }
    composite = {(table, *columns) for table, columns, _, _ in foreign_keys() if len(columns) == 2}
    assert {columns[1] for columns in composite} == {"organization_id"}
    references = {
        (name, column)
        for name in scoped
        for (column,) in query(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name LIKE '%%\\_id'",
            name,
        )
        if column not in ACTORS | NO_KEYS
    }
    assert {(table, column) for table, _, column in composite} == references


def test_every_tenant_table_refers_to_its_organization_and_requires_it():
    owned = {
        table
        for table, columns, parent, _ in foreign_keys()
        if (columns, parent) == (["organization_id"], "organizations")
    }
    # The audit outlives what it tells of; words and figures are of a person, whose key includes the organization.
    assert owned == tenant_tables() - {"audit", "search_words", "client_totals"}
    nullable = query(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'organization_id' AND is_nullable = 'YES'"
    )
    assert nullable == [("audit",)]  # a failed sign-in may be nobody's


def test_every_table_of_the_business_is_audited():
    triggers = query("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%%\\_are\\_audited'")
    assert {table for (table,) in triggers} == AUDITED


def test_references_are_checked_at_once():
    assert [key for key in foreign_keys() if key[3]] == []


def test_every_reference_is_indexed():
    leading = {
        (table, column)
        for table, column in query(
            "SELECT indrelid::regclass::text, attname::text FROM pg_index"
            " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
            # Whoever looks for a value passes by rows without one.
            " WHERE indpred IS NULL OR pg_get_expr(indpred, indrelid) = format('(%%I IS NOT NULL)', attname)"
        )
    }
    # A composite reference is found by the id; the organization alone would read all of its rows.
    assert {(key[0], key[1][-1]) for key in foreign_keys()} - leading == NEVER_LOOKED_UP


def test_constraints_are_named_after_model_and_rule():
    declared = {constraint.name: model for model in apps.get_models() for constraint in model._meta.constraints}
    for name, model in declared.items():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()
        assert re.fullmatch(f"{words}_[a-z0-9]+(_[a-z0-9]+)*", name), name
    stored = query(
        "SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION"
        " SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indpred IS NOT NULL"
    )  # a unique constraint with a condition is an index
    assert set(declared) <= {name for (name,) in stored}


def test_the_constraint_against_double_booking_needs_no_extension():
    [(definition,)] = query(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'appointment_no_double_booking'"
    )
    assert definition == (
        "EXCLUDE USING gist (int8range(staff_id, staff_id, '[]'::text) WITH &&,"
        " tstzrange(busy_from, busy_until) WITH &&)"
        " WHERE (((NOT ((status)::text = 'cancelled'::text)) AND (NOT overbooked)))"
    )
    assert query("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'") == []
