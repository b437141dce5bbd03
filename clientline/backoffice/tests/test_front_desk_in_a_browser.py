"""The front desk's everyday work in real Chromium, click by click."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import PASSWORD
from appointments.models import Appointment
from clientline.backoffice.once import SENT_BEFORE
from clientline.demo.browsing import CHROMIUM, PHONE, Visitor
from payments.models import Payment, Refund

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def page(visitor):
    return visitor.page


@pytest.fixture
def day(salon):
    """Some days ahead, with nothing booked yet."""
    return timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)


def said(page):
    return page.locator(".messagelist").inner_text().strip()


# In the gate, the same forms by requests: `test_first_hour.py`, `test_visit_moved.py` and `test_visit_page.py`; and in
# Chromium beside the day: `test_till_in_a_browser.py`, `test_day_in_a_browser.py`.
@pytest.mark.whole
def test_a_visit_is_paid_refunded_in_part_moved_and_cancelled(page, salon):
    Payment.objects.filter(pk=salon.payment.pk).update(status="failed")
    page.goto(f"/admin/appointments/appointment/{salon.visit.pk}/change/")
    page.get_by_role("link", name="Take payment").click()
    page.get_by_label("Amount").press("Enter")  # what is due, in cash, stands there already
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Amount").fill("5")
    page.get_by_label("Reason").fill("Late start")
    page.get_by_role("button", name="Refund").last.click()
    assert said(page) == "Refunded: 5.00 EUR."
    assert Refund.objects.get().reason == "Late start"
    page.get_by_role("link", name="Reschedule").click()
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=9)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Day").fill(str(day))
    page.get_by_text("11:15", exact=True).click()
    page.get_by_role("button", name="Reschedule").last.click()
    assert said(page) == "Moved. Undo"
    salon.visit.refresh_from_db()
    assert (
        f"{timezone.localtime(salon.visit.appointment_date, salon.organization.zone):%Y-%m-%d %H:%M}" == f"{day} 11:15"
    )
    page.get_by_role("link", name="Cancel visit").click()
    page.get_by_label("Reason").fill("Caught a cold")
    page.get_by_role("button", name="Cancel visit").last.click()
    assert said(page) == "Cancelled. Undo"


def test_a_taken_time_is_overbooked_only_after_the_warning(page, salon):
    taken = timezone.localtime(salon.visit.appointment_date, salon.organization.zone)
    address = f"staff={salon.staff.pk}&service={salon.service.pk}&client={salon.stranger.pk}"
    page.set_viewport_size(PHONE)
    page.goto(f"/admin/appointments/appointment/add/?{address}&date={taken:%Y-%m-%d}&time={taken:%H:%M}")
    page.get_by_role("button", name="Book", exact=True).last.click()
    assert page.get_by_role("alert").inner_text() == "This time is taken."
    page.get_by_label("Another time", exact=True).press("Enter")  # presses no button that asks or warns
    assert page.get_by_role("alert").inner_text() == "This time is taken."
    page.get_by_role("button", name="Book anyway beside the other visit").click()
    assert said(page).startswith("Booked: Salon stranger")
    assert Appointment.objects.latest("id").overbooked is True


# In the gate, `test_screen_reader_in_a_browser.py` does so from the board's place on.
@pytest.mark.whole
def test_a_visit_is_booked_by_the_keyboard_alone(visitor, page, salon, day):
    page.goto(f"/admin/?date={day}")
    visitor.go_to("Book 00:00 with Salon staff")
    visitor.go_to("Book 10:00 with Salon staff", key="ArrowDown")
    page.keyboard.press("Enter")
    page.locator("[role=combobox]:focus").wait_for()  # a first letter that came too early would be missed
    page.keyboard.type("stranger")
    page.get_by_role("option", name="Salon client").wait_for(state="detached")  # the first until the list is narrowed
    page.get_by_role("option", name="Salon stranger").wait_for()
    page.keyboard.press("Enter")
    visitor.go_to("Salon service")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Space")
    page.locator("[name=slot]:checked[value*='T10:00']").wait_for(state="attached")
    visitor.go_to("Book")
    page.keyboard.press("Enter")
    page.locator(".toast p").wait_for()
    assert page.locator(".toast p").inner_text().startswith("Booked: Salon stranger, Salon service")
    assert visitor.presses == 0
    assert page.evaluate("document.activeElement.closest('.board') !== null")  # back where it began


# In the gate, `test_back_in_a_browser.py` books again after Back.
@pytest.mark.whole
def test_booking_again_after_back_leads_to_what_was_booked(page, salon, day):
    asked = f"client={salon.stranger.pk}&service={salon.service.pk}&staff={salon.staff.pk}&date={day}&time=17:00"
    page.goto(f"/admin/appointments/appointment/add/?{asked}")
    page.get_by_text("Length, price, notes, series").click()
    page.locator("[name=notes]").fill("By the window")
    page.get_by_role("button", name="Book", exact=True).last.click()
    page.wait_for_url("**/change/**")
    visits = Appointment.objects.count()
    page.go_back()
    assert page.locator("[name=notes]").input_value() == "By the window"  # what was typed stays
    page.get_by_role("button", name="Book", exact=True).last.click()
    page.wait_for_url("**/change/**")
    assert said(page) == SENT_BEFORE
    assert Appointment.objects.count() == visits


def test_enter_never_chooses_a_suggestion_of_an_earlier_search(page, salon):
    page.goto("/admin/appointments/appointment/add/")
    field = page.get_by_role("combobox", name="Client")
    page.get_by_role("option", name="Salon client").wait_for()
    waiting = []
    page.route("**/admin/autocomplete/**", lambda request: waiting.append(request))  # takes no built-in method
    with page.expect_request("**/admin/autocomplete/**"):
        field.fill("stranger")
    field.press("Enter")
    assert page.locator("[name=client]").input_value() == ""
    for request in waiting:
        request.continue_()
    page.unroute_all()
    page.get_by_role("option", name="Salon client").wait_for(state="detached")
    page.get_by_role("option", name="Salon stranger").wait_for()
    field.press("Enter")
    assert "Salon stranger" in field.input_value()
    assert page.locator("[name=client]").input_value() == str(salon.stranger.pk)


# In the gate, `accounts/tests/test_admin.py` by requests, and `test_axe_in_a_browser.py` presses the form's button.
@pytest.mark.whole
def test_everybody_but_clients_signs_in_and_sees_their_day(live_server, salon, browser):
    """An admin does so in `test_first_hour_in_a_browser.py`."""
    for who in ("staff", "client"):
        visitor = Visitor(browser, live_server.url)
        visitor.sign_in(getattr(salon, who).email, PASSWORD)
        if who == "client":
            assert "for a staff account" in visitor.page.locator(".errornote").inner_text()
        else:
            assert visitor.page.get_by_role("heading", level=1).inner_text() == "Today at Salon"
        assert visitor.complaints == []
        visitor.leave()
