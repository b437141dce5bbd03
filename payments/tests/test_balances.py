"""What is due: each status with each fee, rounding, currencies, and the sums of a client and of a day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from organizations.tests.factories import OrganizationFactory
from payments import balances, ledger
from payments.refusals import RefundExceedsPayment
from payments.remainders import find_remainder
from payments.tests.factories import PaymentFactory, RefundFactory

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
CUTOFF = START - timedelta(minutes=1440)
SECOND = timedelta(seconds=1)
FEES = {"late_cancellation_fee": "50.00", "no_show_fee": "80.00"}


def make_visit(salon, **fields):
    """In the cast's hands; at whatever time, as visits lie on each other here."""
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return AppointmentFactory(overbooked=True, **people, **fields)


def charge(visit):
    return str(balances.add_balance(Appointment.objects.filter(pk=visit.pk)).get().charge)


def test_a_visit_charges_its_price_or_a_fee(salon):
    for fields, expected in (
        ({"status": "scheduled"}, "45.00"),
        ({"status": "completed"}, "45.00"),
        ({"status": "scheduled", "fee_waived": True}, "45.00"),
        ({"status": "no_show"}, "36.00"),
        ({"status": "no_show", "fee_waived": True}, "0.00"),
        ({"status": "cancelled", "cancelled_at": CUTOFF}, "0.00"),
        ({"status": "cancelled", "cancelled_at": CUTOFF + SECOND}, "22.50"),
        ({"status": "cancelled", "cancelled_at": START + SECOND}, "22.50"),
        ({"status": "cancelled", "cancelled_at": CUTOFF + SECOND, "fee_waived": True}, "0.00"),
        ({"status": "cancelled", "cancelled_at": CUTOFF + SECOND, "cancellation_notice": 0}, "0.00"),
    ):
        assert charge(make_visit(salon, appointment_date=START, **FEES | fields)) == expected, fields


def test_the_fees_are_those_of_the_booking_and_not_of_today(salon):
    visit = AppointmentFactory(client=salon.client, appointment_date=START, status="no_show", **FEES)
    salon.organization.no_show_fee = 100
    salon.organization.cancellation_notice = 0
    salon.organization.save()
    assert charge(visit) == "36.00"


def test_fees_are_rounded_half_up_to_the_cent(salon):
    for price, percent, expected in (
        ("0.01", "50", "0.01"),
        ("0.01", "49.99", "0.00"),
        ("0.05", "10", "0.01"),
        ("0.03", "50", "0.02"),
        ("99999999.99", "33.33", "33330000.00"),
        ("10.25", "10", "1.03"),
        ("10.35", "10", "1.04"),
    ):
        visit = make_visit(salon, status="no_show", price=price, no_show_fee=percent)
        assert charge(visit) == expected, (price, percent)


@pytest.mark.sweep
def test_a_currency_without_cents_is_rounded_to_whole_units_and_takes_no_others(api, salon):
    salon.organization.currency = "JPY"
    salon.organization.save()
    visit = AppointmentFactory(
        client=salon.client, staff=salon.staff, status="no_show", price="4501.00", no_show_fee="50"
    )
    balance = api(salon.client).get(f"/appointments/{visit.pk}/balance").json()
    assert balance == {
        "currency": "JPY",
        "price": "4501.00",
        "charge": "2251.00",
        "paid": "0.00",
        "refunded": "0.00",
        "due": "2251.00",
    }
    body = {"appointment": visit.pk, "payment_method": "cash", "status": "completed"}
    answer = api(salon.staff).post("/payments", body | {"amount": "2250.50"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "amount")
    paid = api(salon.staff).post("/payments", body | {"amount": "2251"})
    assert (paid.status_code, paid.json()["amount"]) == (201, "2251.00")
    refunds = f"/payments/{paid.json()['id']}/refunds"
    answer = api(salon.admin).post(refunds, {"amount": "0.50", "reason": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "amount")
    assert api(salon.admin).post(refunds, {"amount": "51", "reason": "x"}).status_code == 201
    assert "2,251 JPY" in api(salon.staff).get(f"/payments/{paid.json()['id']}/receipt").content.decode()


def test_a_currency_with_three_decimals_is_refused_with_the_reason(api, salon):
    answer = api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {"currency": "KWD"})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [
            {
                "field": "currency",
                "code": "invalid",
                "detail": "KWD has three decimals; amounts here are stored with two.",
            }
        ],
    )


