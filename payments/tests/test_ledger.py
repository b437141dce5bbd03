"""Recording, settling and refunding over HTTP: what is answered, and what is refused with which code."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from appointments.tests.factories import AppointmentFactory
from clientline.refusals import FieldRefused
from payments import arrivals, gateway, ledger
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory, RefundFactory


@pytest.fixture
def visit(salon):
    """A visit of 45.00 that nobody has paid anything for."""
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)


@pytest.fixture
def paid(visit):
    """The same, paid by card."""
    return PaymentFactory(appointment=visit, completed=True)


def pay(client, visit, amount="45.00", **body):
    return client.post("/payments", {"appointment": visit.pk, "amount": amount} | body)


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_a_card_payment_is_recorded_completed(api, salon, visit):
    answer = pay(api(salon.staff), visit, payment_method="card", status="completed")
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["settled_at"] == body["created_at"]
    assert body | {"id": 0, "settled_at": "", "created_at": ""} == {
        "id": 0,
        "organization": salon.organization.pk,
        "appointment": visit.pk,
        "amount": "45.00",
        "tip": "0.00",
        "rounding": "0.00",
        "payment_method": "card",
        "status": "completed",
        "refunded_amount": "0.00",
        "receipt_number": 1,
        "former_number": None,
        "reference": "",
        "given_up_at": None,
        "instead_of": None,
        "settled_at": "",
        "voided_at": None,
        "void_reason": "",
        "version": 1,
        "created_at": "",
    }
    assert api(salon.client).get(f"/payments/{body['id']}").json() == body


@pytest.mark.sweep
def test_a_pending_payment_is_completed_or_fails_once(api, salon, visit):
    staff = api(salon.staff)
    for action, status in (("complete", "completed"), ("fail", "failed")):
        payment = pay(staff, visit, amount="5.00").json()
        assert (payment["status"], payment["payment_method"]) == ("pending", "")
        settled = staff.post(f"/payments/{payment['id']}/{action}").json()
        assert (settled["status"], settled["version"]) == (status, 2)
        assert (settled["settled_at"] is not None) == (status == "completed")
        for again in ("complete", "fail"):
            answer = staff.post(f"/payments/{payment['id']}/{again}")
            assert refusal(answer) == (409, "invalid_transition")
            assert (answer.json()["from"], answer.json()["allowed"]) == (status, [])


def test_only_cash_and_card_are_recorded_completed(api, salon, visit):
    for method in ("online", ""):
        answer = pay(api(salon.staff), visit, payment_method=method, status="completed")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "status")


@pytest.mark.sweep
def test_an_amount_is_plain_money_above_zero(api, salon, visit):
    staff = api(salon.staff)
    for amount in ("NaN", "Infinity", "1.001", "-1.00", "0.00", "1e1", 1.005, True, None, "", []):
        answer = pay(staff, visit, amount=amount)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "amount"), amount


@pytest.mark.sweep
def test_nothing_beyond_what_is_due_less_pending_payments_is_taken_unless_allowed(api, salon, visit):
    staff = api(salon.staff)
    assert refusal(pay(staff, visit, amount="45.01")) == (409, "overpayment")
    pending = pay(staff, visit, amount="40.00").json()
    answer = pay(staff, visit, amount="5.01")
    assert refusal(answer) == (409, "overpayment")
    assert (answer.json()["due"], answer.json()["pending"]) == ("45.00", "40.00")
    assert pay(staff, visit, amount="5.00", payment_method="cash", status="completed").status_code == 201
    staff.post(f"/payments/{pending['id']}/fail")
    assert pay(staff, visit, amount="40.00").status_code == 201
    assert pay(staff, visit, amount="3.00", allow_overpayment=True, status="completed", payment_method="cash").json()[
        "amount"
    ] == ("3.00")
    assert api(salon.staff).get(f"/appointments/{visit.pk}/balance").json() == {
        "currency": "EUR",
        "price": "45.00",
        "charge": "45.00",
        "paid": "8.00",
        "refunded": "0.00",
        "due": "37.00",
    }


@pytest.mark.sweep
def test_a_refund_in_parts_until_nothing_is_left(api, salon, paid):
    manager = api(salon.manager)
    first = manager.post(f"/payments/{paid.pk}/refunds", {"amount": "20.00", "reason": "late"})
    assert first.status_code == 201, first.json()
    body = first.json()
    assert body["settled_at"] == body["created_at"]
    assert (body["payment"], body["amount"], body["reason"], body["status"]) == (paid.pk, "20.00", "late", "completed")
    assert set(body) == {
        "id",
        "payment",
        "amount",
        "tip",
        "rounding",
        "reason",
        "automatic",
        "status",
        "receipt_number",
        "settled_at",
        "created_at",
    }
    payment = manager.get(f"/payments/{paid.pk}").json()
    assert (payment["status"], payment["refunded_amount"], payment["version"]) == ("completed", "20.00", 2)

    answer = manager.post(f"/payments/{paid.pk}/refunds", {"amount": "25.01", "reason": "greed"})
    assert refusal(answer) == (409, "refund_exceeds_payment")
    assert answer.json()["refundable"] == "25.00"

    rest = manager.post(f"/payments/{paid.pk}/refunds", {"reason": "all of it"})
    assert (rest.status_code, rest.json()["amount"]) == (201, "25.00")
    payment = manager.get(f"/payments/{paid.pk}").json()
    assert (payment["status"], payment["refunded_amount"], payment["version"]) == ("refunded", "45.00", 3)
    for amount in ({}, {"amount": "0.01"}):
        answer = manager.post(f"/payments/{paid.pk}/refunds", {"reason": "more"} | amount)
        assert refusal(answer) == (409, "refund_exceeds_payment")
    listed = manager.get(f"/payments/{paid.pk}/refunds").json()
    assert (listed["next"], listed["results"]) == (None, [body, rest.json()])


def test_refunds_under_way_are_not_refunded_twice(api, salon, paid):
    RefundFactory(payment=paid, amount="40.00")
    RefundFactory(payment=paid, amount="45.00", status="failed")
    answer = api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"amount": "5.01", "reason": "x"})
    assert refusal(answer) == (409, "refund_exceeds_payment")
    assert api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"reason": "x"}).json()["amount"] == "5.00"


def test_pending_and_failed_payments_cannot_be_refunded(api, salon, visit):
    for status, allowed in (("pending", ["completed", "failed"]), ("failed", [])):
        payment = PaymentFactory(appointment=visit, status=status)
        answer = api(salon.admin).post(f"/payments/{payment.pk}/refunds", {"reason": "x"})
        assert refusal(answer) == (409, "invalid_transition")
        assert (answer.json()["from"], answer.json()["to"]) == (status, "refunded")
        assert answer.json()["allowed"] == allowed


@pytest.mark.sweep
def test_a_refund_says_why_and_nothing_strange(api, salon, paid):
    admin = api(salon.admin)
    for body, field in (
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x", "amount": "0.00"}, "amount"),
        ({"reason": "x", "amount": "NaN"}, "amount"),
        ({"reason": "x", "amount": "1.001"}, "amount"),
        ({"reason": "x", "amount": None}, "amount"),
        ({"reason": "x", "status": "completed"}, "status"),
    ):
        answer = admin.post(f"/payments/{paid.pk}/refunds", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), body


def test_staff_and_clients_give_no_money_back(api, salon, paid):
    for caller in (salon.staff, salon.client):
        assert api(caller).post(f"/payments/{paid.pk}/refunds", {"reason": "x"}).status_code == 403, caller
    assert not Refund.objects.exists()


@pytest.mark.sweep
def test_who_may_record_settle_and_refund(api, salon, clinic, operator, visit, everything):
    """The gate leaves admins and operators, who may all that managers may, to test_policy.py."""
    callers = {
        "manager": salon.manager,
        "staff": salon.staff,
        "colleague": salon.colleague,
        "client": salon.client,
        "stranger": clinic.admin,
    }
    callers |= {"admin": salon.admin, "operator": operator} if everything else {}
    expected = {
        "record": {"colleague": 400, "client": 403, "stranger": 400},
        "complete": {"colleague": 404, "client": 403, "stranger": 404},
        "fail": {"colleague": 404, "client": 403, "stranger": 404},
        "refund": {"staff": 403, "colleague": 403, "client": 403, "stranger": 404},
        "refunds": {"colleague": 404, "stranger": 404},
        "receipt": {"colleague": 404, "stranger": 404},
        "visit": {"colleague": 404, "stranger": 404},
    }
    for name, caller in callers.items():
        client = api(caller)
        paid = PaymentFactory(appointment=visit, completed=True, amount="1.00")
        pending = [PaymentFactory(appointment=visit, amount="1.00") for _ in range(2)]
        answers = {
            "record": (201, pay(client, visit, amount="1.00", allow_overpayment=True)),
            "complete": (200, client.post(f"/payments/{pending[0].pk}/complete")),
            "fail": (200, client.post(f"/payments/{pending[1].pk}/fail")),
            "refund": (201, client.post(f"/payments/{paid.pk}/refunds", {"reason": "x"})),
            "refunds": (200, client.get(f"/payments/{paid.pk}/refunds")),
            "receipt": (200, client.get(f"/payments/{paid.pk}/receipt")),
            "visit": (200, client.get(f"/appointments/{visit.pk}/balance")),
        }
        found = {action: answer.status_code for action, (_, answer) in answers.items()}
        assert found == {action: expected[action].get(name, good) for action, (good, _) in answers.items()}, name


@pytest.mark.sweep
def test_whose_balance_who_may_see(api, salon, clinic, operator):
    expected = {
        salon.admin: 200,
        salon.manager: 200,
        salon.staff: 200,
        salon.colleague: 404,
        salon.client: 200,
        salon.stranger: 404,
        clinic.admin: 404,
        operator: 200,
    }
    for caller, status in expected.items():
        assert api(caller).get(f"/users/{salon.client.pk}/balance").status_code == status, caller


@pytest.mark.sweep
def test_payments_and_refunds_are_neither_changed_nor_deleted(api, salon, paid):
    for method in ("put", "patch", "delete"):
        for path in (f"/payments/{paid.pk}", f"/payments/{paid.pk}/refunds"):
            assert getattr(api(salon.admin), method)(path, {}).status_code == 405


@pytest.mark.sweep
def test_no_list_of_refunds_or_payments_costs_a_query_per_row(api, salon, visit, django_assert_num_queries):
    client = api(salon.admin)
    paid = PaymentFactory(appointment=visit, completed=True)
    RefundFactory(payment=paid, amount="1.00")
    client.get(f"/payments/{paid.pk}/refunds")  # the first writes when the token was used
    for _ in range(2):
        with django_assert_num_queries(6):
            client.get(f"/payments/{paid.pk}/refunds")
        with django_assert_num_queries(5):
            client.get("/payments")
        with django_assert_num_queries(6):
            client.get(f"/appointments/{visit.pk}/balance")
        with django_assert_num_queries(6):
            client.get(f"/users/{salon.client.pk}/balance")
        for _ in range(2):
            RefundFactory(payment=paid, amount="1.00")
            PaymentFactory(appointment=visit)


def test_refunds_are_seen_by_their_organization_alone(api, salon, clinic, paid):
    RefundFactory(payment=paid)
    assert Refund.objects.visible_to(salon.client, "payments", "retrieve").count() == 1
    assert Refund.objects.visible_to(salon.staff, "payments", "retrieve").count() == 1
    for caller in (salon.stranger, salon.colleague, clinic.admin, clinic.client):
        assert Refund.objects.visible_to(caller, "payments", "retrieve").count() == 0


def test_payments_and_refunds_are_of_the_moment_they_were_made(salon, visit):
    noon, later = datetime(2031, 1, 1, 12, tzinfo=UTC), datetime(2031, 1, 2, 12, tzinfo=UTC)
    taken = {"by": salon.staff, "appointment": visit, "payment_method": "cash", "now": noon}
    pending = ledger.record_payment(**taken, amount=Decimal("5.00"))
    payment = ledger.record_payment(**taken, amount=Decimal("40.00"), status="completed")
    assert (pending.created_at, pending.settled_at, pending.created_by) == (noon, None, salon.staff)
    assert (payment.created_at, payment.settled_at) == (noon, noon)
    assert ledger.complete_payment(by=salon.staff, payment=pending, now=later).settled_at == later
    refund = ledger.refund_payment(by=salon.manager, payment=payment, amount=Decimal("1.00"), now=later)
    assert (refund.created_at, refund.settled_at, refund.created_by) == (later, later, salon.manager)


def test_a_refund_is_settled_once_whatever_its_provider_says_next(salon, visit):
    now = datetime(2031, 1, 1, 12, tzinfo=UTC)
    payment = PaymentFactory(
        appointment=visit, payment_method="online", provider="simulator", key=uuid4(), completed=True
    )
    payment.refresh_from_db()
    refund = ledger.refund_payment(by=salon.admin, payment=payment, amount=Decimal("5.00"), now=now)
    assert (refund.status, refund.settled_at, refund.key is None) == ("pending", None, False)

    def settle(outcome):
        answer = gateway.Answer(reference="re_1", outcome=outcome)
        return arrivals.settle_refund(refund=refund, payment=payment, answer=answer, now=now)

    assert [settle(outcome) for outcome in ("pending", "completed", "failed", "completed")] == [
        False, True, False, False,
    ]  # fmt: skip
    assert (refund.status, refund.reference, refund.settled_at) == ("completed", "re_1", now)
    assert (payment.status, payment.refunded_amount) == ("completed", Decimal("5.00"))


@pytest.mark.django_db
def test_online_no_amount_is_taken_or_given_back_that_stripe_cannot_say(settings):
    settings.PAYMENT_PROVIDER = "simulator"
    visit, now = AppointmentFactory(client__organization__currency="MGA"), datetime(2026, 3, 1, tzinfo=UTC)
    taken = {"by": None, "appointment": visit, "now": now, "allow_overpayment": True}
    with pytest.raises(FieldRefused, match="Online, MGA is paid in whole amounts only"):
        ledger.record_payment(**taken, payment_method="online", amount=Decimal("10.50"))
    assert Payment.objects.filter(appointment=visit).count() == 0
    ledger.record_payment(**taken, payment_method="card", amount=Decimal("10.50"))
    # Of version 0.1, which asked for 10.
    old = PaymentFactory(
        appointment=visit, amount="10.50", payment_method="online", provider="simulator", completed=True
    )
    old.refresh_from_db()
    with pytest.raises(FieldRefused, match="Online, MGA is paid in whole amounts only"):
        ledger.refund_payment(by=None, payment=old, now=now)
    assert ledger.refund_payment(by=None, payment=old, now=now, amount=Decimal("10.00")).amount == Decimal("10.00")
