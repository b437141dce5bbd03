"""Money beside the day, by clicks that are counted: the visit, what is typed into, and the button."""

import pytest

from appointments.models import Appointment
from clientline.demo.browsing import CHROMIUM
from payments.models import Payment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def visit(past_visit):
    past_visit.status = "completed"
    past_visit.save(update_fields=["status"])
    return past_visit


@pytest.fixture
def panel(visitor, visit):
    visitor.page.goto(f"/admin/?date={visit.appointment_date:%Y-%m-%d}")
    visitor.page.get_by_role("link", name="10:00–10:30 Salon client").click()
    opened = visitor.page.get_by_role("dialog")
    opened.get_by_role("heading", name="Till").wait_for()
    return opened


def told(page):
    toast = page.locator(".toast p").last
    toast.wait_for()
    return toast.inner_text()


def last_payment():
    payment = Payment.objects.latest("id")
    return str(payment.amount), str(payment.tip), payment.payment_method


def test_exact_cash_takes_two_clicks(visitor, panel):
    panel.get_by_role("button", name="Cash 45.00 EUR").click()
    assert told(visitor.page) == "Taken 45.00 EUR in cash."
    assert (visitor.presses, last_payment()) == (2, ("45.00", "0.00", "cash"))


def test_cash_with_change_takes_three(visitor, panel):
    panel.get_by_label("Given in cash").click()
    visitor.page.keyboard.type("50")
    panel.get_by_role("button", name="Cash 45.00 EUR").click()
    assert told(visitor.page) == "Taken 45.00 EUR in cash. Change: 5.00 EUR."
    assert (visitor.presses, last_payment()) == (3, ("45.00", "0.00", "cash"))


def test_a_tip_takes_three(visitor, panel):
    panel.get_by_label("Tip on top").click()
    visitor.page.keyboard.type("5")
    panel.get_by_role("button", name="Card 45.00 EUR").click()
    assert told(visitor.page) == "Taken 50.00 EUR by card. Tip: 5.00 EUR."
    assert (visitor.presses, last_payment()) == (3, ("50.00", "5.00", "card"))


def test_the_same_again_in_six_weeks_takes_two(visitor, panel, visit):
    panel.get_by_role("button", name="6 weeks").click()
    assert told(visitor.page) == "The same again is booked, 6 weeks later."
    assert visitor.presses == 2
    again = Appointment.objects.latest("id")
    assert (again.client, again.staff, again.service) == (visit.client, visit.staff, visit.service)


def test_by_keyboard_alone_cash_with_change_is_taken(visitor, panel):
    given = panel.get_by_label("Given in cash")
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        if given.evaluate("each => each === document.activeElement"):
            break
    visitor.page.keyboard.type("50")
    visitor.page.keyboard.press("Enter")  # the first button is that for cash
    assert told(visitor.page) == "Taken 45.00 EUR in cash. Change: 5.00 EUR."
    assert visitor.presses == 1  # the visit
