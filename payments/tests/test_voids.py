"""A payment that was typed wrong is made void on its day: it counts nowhere, and its number stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from appointments.tests.factories import AppointmentFactory
from payments import ledger
from payments.models import Payment
from payments.refusals import InvalidTransition, VoidedTooLate
from payments.tests.factories import PaymentFactory, RefundFactory
from payments.tests.test_last_word import refused

NOON = datetime(2026, 5, 4, 10, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 4, 22, tzinfo=UTC)  # in Berlin


@pytest.fixture
def visit(salon):
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)


def take(client, visit, **body):
    said = {"appointment": visit.pk, "amount": "45.00", "payment_method": "cash", "status": "completed"}
    return client.post("/payments", said | body).json()


@pytest.mark.sweep
def test_it_fails_keeps_its_number_and_says_void(api, salon, visit):
    staff = api(salon.staff)
    paid = take(staff, visit)
    answer = staff.post(f"/payments/{paid['id']}/void", {"reason": "card was meant"})
    assert answer.status_code == 200, answer.json()
    void = answer.json()
    assert (void["status"], void["receipt_number"], void["version"]) == ("failed", 1, 2)
    assert (void["settled_at"], void["void_reason"]) == (paid["settled_at"], "card was meant")
    assert void["voided_at"] is not None
    assert staff.get(f"/appointments/{visit.pk}/balance").json()["due"] == "45.00"
    day = paid["settled_at"][:10]
    report = api(salon.manager).get("/reports/revenue", {"from": day, "to": day}).json()
    assert report["total"]["taken"] == "0.00"
    page = staff.get(f"/payments/{paid['id']}/receipt").content.decode()
    assert "<h1>Receipt 1</h1>" in page
    assert "Void since" in page
    assert take(staff, visit, payment_method="card")["receipt_number"] == 2


def test_it_says_why(api, salon, visit):
    staff = api(salon.staff)
    paid = take(staff, visit)
    for body in ({}, {"reason": ""}, {"reason": "x", "amount": "1.00"}):
        assert staff.post(f"/payments/{paid['id']}/void", body).status_code == 400


@pytest.mark.sweep
def test_it_is_for_who_took_it_and_for_managers(api, salon, clinic, operator, visit):
    expected = {
        "admin": 200, "manager": 200, "staff": 200, "colleague": 404, "client": 403, "stranger": 404, "operator": 200,
    }  # fmt: skip
    callers = vars(salon) | {"stranger": clinic.admin, "operator": operator}
    seen = {}
    for name in expected:
        paid = PaymentFactory(appointment=visit, completed=True, created_by=salon.staff)
        seen[name] = api(callers[name]).post(f"/payments/{paid.pk}/void", {"reason": "x"}).status_code
    assert seen == expected
    others = PaymentFactory(appointment=visit, completed=True, created_by=salon.admin)
    assert api(salon.staff).post(f"/payments/{others.pk}/void", {"reason": "x"}).status_code == 404


def test_its_local_day_is_the_last_moment(salon, visit):
    payment = PaymentFactory(appointment=visit, status="completed", settled_at=NOON, created_at=NOON)
    with pytest.raises(VoidedTooLate) as refusal:
        ledger.void_payment(by=salon.staff, payment=payment, now=MIDNIGHT, reason="x")
    assert refusal.value.extra == {"cutoff_at": MIDNIGHT}
    last = MIDNIGHT - timedelta(microseconds=1)
    assert ledger.void_payment(by=salon.staff, payment=payment, now=last, reason="x").status == "failed"


def test_only_cash_and_card_of_which_nothing_was_given_back(salon, visit):
    def make(**fields):
        return PaymentFactory(appointment=visit, settled_at=NOON, created_at=NOON, status="completed", **fields)

    given_back = make()
    RefundFactory(payment=given_back, amount="1.00")
    refusable = [make(payment_method="online"), make(payment_method=""), PaymentFactory(appointment=visit), given_back]
    untouched = make()
    RefundFactory(payment=untouched, amount="1.00", status="failed")
    ledger.void_payment(by=salon.admin, payment=untouched, now=NOON, reason="x")
    told = []
    for payment in [*refusable, untouched, PaymentFactory(appointment=visit, status="failed")]:
        with pytest.raises(InvalidTransition) as refusal:
            ledger.void_payment(by=salon.admin, payment=payment, now=NOON, reason="x")
        told.append((refusal.value.extra["to"], str(refusal.value.detail)))
    by_hand = "Only cash and card payments are made void."
    assert told == [
        ("failed", by_hand),
        ("failed", by_hand),
        ("failed", "Only money that came is made void."),
        ("failed", "A payment of which something is given back is not made void."),
        ("failed", "This payment is void already."),
        ("failed", "This payment failed: there is nothing to make void."),
    ]


VOID = "UPDATE payments SET status = 'failed', voided_at = now() WHERE id = %s"


def test_psql_makes_nothing_void_that_the_ledger_would_not(salon, visit):
    paid = PaymentFactory(appointment=visit, completed=True)
    RefundFactory(payment=paid, amount="1.00")
    assert refused(VOID, paid.pk) == "payments_void_without_refunds"
    online = PaymentFactory(appointment=visit, completed=True, payment_method="online")
    assert refused(VOID, online.pk) == "payment_void_is_cash_or_card"
    plain = PaymentFactory(appointment=visit, completed=True)
    assert refused("UPDATE payments SET status = 'failed' WHERE id = %s", plain.pk) == "payments_move_forward"
    assert refused("UPDATE payments SET voided_at = now() WHERE id = %s", plain.pk) == "payment_settled_has_its_time"
    assert refused(VOID, plain.pk) is None
    assert refused("UPDATE payments SET voided_at = NULL WHERE id = %s", plain.pk) == "payments_are_final"
    assert refused("UPDATE payments SET status = 'completed', voided_at = NULL WHERE id = %s", plain.pk) is not None


def test_numbers_tips_and_rounding_are_never_rewritten(salon, visit):
    paid = PaymentFactory(appointment=visit, completed=True)
    refund = RefundFactory(payment=paid, amount="1.00", status="completed", settled_at=paid.settled_at)
    for change in ("receipt_number = 99", "receipt_number = NULL", "tip = 1", "instead_of_id = id"):
        assert refused(f"UPDATE payments SET {change} WHERE id = %s", paid.pk) == "payments_are_final"
    for change in ("receipt_number = 99", "receipt_number = NULL", "tip = 1", "automatic = true"):
        assert refused(f"UPDATE refunds SET {change} WHERE id = %s", refund.pk) == "refunds_are_final"


def test_numbers_are_drawn_for_psql_too(salon, clinic, visit):
    insert = """
        INSERT INTO payments (organization_id, appointment_id, amount, status, settled_at)
        VALUES (%s, %s, 1, %s, CASE WHEN %s = 'completed' THEN now() END) RETURNING receipt_number
    """
    with connection.cursor() as cursor:
        drawn = []
        for home, status in ((salon, "completed"), (salon, "pending"), (clinic, "completed"), (salon, "completed")):
            cursor.execute(insert, [home.organization.pk, home.visit.pk, status, status])
            drawn += cursor.fetchone()
    assert drawn == [1, None, 1, 2]
    assert Payment.objects.filter(receipt_number=1).count() == 2
