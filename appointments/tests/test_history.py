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


def refuse_to_change(match):
    for sql in ("UPDATE appointment_history SET reason = 'x'", "DELETE FROM appointment_history"):
        with pytest.raises(DatabaseError, match=match), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            pytest.fail(f"nothing refused {sql}")


def test_neither_the_owner_changes_or_deletes_history_nor_may_the_tenants_role_even_try(salon, fact):
    refuse_to_change("append-only")
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    refuse_to_change("denied")
    release()
