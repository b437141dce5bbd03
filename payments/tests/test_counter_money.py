"""Money at a counter: tips, cash that is rounded, and what is given back of them."""

from decimal import Decimal

import pytest
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory
from payments import balances, ledger


@pytest.fixture
def visit(salon):
    """A visit of 64.00 that nobody has paid anything for."""
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="64.00")


def pay(client, visit, amount, **body):
    said = {"appointment": visit.pk, "amount": amount, "payment_method": "cash", "status": "completed"}
    return client.post("/payments", said | body)


def balance_of(client, visit):
    return client.get(f"/appointments/{visit.pk}/balance").json()


def live_in(salon, currency, country=""):
    salon.organization.currency, salon.organization.country = currency, country
    salon.organization.save()


def errors(answer):
    return answer.status_code, [error["field"] for error in answer.json()["errors"]]


def test_a_tip_is_part_of_the_amount_and_pays_for_nothing(api, salon, visit):
    client = api(salon.staff)
    assert pay(client, visit, "70.00").status_code == 409
    paid = pay(client, visit, "70.00", tip="6.00").json()
    assert (paid["amount"], paid["tip"], paid["rounding"], paid["receipt_number"]) == ("70.00", "6.00", "0.00", 1)
    assert (balance_of(client, visit)["paid"], balance_of(client, visit)["due"]) == ("64.00", "0.00")


def test_a_tip_is_no_more_than_the_amount(api, salon, visit):
    client = api(salon.staff)
    for tip in ("70.01", "-1.00", "1.005", "NaN"):
        assert errors(pay(client, visit, "70.00", tip=tip)) == (400, ["tip"]), tip


@pytest.mark.sweep
def test_cash_is_rounded_to_the_coins_there_are(salon):
    for currency, country, price, amount, rounding in (
        ("CHF", "CH", "12.03", "12.05", "0.02"),
        ("CHF", "", "12.02", "12.00", "-0.02"),
        ("SEK", "SE", "12.40", "12.00", "-0.40"),
        ("SEK", "SE", "0.40", "0.00", "-0.40"),
        ("DKK", "DK", "12.30", "12.50", "0.20"),
        ("HUF", "HU", "1232.00", "1230.00", "-2.00"),
        ("CAD", "CA", "12.03", "12.05", "0.02"),
        ("EUR", "FI", "12.03", "12.05", "0.02"),
        ("NZD", "NZ", "12.04", "12.00", "-0.04"),
    ):
        live_in(salon, currency, country)
        visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price=price)
        taken = {"payment_method": "cash", "status": "completed", "rounding": Decimal(rounding)}
        paid = ledger.record_payment(by=None, appointment=visit, amount=Decimal(amount), now=timezone.now(), **taken)
        assert (str(paid.amount), str(paid.rounding)) == (amount, rounding), (currency, price)
        assert str(balances.find_balance(visit)["paid"]) == price, (currency, price)
        assert str(balances.find_balance(visit)["due"]) == "0.00", (currency, price)


@pytest.mark.sweep
def test_only_cash_is_rounded_and_by_less_than_its_smallest_coin(api, salon, visit):
    client = api(salon.staff)
    for currency, country, body, field in (
        ("CHF", "CH", {"rounding": "0.05"}, "rounding"),
        ("CHF", "CH", {"rounding": "-0.05"}, "rounding"),
        ("CHF", "CH", {"rounding": "0.02", "payment_method": "card"}, "rounding"),
        ("EUR", "DE", {"rounding": "0.02"}, "rounding"),
        ("USD", "", {"rounding": "0.01"}, "rounding"),
        ("SEK", "SE", {"rounding": "0.40", "amount": "0.00"}, "amount"),
        ("SEK", "SE", {"amount": "0.00"}, "amount"),
        ("SEK", "SE", {"rounding": "0.40", "tip": "0.80", "amount": "1.00"}, "rounding"),
    ):
        live_in(salon, currency, country)
        assert errors(pay(client, visit, **({"amount": "12.00"} | body))) == (400, [field]), (currency, body)


