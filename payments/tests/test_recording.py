"""Recording payments: pending unless cash or card say otherwise, for visits in scope, never changed by hand."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clientline.tests.problems import fields, problem
from payments.models import Payment

pytestmark = pytest.mark.clock


@pytest.fixture
def record(salon, api):
    """`record(by=person, **body)` posts a payment of 5.00 for the cast's visit, for which 45.00 are pending already."""
    payment = {"appointment": salon.visit.pk, "amount": "5.00", "allow_overpayment": True}

    def record(by=None, **body):
        return api(by or salon.staff).post("/payments", payment | body)

    return record


def test_a_payment_is_pending_unless_told(salon, record):
    row = record().json()
    assert (row["amount"], row["status"], row["settled_at"]) == ("5.00", "pending", None)
    assert (row["payment_method"], row["reference"], row["refunded_amount"], row["version"]) == ("", "", "0.00", 1)
    payment = Payment.objects.get(pk=row["id"])
    assert (payment.created_by, payment.organization) == (salon.staff, salon.organization)


def test_cash_and_card_may_be_recorded_as_completed(record):
    for method in ("cash", "card"):
        row = record(payment_method=method, status="completed").json()
        assert (row["status"], row["payment_method"], row["settled_at"]) == ("completed", method, row["created_at"])
        settled_at = Payment.objects.get(pk=row["id"]).settled_at
        assert timezone.now() - settled_at < timedelta(minutes=1)


def test_other_methods_may_not(record):
    for method in ("online", ""):
        assert fields(record(payment_method=method, status="completed")) == {"status": "invalid"}, method
        assert record(payment_method=method).json()["status"] == "pending", method


def test_clients_never_record_payments(salon, record):
    assert problem(record(by=salon.client)) == (403, "permission_denied")


def test_staff_record_payments_of_their_own_visits(salon, record):
    assert fields(record(appointment=salon.strangers_visit.pk)) == {"appointment": "does_not_exist"}
    assert record(by=salon.manager, appointment=salon.strangers_visit.pk).status_code == 201


def test_the_organization_of_a_payment_is_its_visits_also_for_operators(salon, clinic, operator, record):
    row = record(by=operator, appointment=clinic.visit.pk).json()
    assert row["organization"] == clinic.organization.pk
    assert record(by=operator, organization=salon.organization.pk).status_code == 201
    assert fields(record(by=operator, organization=clinic.organization.pk)) == {"organization": "read_only"}


@pytest.mark.parametrize("amount", ["0.01", "99999999.99"])
def test_the_smallest_and_the_largest_amount_are_kept_to_the_cent(record, amount):
    assert record(amount=amount).json()["amount"] == amount


def test_clients_see_their_own_payments_only(salon, api):
    rows = api(salon.client).get("/payments").json()["results"]
    assert [row["id"] for row in rows] == [salon.payment.pk]
    assert problem(api(salon.client).get(f"/payments/{salon.strangers_payment.pk}")) == (404, "not_found")