def test_refunds_count_from_the_moment_they_are_asked_for_and_credit_is_negative(api, salon):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, appointment_date=START, price="40.00")
    paid = PaymentFactory(appointment=visit, completed=True, amount="45.00")
    PaymentFactory(appointment=visit, amount="7.00")
    PaymentFactory(appointment=visit, amount="8.00", status="failed")
    balance = api(salon.client).get(f"/appointments/{visit.pk}/balance").json()
    assert (balance["paid"], balance["refunded"], balance["due"]) == ("45.00", "0.00", "-5.00")
    RefundFactory(payment=paid, amount="3.00")
    RefundFactory(payment=paid, amount="30.00", status="failed")
    balance = api(salon.client).get(f"/appointments/{visit.pk}/balance").json()
    assert (balance["paid"], balance["refunded"], balance["due"]) == ("45.00", "3.00", "-2.00")


# A payment of 45 by its status, a refund of 10 by its own: what counts as paid, refunded, due and still to come.
TERMS = [
    ("pending", None, ("0.00", "0.00", "45.00", "45.00")),
    ("failed", None, ("0.00", "0.00", "45.00", "0.00")),
    ("completed", None, ("45.00", "0.00", "0.00", "0.00")),
    ("completed", "pending", ("45.00", "10.00", "10.00", "0.00")),
    ("completed", "failed", ("45.00", "0.00", "0.00", "0.00")),
    ("completed", "completed", ("45.00", "10.00", "10.00", "0.00")),
    ("refunded", "completed", ("45.00", "45.00", "45.00", "0.00")),
]


def test_each_term_of_what_is_due_counts_by_its_status(salon):
    for status, refund, figures in TERMS:
        visit = make_visit(salon, appointment_date=START)
        payment = PaymentFactory(appointment=visit, completed=status in ("completed", "refunded"), amount=Decimal(45))
        if refund == "completed":
            amount = Decimal("45.00") if status == "refunded" else Decimal("10.00")
            ledger.refund_payment(by=None, payment=payment, amount=amount, now=START)
        elif refund:
            RefundFactory(payment=payment, status=refund)
        if status == "failed":
            ledger.fail_payment(by=salon.staff, payment=payment, now=START)
        assert payment.status == status
        row = balances.add_balance(Appointment.objects.filter(pk=visit.pk)).get()
        due, pending = balances.find_due_and_pending(visit)
        assert tuple(map(str, (row.paid, row.refunded, due, pending))) == figures, (status, refund)
        assert row.due == row.charge - row.paid + row.refunded == due, (status, refund)


def test_what_is_due_is_each_visits_own(salon):
    """Payments and refunds of others, also of the same client, change nothing."""
    own, other = (AppointmentFactory(client=salon.client, staff=salon.staff) for _ in range(2))
    PaymentFactory(appointment=other, completed=True, amount="20.00")
    RefundFactory(payment=PaymentFactory(appointment=other, completed=True, amount="7.00"), amount="3.00")
    PaymentFactory(appointment=other, amount="1.00")
    assert tuple(map(str, balances.find_due_and_pending(own))) == ("45.00", "0.00")
    assert tuple(map(str, balances.find_due_and_pending(other))) == ("21.00", "1.00")
    whole = balances.sum_balances(Appointment.objects.filter(pk__in=(own.pk, other.pk)))
    assert {name: str(amount) for name, amount in whole.items()} == {
        "price": "90.00",
        "charge": "90.00",
        "paid": "27.00",
        "refunded": "3.00",
        "due": "66.00",
        "credit": "0.00",
    }


