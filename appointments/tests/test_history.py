"""Nothing erases what happened to a visit: not the tenants' role, not the owner."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from appointments import history
from organizations.tenancy import confine_transaction, release

pytestmark = pytest.mark.clock


@pytest.fixture
def fact(salon):
    history.record_fact(
        salon.visit, "completed", by=salon.staff, now=timezone.now(), was="scheduled", became="completed"
    )
    return salon.visit.history.get()


@pytest.mark.parametrize("sql", ["UPDATE appointment_history SET reason = 'x'", "DELETE FROM appointment_history"])
def test_the_owner_cannot_change_or_delete_history(fact, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("sql", ["UPDATE appointment_history SET reason = 'x'", "DELETE FROM appointment_history"])
def test_the_tenants_role_may_not_even_try(salon, fact, sql):
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    with pytest.raises(DatabaseError, match="denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    release()
