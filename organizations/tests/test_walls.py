"""The second and the third wall in SQL, where no application code stands before them."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from organizations.tenancy import confine_transaction
from payments.models import ReceiptCounter
from payments.tests.factories import PaymentFactory, RefundFactory

# Every reference between rows of organizations: table, column, constraint, and the row of the cast to change.
REFERENCES = [
    ("tokens", "user_id", "token_user_in_same_organization", "staff"),
    ("service_staff", "service_id", "service_staff_service_in_same_organization", "service"),
    ("service_staff", "staff_id", "service_staff_staff_in_same_organization", "staff"),
    ("working_hours", "staff_id", "working_hours_staff_in_same_organization", "colleague"),
    ("special_hours", "staff_id", "special_hours_staff_in_same_organization", "staff"),
    ("time_off", "staff_id", "time_off_staff_in_same_organization", "staff"),
    ("appointments", "client_id", "appointment_client_in_same_organization", "client"),
    ("appointments", "staff_id", "appointment_staff_in_same_organization", "staff"),
    ("appointments", "service_id", "appointment_service_in_same_organization", "service"),
    ("payments", "appointment_id", "payment_appointment_in_same_organization", "visit"),
    ("refunds", "payment_id", "refund_payment_in_same_organization", "paid"),
]
TABLES = {"organizations", "users", "services"} | {table for table, *_ in REFERENCES}


@pytest.fixture
def homes(salon, clinic, api):
    """Both casts, with rows in every table."""
    # So that no row of one would have a number of the other.
    ReceiptCounter.objects.create(organization=clinic.organization, last_number=100)
    for home in (salon, clinic):
        api(home.staff)  # makes a token
        home.service.staff.add(home.staff, through_defaults={"organization": home.organization})
        home.paid = PaymentFactory(appointment=home.visit, completed=True)
        RefundFactory(payment=home.paid)
    return salon, clinic


@pytest.fixture
def without_triggers(homes):
    """The ledger's triggers refuse every change first; without them, what refuses is the reference."""
    for table in ("payments", "refunds"):
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def sql(statement, *values):
    """What the statement returned, or how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def refused(statement, *values, by=IntegrityError):
    """The error with which PostgreSQL refuses the statement."""
    with pytest.raises(by) as caught, transaction.atomic():
        sql(statement, *values)
    return caught.value.__cause__


@pytest.mark.usefixtures("without_triggers")
def test_a_reference_into_another_organization_cannot_be_stored(homes):
    salon, clinic = homes
    for table, column, constraint, target in REFERENCES:
        foreign = getattr(clinic, target).pk
        update = f"UPDATE {table} SET {column} = %s WHERE organization_id = %s"
        error = refused(update, foreign, salon.organization.pk)
        assert (error.sqlstate, error.diag.constraint_name) == ("23503", constraint)


@pytest.mark.usefixtures("without_triggers")
def test_a_row_cannot_move_to_another_organization(homes):
    salon, clinic = homes
    for table in TABLES - {"organizations"}:
        update = f"UPDATE {table} SET organization_id = %s WHERE organization_id = %s"
        error = refused(update, clinic.organization.pk, salon.organization.pk)
        assert (table, error.sqlstate) == (table, "23503")


def owner_column(table):
    return "id" if table == "organizations" else "organization_id"


def test_a_confined_transaction_sees_its_own_rows_only(homes):
    salon, _ = homes
    rows = {table: sql(f"SELECT {owner_column(table)} FROM {table}") for table in TABLES}
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    for table, everybodys in rows.items():
        ours = [row for row in everybodys if row == (salon.organization.pk,)]
        assert 0 < len(ours) < len(everybodys)
        assert sql(f"SELECT {owner_column(table)} FROM {table}") == ours, table


def test_a_confined_transaction_changes_and_deletes_nothing_foreign(homes):
    salon, clinic = homes
    confine_transaction(organization_id=salon.organization.pk)
    for table in TABLES - {"service_staff"}:  # links are made and ended, never changed
        owner = owner_column(table)
        assert sql(f"UPDATE {table} SET {owner} = {owner} WHERE {owner} = %s", clinic.organization.pk) == 0
    for table in TABLES - {"organizations", "appointments", "payments", "refunds"}:
        assert sql(f"DELETE FROM {table} WHERE organization_id = %s", clinic.organization.pk) == 0


def test_without_an_organization_there_are_no_rows(homes):
    confine_transaction(organization_id=None)
    assert {table: sql(f"SELECT count(*) FROM {table}") for table in TABLES} == {table: [(0,)] for table in TABLES}


def test_a_confined_transaction_writes_no_row_for_another_organization(homes):
    salon, clinic = homes
    confine_transaction(organization_id=salon.organization.pk)
    insert = "INSERT INTO services (organization_id, name) VALUES (%s, 'Cut')"
    assert refused(insert, clinic.organization.pk, by=ProgrammingError).sqlstate == "42501"
    assert sql(insert, salon.organization.pk) == 1


def test_a_confined_transaction_cannot_delete_what_is_never_deleted_nor_read_what_is_no_tenants_business(homes):
    confine_transaction(organization_id=homes[0].organization.pk)
    for table in ("appointments", "payments", "refunds", "organizations"):
        assert refused(f"DELETE FROM {table}", by=ProgrammingError).sqlstate == "42501"
    for table in ("sessions", "django_migrations", "auth_permission"):
        assert refused(f"SELECT * FROM {table}", by=ProgrammingError).sqlstate == "42501"


def test_a_foreign_actor_may_be_stored_because_operators_act_from_elsewhere(homes, operator):
    salon, _ = homes
    change = "UPDATE appointments SET created_by_id = %s, cancelled_by_id = %s WHERE organization_id = %s"
    assert sql(change, operator.pk, operator.pk, salon.organization.pk) == 2


LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def test_what_a_request_asks_of_the_database_has_an_end(api, salon):
    """That it is told, and how, is seen in `appointments/tests/test_faults.py`."""
    api(salon.staff).get("/services")
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in LIMITS))
        assert cursor.fetchone() == ("10s", "3s", "30s")
