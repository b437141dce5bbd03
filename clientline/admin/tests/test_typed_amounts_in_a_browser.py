"""An amount typed in real Chromium, which in a number field took 39,50 for 3,950.00 without a word."""

from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django import forms
from django.contrib import admin
from django.urls import resolve

from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.admin.amounts import COLUMN, AmountField
from clientline.demo.browsing import CHROMIUM, Visitor, open_chromium
from clientline.tests.browsers import AT_HOME
from payments.tests.factories import PaymentFactory
from services.models import Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture(scope="module")
def german_browser():
    with open_chromium("--lang=de-DE", AT_HOME) as browser:
        yield browser


@pytest.fixture(params=["en-GB", pytest.param("de-DE", marks=pytest.mark.whole)])
def chromium(request):
    """A browser that was started in a language, and the language: that of all tests in English."""
    return request.getfixturevalue("browser" if request.param == "en-GB" else "german_browser"), request.param


@pytest.fixture
def page(chromium, live_server, salon, client):
    client.force_login(salon.manager)
    browser, language = chromium
    visitor = Visitor(browser, live_server.url, language=language).carry(client.cookies)
    yield visitor.page
    assert visitor.complaints == []
    visitor.leave()


def enter(page, amount):
    page.locator("[name=price]").press("ControlOrMeta+a")
    page.keyboard.type(amount)
    page.keyboard.press("Enter")


def test_an_amount_is_read_alike_whatever_the_browsers_language(page, salon):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="300.00")
    page.goto(f"/admin/appointments/appointment/{visit.pk}/price/")
    enter(page, "1,405")
    assert "Is “1,405” 1405.00 EUR?" in page.locator(".errorlist").inner_text()
    assert page.locator("[name=price]").input_value() == "1,405"
    enter(page, "39,50")
    assert page.locator(".messagelist").inner_text().strip() == "Price: 39.50 EUR."


PRICE = "1405.00"


def make_visit(salon):
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price=PRICE)


def open_visit(page, salon, move):
    page.goto(f"/admin/appointments/appointment/{make_visit(salon).pk}/{move}/")


def open_refund(page, salon):
    """Of a price and a tip that are as much as anything that is typed."""
    paid = PaymentFactory(
        appointment=make_visit(salon), amount="4215.00", tip=PRICE, payment_method="cash", completed=True
    )
    page.goto(f"/admin/payments/payment/{paid.pk}/refund/")
    page.locator("[name=reason]").fill("x")
    page.locator("[name=amount]").fill("2000")


def open_booking(page, salon):
    told = {"client": salon.client.pk, "service": salon.service.pk, "staff": salon.staff.pk, "time": "10:00"}
    page.goto(f"/admin/appointments/appointment/add/?{urlencode(told | {'date': days_ahead(30).date()})}")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


def open_service(page, salon):
    page.goto(f"/admin/services/service/{salon.service.pk}/change/")


def open_new_service(page, salon):
    page.goto("/admin/services/service/add/")
    page.locator("[name=name]").fill("New")


def take_twenty(page, salon, move):
    open_visit(page, salon, move)
    page.locator("[name=amount]").fill("20")


# By form and field: how its page is opened, and what it says of the amount when it is sent.
FIELDS = {
    ("ServiceAdmin", "price"): (open_service, "Price: {}."),
    ("ServiceAdmin, new", "price"): (open_new_service, "Price: {}."),
    ("BookingForm", "price"): (open_booking, "Price: {}."),
    ("RepriceForm", "price"): (partial(open_visit, move="price"), "Price: {}."),
    ("ChangeForm", "price"): (partial(open_visit, move="alter"), "Price: {}."),
    ("PaymentForm", "amount"): (partial(open_visit, move="payment"), "Payment recorded: {}."),
    ("PaymentForm", "tip"): (partial(open_visit, move="payment"), "Tip: {}."),
    ("PaymentForm", "given"): (partial(take_twenty, move="payment"), "Change: {change}."),
    ("TillForm", "amount"): (partial(open_visit, move="change"), "Taken {} in cash."),
    ("TillForm", "tip"): (partial(open_visit, move="change"), "Tip: {}."),
    ("TillForm", "given"): (partial(take_twenty, move="change"), "Change: {change}."),
    ("RefundForm", "amount"): (open_refund, "Refunded: {}."),
    ("RefundForm", "tip"): (open_refund, "Tip: {}."),
}


def list_forms(form=forms.BaseForm):
    """All forms that nothing is made of any more."""
    below = form.__subclasses__()
    return [leaf for each in below for leaf in list_forms(each)] if below else [form]


def is_of_money(field):
    return isinstance(field, AmountField) and field.max_digits == COLUMN["max_digits"]  # else it is a percentage


def test_these_are_all_fields_for_money_of_the_admin(salon, rf):
    resolve("/admin/")  # loads them
    request = rf.get("/admin/")
    request.user, request.call = salon.admin, SimpleNamespace(refusal=None)
    own = [(form.__name__, form) for form in list_forms() if form.__module__.startswith("clientline.backoffice")]
    of_models = [(type(each).__name__, each.get_form(request)) for each in admin.site._registry.values()]
    found = {
        (name, field): kind.widget
        for name, form in own + of_models
        for field, kind in form.base_fields.items()
        if is_of_money(kind)
    }
    assert set(found) == {(name.removesuffix(", new"), field) for name, field in FIELDS}
    # Typed as text, on a keyboard of digits: a number field would drop or misread signs, each in its language.
    typed = {place: (each.input_type, each.attrs.get("inputmode")) for place, each in found.items()}
    assert typed == dict.fromkeys(found, ("text", "decimal"))


def type_into(page, name, text):
    page.locator(f"[name={name}]").press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def write(amount):
    return f"{amount:,.2f} EUR"


def assert_understood(page, salon, field, text, amount):
    """The amount that was meant is said, in what was done or in a question, and stands in no other."""
    opened, said = FIELDS[field]
    opened(page, salon)
    type_into(page, field[1], text)
    answer = page.locator(".messagelist, .errorlist").first.inner_text()
    question = f"{write(amount)} is less than a tenth of the usual"
    expected = said.format(write(amount), change=write(amount - 20))
    assert expected in answer or (field[1] == "price" and question in answer), (field, text, answer)


def assert_asked_back(page, salon, field):
    opened, _ = FIELDS[field]
    opened(page, salon)
    assert page.locator(f"[name={field[1]}]").get_attribute("inputmode") == "decimal"
    type_into(page, field[1], "1,405")
    assert "Is “1,405” 1405.00 EUR?" in page.locator(".errorlist").first.inner_text(), field
    assert page.locator(f"[name={field[1]}]").input_value() == "1,405"


@pytest.fixture
def dear(salon):
    """A service as dear as what is typed, of somebody who is always there."""
    Service.objects.filter(pk=salon.service.pk).update(price=PRICE)
    always_at_work(salon.staff)


# In the gate one field is typed into, above; that all are texts of one reader is asked of their widgets, and of what
# they answer in `test_typed_amounts.py`.
@pytest.mark.whole
def test_every_field_for_money_asks_back_what_may_be_two_amounts(page, salon, dear):
    for field in FIELDS:
        assert_asked_back(page, salon, field)


READ = {"39,50": "39.50", "1.405,00": "1405.00", "1,405.00": "1405.00", "39.50": "39.50"}


@pytest.mark.whole
@pytest.mark.parametrize("text", READ)
def test_every_field_for_money_reads_what_was_meant(page, salon, dear, text):
    for field in FIELDS:
        assert_understood(page, salon, field, text, Decimal(READ[text]))
