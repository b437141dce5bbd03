"""Payments and refunds by the buttons of a visit and of a payment: once, no more than is due or left, kept input."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from appointments.tests.factories import AppointmentFactory
from clientline.backoffice.money.payment_moves import RefundForm
from clientline.backoffice.money.taking import PaymentForm
from clientline.backoffice.tests.test_visit_page import PAYMENT, VISIT, do, errors, offered, page, text
from clientline.tests.pages import Page, judge, see, typed
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory


@pytest.fixture
def past(salon):
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def test_what_is_due_is_taken_in_cash_by_confirming_the_page(client, salon, past):
    client.force_login(salon.staff)
    form = client.get(f"{VISIT}/{past.pk}/payment/")
    assert Page(form).fields["amount"] == ["45.00"]
    answer = client.post(f"{VISIT}/{past.pk}/payment/", typed(form))
    assert (answer.status_code, answer["Location"]) == (302, page(past))
    payment = Payment.objects.get(appointment=past)
    assert (payment.amount, payment.payment_method, payment.status) == (Decimal("45.00"), "cash", "completed")
    assert payment.created_by == salon.staff
    assert "Due 0.00 EUR" in text(client.get(page(past)))


def test_a_payment_from_two_pages_is_taken_once(client, salon, past):
    client.force_login(salon.staff)
    url = f"{VISIT}/{past.pk}/payment/"
    sent = {"seen": f"{past.version}-0", "amount": "10", "payment_method": "cash", "completed": "on"}
    assert judge(client, url, **sent).status_code == 302
    answer = client.post(url, sent)
    assert errors(answer)[0].startswith("This was changed meanwhile")
    assert Payment.objects.filter(appointment=past).count() == 1
    assert client.post(url, typed(answer)).status_code == 302


def test_more_than_is_due_is_taken_only_knowingly(client, salon, past):
    client.force_login(salon.staff)
    url = f"{VISIT}/{past.pk}/payment/"
    answer = client.post(url, {"amount": "50", "payment_method": "card", "completed": "on"})
    assert Page(answer).errors == ["This is more than is due. Tick “Take more than is due” if that is meant."]
    kept = Page(answer).fields
    assert (kept["amount"], kept["payment_method"]) == (["50"], ["card"])
    assert client.post(url, typed(answer, allow_overpayment="on")).status_code == 302
    assert Payment.objects.get(appointment=past).amount == Decimal("50.00")


def test_a_payment_to_come_is_completed_or_fails_on_its_own_page(client, salon, past):
    client.force_login(salon.staff)
    do(client, past, "payment", amount="45.00", payment_method="card")  # without a tick that it was taken
    payment = Payment.objects.get(appointment=past)
    assert payment.status == "pending"
    assert offered(salon.staff, payment) == [["complete", "fail"]]
    answer = judge(client, f"{PAYMENT}/{payment.pk}/complete/?from=visit")
    assert (answer.status_code, answer["Location"]) == (302, page(past))
    payment.refresh_from_db()
    assert payment.status == "completed"
    answer = judge(client, f"{PAYMENT}/{payment.pk}/fail/")
    assert errors(answer) == ["A payment that is completed cannot become failed now."]
    assert offered(salon.staff, payment) == [["void"]]


def test_an_online_payment_reaches_its_provider_at_once(client, salon, past):
    client.force_login(salon.staff)
    do(client, past, "payment", amount="45.00", payment_method="online")
    payment = Payment.objects.get(appointment=past)
    assert (payment.status, payment.provider) == ("pending", "simulator")
    assert payment.checkout_url.startswith("http://127.0.0.1:8000/payments/simulator/")
    shown = client.get(page(past))
    assert payment.checkout_url in Page(shown).links
    assert "pending until the client has paid" in text(shown)
    assert offered(salon.staff, payment) == [["give-up"]]


def test_an_online_payment_that_cannot_be_is_refused_beside_its_field(client, salon, past, settings):
    settings.PAYMENT_PROVIDER = ""
    client.force_login(salon.staff)
    answer = do(client, past, "payment", payment_method="online", amount="12.50")
    assert answer.context["form"].errors == {"payment_method": ["Online payment is not set up here."]}
    assert answer.context["form"]["amount"].value() == "12.50"
    assert not Payment.objects.filter(appointment=past).exists()


def test_an_impossible_amount_is_said_beside_its_field(client, salon, past):
    client.force_login(salon.manager)
    payment = PaymentFactory(appointment=past, amount=Decimal(45), completed=True)
    for asked, row, rest in ((PaymentForm, past, {"payment_method": "cash"}), (RefundForm, payment, {"reason": "x"})):
        for amount in ("0", "0.001", "NaN", "1e400", ""):
            form = asked(rest | {"amount": amount}, caller=salon.manager, row=row)
            assert list(form.errors) == ["amount"], (asked, amount)
    for url in (f"{VISIT}/{past.pk}/payment/", f"{PAYMENT}/{payment.pk}/refund/"):
        answer = judge(client, url, payment_method="cash", reason="x", amount="0")
        assert list(answer.context["form"].errors) == ["amount"], url
    assert (Payment.objects.filter(appointment=past).count(), Refund.objects.count()) == (1, 0)


def test_a_currency_without_cents_takes_whole_amounts(client, salon, past):
    salon.organization.currency = "JPY"
    salon.organization.save()
    client.force_login(salon.manager)
    answer = do(client, past, "payment", amount="10.50", payment_method="cash")
    assert errors(answer) == ["JPY has no smaller unit. Write a whole amount."]


@pytest.mark.sweep
def test_what_is_left_is_refunded_with_a_reason(client, salon, past):
    payment = PaymentFactory(appointment=past, amount="45.00", payment_method="cash", completed=True)
    client.force_login(salon.manager)
    url = f"{PAYMENT}/{payment.pk}/refund/"
    assert judge(client, url, amount="5", reason="Too long a wait").status_code == 302
    form = client.get(url)
    assert Page(form).fields["amount"] == ["40.00"]
    answer = client.post(url, typed(form, amount="40.01", reason="All of it"))
    assert errors(answer) == ["This is more than is left of the payment."]
    kept = Page(answer).fields
    assert (kept["amount"], kept["reason"]) == (["40.01"], "All of it")
    client.post(url, typed(answer, amount="40"))
    payment.refresh_from_db()
    assert (payment.status, payment.refunded_amount) == ("refunded", Decimal("45.00"))
    shown = client.get(f"{PAYMENT}/{payment.pk}/change/")
    assert "−5.00 EUR Completed Too long a wait" in text(shown)
    assert f"/payments/{payment.pk}/receipt" in Page(shown).links
    assert offered(salon.manager, payment) == [[]]


FACT = re.compile(r'field-(\w+)"><span class="label">[^<]*</span><div class="value">(?:<[^>]*>)?([^<]*)<')


def list_figures(answer):
    """What a payment's page tells in figures, by field."""
    return {
        name: value for name, value in FACT.findall(answer.content.decode()) if re.fullmatch(r"[\d.]+( EUR)?", value)
    }


