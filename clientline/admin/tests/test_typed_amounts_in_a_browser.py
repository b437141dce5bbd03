"""An amount typed in real Chromium, which in a number field took 39,50 for 3,950.00 without a word."""

import pytest

from appointments.tests.factories import AppointmentFactory
from clientline.demo.browsing import CHROMIUM, Visitor, open_chromium
from payments.tests.factories import PaymentFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture(params=["en-US", pytest.param("de-DE", marks=pytest.mark.whole)])
def page(request, live_server, salon, client):
    client.force_login(salon.manager)
    with open_chromium(f"--lang={request.param}") as browser:
        visitor = Visitor(browser, live_server.url, language=request.param).carry(client.cookies)
        yield visitor.page
        assert visitor.complaints == []


def enter(page, amount):
    page.locator("[name=price]").press("ControlOrMeta+a")
    page.keyboard.type(amount)
    page.keyboard.press("Enter")


def test_an_amount_is_read_alike_whatever_the_browsers_language(page, salon):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="300.00")
    page.goto(f"/admin/appointments/appointment/{visit.pk}/price/")
    enter(page, "1,405")
    assert "Is “1,405” 1405.00 EUR or 1.405 EUR?" in page.locator(".errorlist").inner_text()
    assert page.locator("[name=price]").input_value() == "1,405"
    enter(page, "39,50")
    assert page.locator(".messagelist").inner_text().strip() == "Price: 39.50 EUR."


def list_fields(salon):
    """Every field for money of the admin: the page, its name, and what else has to be filled in."""
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="1405.00")
    paid = PaymentFactory(appointment=visit, amount="2810.00", tip="1405.00", payment_method="cash", completed=True)
    due = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="1405.00")
    taking, refund = f"/admin/appointments/appointment/{due.pk}/payment/", f"/admin/payments/payment/{paid.pk}/refund/"
    return [
        (f"/admin/services/service/{salon.service.pk}/change/", "price", {}),
        ("/admin/services/service/add/", "price", {"name": "New"}),
        (f"/admin/appointments/appointment/{due.pk}/price/", "price", {}),
        (taking, "amount", {}),
        (taking, "tip", {}),
        (taking, "given", {}),
        (refund, "amount", {"reason": "x"}),
        (refund, "tip", {"reason": "x", "amount": "2000.00"}),
    ]


def test_every_field_for_money_asks_back_what_may_be_two_amounts(page, salon):
    for url, name, rest in list_fields(salon):
        page.goto(url)
        for other, text in rest.items():
            page.locator(f"[name={other}]").fill(text)
        field = page.locator(f"[name={name}]")
        assert field.get_attribute("inputmode") == "decimal"
        field.press("ControlOrMeta+a")
        page.keyboard.type("1,405")
        page.keyboard.press("Enter")
        assert "Is “1,405” 1405.00 EUR or 1.405 EUR?" in page.locator(".errorlist").first.inner_text(), (url, name)
        assert field.input_value() == "1,405"


@pytest.mark.parametrize(
    ("text", "said"), [("39,50", "39.50"), ("39.50", "39.50"), ("1.405,00", "1,405.00"), ("1,405.00", "1,405.00")]
)
def test_a_payment_and_its_change_are_read_as_they_were_typed(page, salon, text, said):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="1405.00")
    page.goto(f"/admin/appointments/appointment/{visit.pk}/payment/")
    for name in ("amount", "given"):
        page.locator(f"[name={name}]").press("ControlOrMeta+a")
        page.keyboard.type(text if name == "amount" else "2.000,00")
    page.keyboard.press("Enter")
    message = page.locator(".messagelist").inner_text().strip()
    assert message.startswith(f"Payment recorded: {said} EUR. Change: ")
