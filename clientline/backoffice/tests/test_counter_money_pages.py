"""Money at the counter, by the pages: given and change, tips, coins, voids, checkouts given up, discounts, who owes."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.backoffice.money.taking import PaymentForm
from clientline.tests.pages import judge, see, tell, typed
from payments import balances, ledger
from payments.models import Payment
from payments.tests.factories import PaymentFactory

VISIT = "/admin/appointments/appointment"
PAYMENT = "/admin/payments/payment"


@pytest.fixture
def visit(salon):
    """A visit of 26.00 of an hour ago."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return AppointmentFactory(appointment_date=start, price="26.00", **people)


def do(client, url, **fields):
    answer = judge(client, url, **fields)
    if answer.status_code == 302:
        return [], tell(answer)[-1]
    return [problem for problems in answer.context["form"].errors.values() for problem in problems], ""


def take(client, visit, **fields):
    given = {"amount": "26.00", "payment_method": "cash", "completed": "on"}
    return do(client, f"{VISIT}/{visit.pk}/payment/", **given | fields)


@pytest.mark.sweep
def test_of_what_was_given_only_the_amount_is_recorded_and_the_change_is_said_large(client, salon, visit):
    client.force_login(salon.staff)
    url = f"{VISIT}/{visit.pk}/payment/"
    answer = client.post(url, typed(client.get(url), given="50"))
    [message] = get_messages(answer.wsgi_request)
    assert str(message).startswith("Payment recorded: 26.00 EUR. Change: 24.00 EUR.")
    assert message.extra_tags == "large"
    assert str(Payment.objects.get(appointment=visit).amount) == "26.00"


def test_what_cannot_be_is_asked_back(client, salon, visit):
    two = "Is “1,405” 1405.00 EUR? Then write 1405.00. 1.405 EUR has more decimals than the currency."
    sent = {"amount": "26.00", "payment_method": "cash", "completed": "on"}
    for fields, error in (
        ({"given": "20"}, "This is less than 26.00 EUR."),
        ({"given": "50", "payment_method": "card"}, "Change is given on cash alone."),
        ({"given": "1,405"}, two),
        ({"tip": "1,405"}, two),
    ):
        form = PaymentForm(sent | fields, caller=salon.staff, row=visit)
        assert [*form.errors.values()] == [[error]], fields
    client.force_login(salon.staff)
    assert take(client, visit, **fields) == ([error], "")
    assert take(client, visit, tip="30") == (["The tip is a part of the amount."], "")
    assert not Payment.objects.filter(appointment=visit).exists()


def test_a_tip_is_said_and_shown(client, salon, visit):
    client.force_login(salon.staff)
    assert take(client, visit, amount="30", tip="4") == ([], "Payment recorded: 30.00 EUR. Tip: 4.00 EUR.")
    assert "tip 4.00 EUR" in client.get(f"{VISIT}/{visit.pk}/change/").content.decode()


COINS = [
    ("12.03", "12.03", "", "Payment recorded: CHF\xa012.05. Rounded by: CHF\xa00.02."),
    ("12.03", "12.05", "", "Payment recorded: CHF\xa012.05. Rounded by: CHF\xa00.02."),
    ("12.03", "12.00", "", "Payment recorded: CHF\xa012.00. Rounded by: CHF-0.03."),
    ("12.00", "11.99", "", "Payment recorded: CHF\xa012.00."),
    ("12.02", "12.00", "", "Payment recorded: CHF\xa012.00. Rounded by: CHF-0.02."),
    ("12.03", "15.00", "2.97", "Payment recorded: CHF\xa015.00. Tip: CHF\xa02.97."),
    ("0.02", "0.02", "", "Payment recorded: CHF\xa00.00. Rounded by: CHF-0.02."),
    ("0.00", "2.02", "2.02", "Payment recorded: CHF\xa02.00. Tip: CHF\xa02.00."),
    ("0.01", "2.02", "2.01", "Payment recorded: CHF\xa02.00. Tip: CHF\xa02.00. Rounded by: CHF-0.01."),
]


@pytest.mark.sweep
def test_cash_is_rounded_to_the_coins_there_are(client, salon):
    salon.organization.currency, salon.organization.country = "CHF", "CH"
    salon.organization.save()
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    client.force_login(salon.staff)
    for days, (price, typed_amount, tip, said) in enumerate(COINS, 1):
        visit = AppointmentFactory(appointment_date=days_ahead(-days), price=price, **people)
        rounds = PaymentForm(caller=salon.staff, row=visit)["round_cash"].value()
        assert take(client, visit, amount=typed_amount, tip=tip, round_cash=rounds) == ([], said)
        assert balances.find_balance(visit)["due"] == 0, said
    slip = {"amount": "2.02", "tip": "3.00", "payment_method": "cash", "round_cash": "on", "completed": "on"}
    assert do(client, f"{VISIT}/{visit.pk}/payment/", **slip) == (["The tip is a part of the amount."], "")
    assert '<dd class="due">CHF\xa00.00</dd>' in client.get(f"{VISIT}/{visit.pk}/change/").content.decode()


@pytest.mark.sweep
def test_a_payment_is_made_void_where_it_is_shown(client, salon, visit):
    client.force_login(salon.staff)
    take(client, visit)
    payment = Payment.objects.get(appointment=visit)
    assert do(client, f"{PAYMENT}/{payment.pk}/void/", reason="card was meant") == (
        [],
        "The payment of 26.00 EUR is void.",
    )
    page = client.get(f"{VISIT}/{visit.pk}/change/").content.decode()
    assert '<span class="pill failed">Void</span>' in page


