"""Money beside the day, by clicks that are counted: the visit, what is typed into, and the button.

By the keyboard alone: `test_screen_reader_in_a_browser.py`.
"""

from datetime import timedelta

import pytest

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.demo.browsing import CHROMIUM
from payments.models import Payment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


HOURS = (10, 11, 12, 13)


@pytest.fixture
def visits(past_visit):
    """By their hour: four of yesterday, which took place."""
    past_visit.status = "completed"
    past_visit.save(update_fields=["status"])
    given = {"client": past_visit.client, "staff": past_visit.staff, "service": past_visit.service}
    made = {10: past_visit}
    for hour in HOURS[1:]:
        later = timedelta(hours=hour - 10)
        starts, ends = past_visit.appointment_date + later, past_visit.ends_at + later
        made[hour] = AppointmentFactory(appointment_date=starts, ends_at=ends, status="completed", **given)
    return made


@pytest.fixture
def open_till(visitor, visits):
    """A function: the till beside the day, of the visit at an hour."""
    page = visitor.page
    page.goto(f"/admin/?date={visits[10].appointment_date:%Y-%m-%d}")

    def open_it(hour):
        page.get_by_role("link", name=f"{hour}:00–{hour}:30 Salon client").click()
        opened = page.get_by_role("dialog")
        opened.get_by_role("heading", level=2).first.get_by_text(f"{hour}:00").wait_for()
        opened.get_by_role("heading", name="Till").wait_for()
        return opened

    return open_it


def hear(page, text):
    page.locator(".toast p").get_by_text(text, exact=True).wait_for()


def last_payment():
    payment = Payment.objects.latest("id")
    return str(payment.amount), str(payment.tip), payment.payment_method


def test_exact_cash_who_did_not_come_and_the_same_again_take_two_clicks_each_and_change_or_a_tip_one_more(
    visitor, open_till, visits
):
    page = visitor.page
    open_till(10).get_by_role("button", name="6 weeks").click()
    hear(page, "The same again is booked, 6 weeks later.")
    again, visit = Appointment.objects.latest("id"), visits[10]
    assert (again.client, again.staff, again.service) == (visit.client, visit.staff, visit.service)
    assert visitor.presses == 2

    page.keyboard.press("Escape")
    open_till(10).get_by_role("button", name="Cash 45.00 EUR").click()
    hear(page, "Taken 45.00 EUR in cash.")
    assert (visitor.presses, last_payment()) == (2 + 2, ("45.00", "0.00", "cash"))

    page.keyboard.press("Escape")
    panel = open_till(11)
    panel.get_by_label("Given in cash").click()
    page.keyboard.type("50")
    panel.get_by_role("button", name="Cash 45.00 EUR").click()
    hear(page, "Taken 45.00 EUR in cash. Change: 5.00 EUR.")
    assert (visitor.presses, last_payment()) == (4 + 3, ("45.00", "0.00", "cash"))

    page.keyboard.press("Escape")
    panel = open_till(12)
    panel.get_by_label("Tip on top").click()
    page.keyboard.type("5")
    panel.get_by_role("button", name="Card 45.00 EUR").click()
    hear(page, "Taken 50.00 EUR by card. Tip: 5.00 EUR.")
    assert (visitor.presses, last_payment()) == (7 + 3, ("50.00", "5.00", "card"))

    missed = visits[13]
    Appointment.objects.filter(pk=missed.pk).update(status="scheduled")
    page.keyboard.press("Escape")
    open_till(13).get_by_role("button", name="No-show").click()
    page.locator("a.visit.no_show").wait_for()
    missed.refresh_from_db()
    assert (visitor.presses, missed.status) == (10 + 2, "no_show")
