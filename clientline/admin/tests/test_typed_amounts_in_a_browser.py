"""An amount typed in real Chromium, which in a number field took 39,50 for 3,950.00 without a word."""

import pytest

from appointments.tests.factories import AppointmentFactory
from clientline.demo.browsing import CHROMIUM, Visitor, open_chromium

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
