"""What was settled before receipts were numbered gets its number in the order in which the money moved."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.db import connection

from organizations.audit import pause_audit
from organizations.models import Audit
from payments import ledger
from payments.models import Payment, ReceiptCounter, Refund
from payments.numbering import number_receipts
from payments.tests.factories import PaymentFactory, RefundFactory

NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)
MIGRATION = import_module("payments.migrations.0010_numbers_of_old_money")


def settle(visit, hours, **fields):
    at = NOON + timedelta(hours=hours)
    return PaymentFactory(appointment=visit, status="completed", settled_at=at, created_at=at, **fields)


def test_rows_from_before_are_numbered_in_the_order_of_the_money(salon, clinic):
    with pause_audit():
        second, first, third = settle(salon.visit, 2), settle(salon.visit, 0), settle(salon.strangers_visit, 5)
        refund = RefundFactory(payment=first, status="completed", settled_at=NOON + timedelta(hours=3), amount="1.00")
        theirs = settle(clinic.visit, 1)
        open_one = PaymentFactory(appointment=salon.visit)
    assert not Payment.objects.filter(receipt_number__isnull=False).exists()
    told = Audit.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.NUMBER)
    rows = [Payment.objects.get(pk=each.pk) for each in (first, second, third, theirs, open_one)]
    assert [row.receipt_number for row in rows] == [1, 2, 4, 1, None]
    assert [row.former_number for row in rows] == [first.pk, second.pk, third.pk, theirs.pk, None]
    assert Refund.objects.get(pk=refund.pk).receipt_number == 3
    counters = dict(ReceiptCounter.objects.values_list("organization", "last_number"))
    assert counters == {salon.organization.pk: 4, clinic.organization.pk: 1}
    assert Audit.objects.count() == told
    paid = ledger.record_payment(
        by=None, appointment=salon.visit, amount=rows[0].amount, payment_method="cash", status="completed",
        allow_overpayment=True, now=NOON,
    )  # fmt: skip
    paid.refresh_from_db()
    assert (paid.receipt_number, paid.former_number) == (5, None)


def test_rows_that_are_made_up_later_go_on_behind_the_numbers_given(salon):
    settle(salon.visit, 0)
    with pause_audit():
        settle(salon.visit, 1)
        number_receipts(salon.organization.pk)
        number_receipts(salon.organization.pk)
    assert sorted(Payment.objects.exclude(receipt_number=None).values_list("receipt_number", flat=True)) == [1, 2]


def test_a_receipt_prints_both_numbers(api, salon):
    paid = settle(salon.visit, 0)
    Payment.objects.filter(pk=paid.pk).update(former_number=375)
    page = api(salon.client).get(f"/payments/{paid.pk}/receipt").content.decode()
    assert "<h1>Receipt 1</h1>" in page
    assert "<dt>Formerly</dt><dd>Receipt 375</dd>" in page