def test_its_page_writes_amounts_in_their_currency_and_leaves_out_what_there_is_nothing_of(client, salon, past):
    client.force_login(salon.manager)
    due = PaymentFactory(appointment=past, amount="45.00", payment_method="cash")
    taken = PaymentFactory(appointment=past, amount="50.00", tip="5.00", payment_method="cash", completed=True)
    pages = [client.get(f"{PAYMENT}/{payment.pk}/change/") for payment in (due, taken)]
    told = [list_figures(page) for page in pages]
    assert told == [{"amount": "45.00 EUR"}, {"amount": "50.00 EUR", "tip": "5.00 EUR", "receipt": "1"}]
    assert "</a>\n  &rsaquo; Payment of 50.00 EUR · Salon client\n</div>" in pages[1].content.decode()


def test_a_refund_from_two_pages_is_given_once(client, salon, past):
    payment = PaymentFactory(appointment=past, completed=True)
    client.force_login(salon.manager)
    url = f"{PAYMENT}/{payment.pk}/refund/"
    sent = {"seen": see(client, url)["form"]["seen"].value(), "amount": "10", "reason": "x"}
    assert judge(client, url, **sent).status_code == 302
    answer = judge(client, url, **sent)
    assert errors(answer)[0].startswith("This was changed meanwhile")
    assert Refund.objects.get().amount == Decimal("10.00")


@pytest.mark.sweep
def test_an_online_refund_is_asked_of_the_provider_at_once(client, salon, past, simulator):
    client.force_login(salon.manager)
    do(client, past, "payment", amount="45.00", payment_method="online")
    payment = Payment.objects.get(appointment=past)
    body, headers = simulator.finish(payment.reference)
    client.generic("POST", "/payments/callbacks/simulator", body, content_type="application/json", headers=headers)
    judge(client, f"{PAYMENT}/{payment.pk}/refund/", amount="10", reason="Goodwill")
    refund = Refund.objects.get()
    assert refund.reference != ""
    assert refund.status in ("pending", "completed")


@pytest.mark.sweep
def test_payments_out_of_scope_do_not_exist(client, salon, clinic):
    client.force_login(salon.manager)
    absent = [(clinic.payment.pk, move) for move in ("complete", "fail", "refund")]
    absent += [(987654321, "refund"), (2**63, "refund")]
    for pk, move in absent:
        assert judge(client, f"{PAYMENT}/{pk}/{move}/", reason="x", amount="1").status_code == 404, (pk, move)
    assert client.get(f"{PAYMENT}/{clinic.payment.pk}/refund/").status_code == 404
    client.force_login(salon.staff)
    for move, status in (("complete", 404), ("fail", 404), ("refund", 403)):
        assert judge(client, f"{PAYMENT}/{salon.strangers_payment.pk}/{move}/").status_code == status, move
    clinic.payment.refresh_from_db()
    assert clinic.payment.status == "pending"


def test_a_pending_payment_cannot_be_refunded(client, salon):
    client.force_login(salon.manager)
    answer = judge(client, f"{PAYMENT}/{salon.payment.pk}/refund/", amount="1", reason="x")
    assert errors(answer) == ["A payment that is pending cannot become refunded now."]
