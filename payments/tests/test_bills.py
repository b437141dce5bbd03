"""The bill of a visit or a group: its sums, and one sum of money for all of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.refusals import FieldRefused
from payments import bills, ledger
from payments.models import Payment
from payments.refusals import Overpaid
from payments.tests.factories import PaymentFactory

GROUP = "7b9c2d5e-0000-4000-8000-000000000000"


@pytest.fixture
def rows(salon):
    """A cut for 26, a colour for 80, a cancelled one, of one group."""
    start = days_ahead(-1)
    cancelled = {"status": "cancelled", "cancelled_at": start, "cancelled_on_behalf_of": "organization"}
    details = [{"price": "26.00"}, {"price": "80.00"}, {"price": "10.00"} | cancelled]
    return [
        AppointmentFactory(
            client=salon.client,
            staff=salon.staff,
            service=salon.service,
            appointment_date=start + timedelta(minutes=30 * number),
            ends_at=start + timedelta(minutes=30 * (number + 1)),
            group=GROUP,
            **each,
        )
        for number, each in enumerate(details)
    ]


def find(visit):
    return bills.find_bill(visit, Appointment.objects.all())


def pay(salon, visit, amount, **details):
    told = {"payment_method": "cash", "now": timezone.now(), "permitted": Appointment.objects.all()} | details
    return bills.pay_bill(by=salon.manager, visit=visit, amount=Decimal(amount), **told)


def tell(payments):
    return [(payment.appointment_id, f"{payment.amount:.2f}", f"{payment.tip:.2f}") for payment in payments]


def test_a_bill_is_of_the_group_without_what_was_cancelled_for_nothing(rows):
    bill = find(rows[1])
    assert [line.visit.pk for line in bill.lines] == [rows[0].pk, rows[1].pk]
    assert (bill.charge, bill.paid, bill.due, bill.credit, bill.left) == (106, 0, 106, 0, 106)


def test_what_is_paid_too_much_for_one_visit_pays_for_no_other(rows):
    PaymentFactory(appointment=rows[0], completed=True, amount=Decimal("30.00"))
    PaymentFactory(appointment=rows[1], status="pending", payment_method="online", amount=Decimal("50.00"))
    bill = find(rows[0])
    assert (bill.paid, bill.due, bill.credit, bill.left) == (30, 80, 4, 30)


def test_one_sum_pays_each_visit_and_the_tip_goes_with_the_last(salon, rows):
    paid = pay(salon, rows[0], "106.00", tip=Decimal("4.00"))
    assert tell(paid) == [(rows[0].pk, "26.00", "0.00"), (rows[1].pk, "84.00", "4.00")]
    assert find(rows[0]).left == 0
    assert [payment.status for payment in Payment.objects.filter(appointment__in=rows)] == ["completed"] * 2


def test_a_part_pays_the_first_visits_first(salon, rows):
    assert tell(pay(salon, rows[1], "30.00")) == [(rows[0].pk, "26.00", "0.00"), (rows[1].pk, "4.00", "0.00")]
    assert tell(pay(salon, rows[1], "76.00", payment_method="card")) == [(rows[1].pk, "76.00", "0.00")]


def test_what_coins_lack_is_taken_off_as_many_visits_as_bear_it(salon, rows):
    salon.organization.currency = "CHF"
    salon.organization.save()
    Appointment.objects.filter(pk__in=[row.pk for row in rows[:2]]).update(price="0.01")
    paid = pay(salon, rows[0], "0.02", rounding=Decimal("-0.02"))
    assert [(payment.amount, payment.rounding) for payment in paid] == [(0, Decimal("-0.01"))] * 2
    assert find(rows[0]).left == 0
    Appointment.objects.filter(pk=rows[0].pk).update(price="10.01")
    # More than all of them are goes nowhere else, neither into the tip.
    for tip in (Decimal("0.00"), Decimal("5.00")):
        with pytest.raises(FieldRefused):
            pay(salon, rows[0], "0.01", rounding=Decimal("-0.02"), tip=tip)
    tipped = pay(salon, rows[0], "10.00", rounding=Decimal("0.02"), tip=Decimal("2.98"))
    assert [(payment.amount, payment.tip, payment.rounding) for payment in tipped] == [
        (Decimal("13.00"), Decimal("2.98"), Decimal("0.02"))
    ]


def test_more_than_is_left_is_refused_and_nothing_is_saved(salon, rows):
    with pytest.raises(Overpaid):
        pay(salon, rows[0], "106.01")
    assert not Payment.objects.filter(appointment__in=rows).exists()


def test_a_tip_alone_goes_to_the_visit(salon, rows):
    pay(salon, rows[0], "106.00")
    assert tell(pay(salon, rows[1], "0.00", tip=Decimal("5.00"))) == [(rows[1].pk, "5.00", "5.00")]


def test_a_bill_lists_the_receipts_of_all_its_visits_and_its_tax_by_rate(salon, rows):
    Appointment.objects.filter(pk=rows[0].pk).update(tax_rate=19)
    Appointment.objects.filter(pk=rows[1].pk).update(tax_rate=7)
    assert bills.list_receipts(find(rows[0])) == []
    payments = pay(salon, rows[0], "106.00", tip=Decimal("4.00"))
    given_back = ledger.refund_payment(
        by=None, payment=payments[0], amount=Decimal("6.00"), reason="x", now=timezone.now()
    )
    ledger.record_payment(
        by=None, appointment=salon.visit, amount=Decimal("1.00"), payment_method="cash", status="completed",
        allow_overpayment=True, now=timezone.now(),
    )  # fmt: skip
    bill = find(rows[1])
    assert bills.list_receipts(bill) == [*payments, given_back]
    assert [row.receipt_number for row in bills.list_receipts(bill)] == [1, 2, 3]
    assert [tuple(map(str, share)) for share in bills.split_bill(bill, "EUR")] == [
        ("7.00", "80.00", "74.77", "5.23"),
        ("19.00", "26.00", "21.85", "4.15"),
    ]
    Appointment.objects.filter(pk=rows[1].pk).update(tax_rate=0)
    untaxed, _taxed = bills.split_bill(find(rows[1]), "EUR")
    assert tuple(map(str, untaxed)) == ("0.00", "80.00", "80.00", "0.00")
