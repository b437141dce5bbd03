"""Whatever psql tries as the owner of the tables: the ledger is neither rewritten nor erased."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from organizations.tenancy import confine_transaction, release
from payments import ledger
from payments.models import Refund
from payments.tests.factories import PaymentFactory, RefundFactory


@pytest.fixture
def paid(salon):
    payment = PaymentFactory(appointment=salon.visit, completed=True)
    payment.refresh_from_db()
    return payment


def refused(sql, *values):
    """The name of the constraint, or the state, with which PostgreSQL refuses; None where it does not."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError as error:
        return error.__cause__.diag.constraint_name or error.__cause__.sqlstate
    return None


def undone(sql, *values):
    """The same, and what PostgreSQL takes is taken back."""
    with transaction.atomic():
        found = refused(sql, *values)
        transaction.set_rollback(True)
    return found


def test_nothing_is_deleted(paid):
    RefundFactory(payment=paid)
    for table in ("appointments", "payments", "refunds"):
        assert refused(f"DELETE FROM {table}") == "23001", table


def test_a_completed_payment_is_final(paid):
    for change, constraint in (
        ("amount = amount - 1", "payments_are_final"),
        ("payment_method = 'cash'", "payments_are_final"),
        ("appointment_id = appointment_id + 1", "payments_are_final"),
        ("organization_id = organization_id + 1", "payments_are_final"),
        ("created_at = now() - interval '1 day'", "payments_are_final"),
        ("settled_at = now() - interval '1 day'", "payments_are_final"),
        ("status = 'pending', settled_at = NULL", "payments_move_forward"),
        ("status = 'failed', settled_at = NULL", "payments_move_forward"),
        ("refunded_amount = 1", "payments_follow_refunds"),
        ("status = 'refunded', refunded_amount = amount", "payments_follow_refunds"),
        ("status = 'refunded'", "payment_refunded_exactly_when_nothing_is_left"),
        ("settled_at = NULL", "payment_settled_has_its_time"),
        ("status = 'lost'", "payments_move_forward"),
        ("reference = 'ch_1', version = version + 1", None),
    ):
        assert undone(f"UPDATE payments SET {change} WHERE id = %s", paid.pk) == constraint, change


def test_a_payment_only_moves_forward(salon):
    rows = {status: PaymentFactory(appointment=salon.visit, status=status).pk for status in ("pending", "failed")}
    for status, change, constraint in (
        ("pending", "status = 'completed', settled_at = now()", None),
        ("pending", "status = 'failed'", None),
        ("pending", "status = 'completed'", "payment_settled_has_its_time"),
        ("pending", "status = 'refunded', refunded_amount = amount, settled_at = now()", "payments_move_forward"),
        ("failed", "status = 'pending'", "payments_move_forward"),
        ("failed", "status = 'completed', settled_at = now()", "payments_move_forward"),
    ):
        assert undone(f"UPDATE payments SET {change} WHERE id = %s", rows[status]) == constraint, (status, change)


def test_a_reference_is_given_once(salon):
    payment = PaymentFactory(appointment=salon.visit, reference="cs_1")
    assert refused("UPDATE payments SET reference = 'cs_2' WHERE id = %s", payment.pk) == "payments_are_final"


def test_a_refund_is_final(paid):
    rows = {status: RefundFactory(payment=paid, status=status).pk for status in ("pending", "failed")}
    for status, change, constraint in (
        ("pending", "amount = 1", "refunds_are_final"),
        ("pending", "payment_id = payment_id + 1", "refunds_are_final"),
        ("pending", "status = 'completed', settled_at = now()", None),
        ("pending", "status = 'failed'", None),
        ("failed", "status = 'completed', settled_at = now()", "refunds_move_forward"),
        ("failed", "status = 'pending'", "refunds_move_forward"),
    ):
        assert undone(f"UPDATE refunds SET {change} WHERE id = %s", rows[status]) == constraint, (status, change)


INSERT = """
    INSERT INTO refunds (organization_id, payment_id, amount, status) VALUES (%s, %s, %s, 'pending')
"""


def test_refunds_never_exceed_their_payment_by_psql(salon, paid):
    home = salon.organization.pk
    RefundFactory(payment=paid, amount="40.00")
    RefundFactory(payment=paid, amount="40.00", status="failed")
    assert refused(INSERT, home, paid.pk, "5.01") == "refunds_never_exceed_payment"
    assert refused(INSERT, home, paid.pk, "-5.00") == "refund_amount_above_zero"
    assert refused(INSERT, home, paid.pk, "5.00") is None
    assert refused(INSERT, home, paid.pk, "0.01") == "refunds_never_exceed_payment"


def test_no_more_of_a_tip_is_given_back_than_it_was_by_psql(salon):
    paid = PaymentFactory(appointment=salon.visit, amount="45.00", tip="5.00", completed=True)
    insert = INSERT.replace("status)", "tip, status)").replace("'pending'", "%s, 'pending'")
    assert refused(insert, salon.organization.pk, paid.pk, "10.00", "5.01") == "refunds_never_exceed_payment"
    assert refused(insert, salon.organization.pk, paid.pk, "10.00", "3.00") is None
    assert refused(insert, salon.organization.pk, paid.pk, "10.00", "2.01") == "refunds_never_exceed_payment"
    assert refused(insert, salon.organization.pk, paid.pk, "10.00", "2.00") is None


def test_only_money_that_came_is_given_back_by_psql(salon):
    for status in ("pending", "failed"):
        payment = PaymentFactory(appointment=salon.visit, status=status)
        assert refused(INSERT, salon.organization.pk, payment.pk, "1.00") == "refunds_of_completed_payments"


def test_a_refund_stays_in_its_organization(salon, clinic, paid):
    assert refused(INSERT, clinic.organization.pk, paid.pk, "1.00") == "refund_payment_in_same_organization"


def test_refunds_are_confined_by_row_security(salon, clinic, paid):
    theirs = PaymentFactory(appointment=clinic.visit, completed=True)
    RefundFactory(payment=paid)
    RefundFactory(payment=theirs)
    for organization, seen in ((salon.organization, [paid.pk]), (clinic.organization, [theirs.pk]), (None, [])):
        confine_transaction(organization_id=organization and organization.pk)
        assert list(Refund.objects.values_list("payment", flat=True)) == seen
        release()
    confine_transaction(organization_id=salon.organization.pk)
    assert refused(INSERT, clinic.organization.pk, theirs.pk, "1.00") == "42501"
    assert refused("UPDATE refunds SET reason = 'x' WHERE payment_id = %s", theirs.pk) is None
    assert refused("DELETE FROM refunds") == "42501"
    release()
    assert Refund.objects.get(payment=theirs).reason == "goodwill"


def test_the_ledger_passes_by_its_own_triggers(salon, paid):
    confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
    refund = ledger.refund_payment(by=salon.admin, payment=paid, amount=paid.amount, reason="x", now=timezone.now())
    release()
    assert (refund.status, paid.status) == ("completed", "refunded")