@pytest.mark.sweep
def test_a_refund_takes_the_price_and_the_tip_only_when_it_is_named(api, salon, visit):
    manager = api(salon.manager)
    paid = pay(manager, visit, "70.00", tip="6.00").json()
    path = f"/payments/{paid['id']}/refunds"
    assert manager.post(path, {"amount": "65.00", "reason": "x"}).json()["refundable"] == "64.00"
    first = manager.post(path, {"reason": "all of it"}).json()
    assert (first["amount"], first["tip"], first["receipt_number"]) == ("64.00", "0.00", 2)
    assert manager.get(f"/payments/{paid['id']}").json()["status"] == "completed"
    assert manager.post(path, {"amount": "6.00", "reason": "x"}).json()["code"] == "refund_exceeds_payment"
    assert manager.post(path, {"tip": "6.01", "reason": "x"}).json()["refundable"] == "6.00"
    second = manager.post(path, {"tip": "6.00", "reason": "the tip, too"}).json()
    assert (second["amount"], second["tip"]) == ("6.00", "6.00")
    assert manager.get(f"/payments/{paid['id']}").json()["status"] == "refunded"
    assert balance_of(manager, visit)["due"] == "64.00"


def test_what_cash_was_rounded_by_goes_back_with_the_last_of_it(salon):
    live_in(salon, "CHF", "CH")
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    for price, amount, rounding in (("12.03", "12.05", "0.02"), ("12.02", "12.00", "-0.02")):
        visit, now = AppointmentFactory(price=price, **people), timezone.now()
        taken = {"payment_method": "cash", "status": "completed", "rounding": Decimal(rounding)}
        paid = ledger.record_payment(by=None, appointment=visit, amount=Decimal(amount), now=now, **taken)
        part = ledger.refund_payment(by=None, payment=paid, amount=Decimal("5.00"), now=now)
        rest = ledger.refund_payment(by=None, payment=paid, now=now)
        assert (part.rounding, rest.rounding) == (0, Decimal(rounding)), amount
        assert part.amount + rest.amount == Decimal(amount)
        assert balances.find_balance(visit)["due"] == Decimal(price)


def test_what_goes_back_of_a_tip_leaves_a_price_paid_that_was_rounded_away(salon):
    live_in(salon, "CHF", "CH")
    visit = AppointmentFactory(price="0.02", client=salon.client, staff=salon.staff, service=salon.service)
    taken = {"payment_method": "cash", "status": "completed", "rounding": Decimal("-0.02"), "tip": Decimal("5.00")}
    paid = ledger.record_payment(by=None, appointment=visit, amount=Decimal("5.00"), now=timezone.now(), **taken)

    def give_back(tip):
        ledger.refund_payment(by=None, payment=paid, tip=Decimal(tip), now=timezone.now())
        return str(balances.find_balance(visit)["due"]), paid.status

    # All of it back is as if nothing had been paid.
    assert (give_back("1.00"), give_back("4.00")) == (("0.00", "completed"), ("0.02", "refunded"))


@pytest.mark.sweep
def test_tips_and_rounding_are_no_revenue(api, salon, visit):
    live_in(salon, "CHF", "CH")
    manager = api(salon.manager)
    paid = pay(manager, visit, "66.00", tip="1.97", rounding="0.03").json()
    manager.post(f"/payments/{paid['id']}/refunds", {"amount": "11.00", "tip": "1.00", "reason": "x"})
    day = paid["settled_at"][:10]
    for group_by in ("day", "staff", "service", "payment_method"):
        report = manager.get("/reports/revenue", {"from": day, "to": day, "group_by": group_by}).json()
        figures = {"taken": "64.00", "refunded": "10.00", "net": "54.00", "tips": "0.97", "rounding": "0.03"}
        assert report["total"] == figures
        assert {name: report["rows"][0][name] for name in figures} == figures


@pytest.mark.sweep
def test_what_is_owed_is_not_set_off_against_what_was_paid_too_much(api, salon, visit):
    client = api(salon.staff)
    other = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="45.00")
    before = client.get(f"/users/{salon.client.pk}/balance").json()
    pay(client, visit, "109.00", allow_overpayment=True)
    after = client.get(f"/users/{salon.client.pk}/balance").json()
    assert Decimal(before["due"]) - Decimal(after["due"]) == Decimal("64.00")
    assert (before["credit"], after["credit"]) == ("0.00", "45.00")
    assert balance_of(client, visit)["due"] == "-45.00"
    assert balance_of(client, other)["due"] == "45.00"