def test_both_fees_are_rounded_alike_and_as_foretold(salon):
    for currency, price, expected in (("EUR", "0.25", "0.13"), ("JPY", "25", "13")):
        salon.organization.currency = currency
        salon.organization.save()
        fees = {"price": price, "late_cancellation_fee": "50", "no_show_fee": "50"}
        late = make_visit(salon, appointment_date=START, status="cancelled", cancelled_at=START, **fees)
        missed = make_visit(salon, status="no_show", **fees)
        foretold = (balances.compute_fee(late, "late_cancellation_fee"), balances.compute_fee(missed, "no_show_fee"))
        assert {Decimal(charge(late)), Decimal(charge(missed)), *foretold} == {Decimal(expected)}, currency


def test_no_more_is_refunded_than_is_left_to_the_cent(salon):
    payment = PaymentFactory(appointment=salon.visit, completed=True, amount=Decimal("45.00"))
    RefundFactory(payment=payment, amount="10.00")
    RefundFactory(payment=payment, amount="45.00", status="failed")
    for amount in ("35.01", "0.00", "-0.01", "45.00"):
        with pytest.raises(RefundExceedsPayment):
            ledger.refund_payment(by=salon.admin, payment=payment, amount=Decimal(amount), now=START)
    part = ledger.refund_payment(by=salon.admin, payment=payment, amount=Decimal("34.99"), now=START)
    assert part.amount == Decimal("34.99")
    assert (find_remainder(payment).money, payment.status) == (Decimal("0.01"), "completed")
    last = ledger.refund_payment(by=salon.admin, payment=payment, now=START)
    assert (last.amount, find_remainder(payment).money) == (Decimal("0.01"), Decimal("0.00"))
    assert (payment.status, payment.refunded_amount) == ("completed", Decimal("35.00"))
    with pytest.raises(RefundExceedsPayment):
        ledger.refund_payment(by=salon.admin, payment=payment, now=START)


def test_the_balance_of_a_client_is_that_of_the_visits_the_caller_may_see(api, salon):
    for staff in (salon.staff, salon.colleague):
        visit = AppointmentFactory(client=salon.client, staff=staff, status="no_show", no_show_fee="10")
        PaymentFactory(appointment=visit, completed=True, amount="1.00")
    path = f"/users/{salon.client.pk}/balance"
    own = {
        "currency": "EUR",
        "price": "135.00",
        "charge": "54.00",
        "paid": "2.00",
        "refunded": "0.00",
        "due": "52.00",
        "credit": "0.00",
    }
    assert api(salon.client).get(path).json() == own
    assert api(salon.manager).get(path).json() == own
    seen = api(salon.staff).get(path).json()
    assert (seen["price"], seen["charge"], seen["paid"], seen["due"]) == ("90.00", "49.50", "1.00", "48.50")
    nobody = api(salon.staff).get(f"/users/{salon.staff.pk}/balance").json()
    assert (nobody["charge"], nobody["due"]) == ("0.00", "0.00")


def test_the_balance_of_a_day_is_the_sum_of_its_visits(salon):
    for hours in (0, 1, 24):
        visit = AppointmentFactory(client=salon.client, appointment_date=START + timedelta(hours=hours))
        PaymentFactory(appointment=visit, completed=True, amount="20.00")
    day = Appointment.objects.filter(
        organization=salon.organization, appointment_date__gte=START, appointment_date__lt=START + timedelta(days=1)
    )
    assert balances.sum_balances(day) == {
        "price": Decimal("90.00"),
        "charge": Decimal("90.00"),
        "paid": Decimal("40.00"),
        "refunded": Decimal("0.00"),
        "due": Decimal("50.00"),
        "credit": Decimal("0.00"),
    }
    assert balances.sum_balances(Appointment.objects.filter(organization=OrganizationFactory()))["due"] == 0
