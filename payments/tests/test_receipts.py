"""The printable receipt: what it says, what it escapes, and that there is none before the money has come."""

from datetime import UTC, datetime

import pytest

from payments import ledger
from payments.tests.factories import PaymentFactory

LATE_EVENING = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)  # the 5th in Berlin


@pytest.fixture
def paid(salon):
    salon.organization.address = "Marktplatz 1\n12345 Berlin"
    salon.organization.phone = "+49 30 1234"
    salon.organization.save()
    salon.client.name = "<b>Mia</b>"
    salon.client.save()
    payment = PaymentFactory(
        appointment=salon.visit, status="completed", settled_at=LATE_EVENING, created_at=LATE_EVENING
    )
    payment.refresh_from_db()
    return payment


def test_it_says_who_took_how_much_from_whom_and_what_was_given_back(api, salon, paid):
    ledger.refund_payment(by=salon.admin, payment=paid, amount=5, reason="late", now=LATE_EVENING)
    answer = api(salon.client).get(f"/payments/{paid.pk}/receipt")
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    for text in (
        "<h1>Receipt 1</h1>",
        "Salon",
        "Marktplatz 1<br>12345 Berlin",
        "office@salon.example · +49 30 1234",
        "<dd>5 May 2026</dd>",
        "<dd>Card</dd>",
        "<dd>&lt;b&gt;Mia&lt;/b&gt;</dd>",
        "<td>45.00 EUR</td>",
        "2 · Refunded on 5 May 2026</th><td>−5.00 EUR</td>",
        "Kept</th><td>40.00 EUR</td>",
    ):
        assert text in page, text


def test_it_needs_nothing_that_a_strict_content_policy_forbids(api, salon, paid):
    page = api(salon.client).get(f"/payments/{paid.pk}/receipt").content.decode()
    for forbidden in ("<script", "<style", "style=", "onclick", "http://", "https://"):
        assert forbidden not in page


def test_there_is_none_before_the_money_has_come(api, salon):
    for status in ("pending", "failed"):
        payment = PaymentFactory(appointment=salon.visit, status=status)
        answer = api(salon.admin).get(f"/payments/{payment.pk}/receipt")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