def test_a_checkout_is_given_up_and_cash_taken_in_one_step(client, salon, visit, simulator):
    client.force_login(salon.staff)
    take(client, visit, payment_method="online")
    opened = Payment.objects.get(appointment=visit)
    page = client.get(f"{VISIT}/{visit.pk}/payment/").content.decode()
    assert "Give up the open checkout of 26.00 EUR" in page
    errors, said = take(client, visit, amount="26.00", give_up_open_checkouts="on")
    assert (errors, said) == ([], "Payment recorded: 26.00 EUR.")
    opened.refresh_from_db()
    assert opened.given_up_at is not None


def test_coins_settle_also_what_an_open_checkout_was_to_pay(client, salon, visit, simulator):
    salon.organization.currency = "CHF"
    salon.organization.save()
    visit.price = "12.03"
    visit.save(update_fields=["price"])
    client.force_login(salon.staff)
    assert take(client, visit, amount="14.03", tip="2.00", payment_method="online")[0] == []
    cash = {"payment_method": "cash", "completed": "on", "round_cash": "on"}
    rounded = []
    for typed_amount in ("12.00", "12.05"):
        for given_up in ({"give_up_open_checkouts": "on"}, {}):
            form = PaymentForm(cash | given_up | {"amount": typed_amount}, caller=salon.staff, row=visit)
            assert form.is_valid(), form.errors
            rounded.append(str(form.taken.rounding))
    assert rounded == ["-0.03", "0.00", "0.02", "0.00"]
    said = "Payment recorded: 12.05 CHF. Rounded by: 0.02 CHF."
    assert take(client, visit, amount="12.05", round_cash="on", give_up_open_checkouts="on") == ([], said)
    assert balances.find_balance(visit)["due"] == 0


def test_a_checkout_is_given_up_by_its_button(client, salon, visit, simulator):
    client.force_login(salon.staff)
    take(client, visit, payment_method="online")
    opened = Payment.objects.get(appointment=visit)
    errors, said = do(client, f"{PAYMENT}/{opened.pk}/give-up/")
    assert (errors, said) == (
        [],
        "The checkout of 26.00 EUR is given up: nothing can be paid on its page any more.",
    )
    assert simulator.describe(opened.reference)["outcome"] == "failed"


def test_a_discount_says_why(client, api, salon, visit):
    client.force_login(salon.manager)
    assert do(client, f"{VISIT}/{visit.pk}/price/", price="20", reason="regular")[0] == []
    body = {"price": "18.00", "price_reason": "apology"}
    assert api(salon.manager).patch(f"/appointments/{visit.pk}", body).status_code == 200
    history = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert [(fact["action"], fact["to"], fact["reason"]) for fact in history] == [
        ("price_changed", "18.00", "apology"),
        ("price_changed", "20.00", "regular"),
    ]
    assert api(salon.staff).patch(f"/appointments/{visit.pk}", {"price_reason": "x"}).status_code == 403


@pytest.mark.sweep
def test_who_owes_is_listed_over_days_and_by_the_api(client, api, salon, clinic, visit):
    paid = AppointmentFactory(
        client=salon.stranger, staff=salon.colleague, service=salon.service, price="5.00",
        appointment_date=visit.appointment_date,
    )  # fmt: skip
    PaymentFactory(appointment=paid, amount="9.00", completed=True)
    client.force_login(salon.manager)
    page = client.get("/admin/owing/")
    assert [(row.pk, due) for row, due in page.context["debts"]] == [(visit.pk, "26.00 EUR")]
    assert page.context["total"] == "26.00 EUR"
    page = client.get("/admin/owing/", {"from": "2020-01-01", "to": "2020-01-31"})
    assert "Nobody owes anything" in page.content.decode()
    client.force_login(salon.colleague)
    assert see(client, "/admin/owing/")["debts"] == []
    until = {"start_to": (visit.appointment_date + timedelta(hours=1)).isoformat()}
    for due, expected in (("true", [visit.pk]), ("false", [paid.pk])):
        answer = api(salon.admin).get("/appointments", {"due": due, "count": "true"} | until)
        assert [row["id"] for row in answer.json()["results"]] == expected
    assert api(clinic.admin).get("/appointments", {"due": "true"} | until).json()["results"] == []
    assert api(salon.admin).get("/appointments", {"due": "yes"}).status_code == 400


def test_what_was_made_void_did_not_fail_wherever_it_is_shown_and_in_german(client, salon, visit):
    salon.organization.language = "de"
    salon.organization.save()
    payment = PaymentFactory(appointment=visit, payment_method="card", completed=True, amount="30.00", tip="4.00")
    client.force_login(salon.manager)
    assert re.search(r"30,00\s\S+ · Salon client", client.get(f"{PAYMENT}/{payment.pk}/void/").content.decode())
    ledger.void_payment(by=salon.manager, payment=payment, now=timezone.now(), reason="x")
    pages = [f"{VISIT}/{visit.pk}/change/", f"{PAYMENT}/{payment.pk}/change/", f"{PAYMENT}/"]
    for url in (*pages, f"/admin/accounts/user/{salon.client.pk}/change/"):
        text = client.get(url).content.decode()
        assert 'class="pill failed">Storniert<' in text, url
    shown = client.get(pages[0]).content.decode()
    assert "Trinkgeld 4,00" in shown and "Beleg 1" in shown
