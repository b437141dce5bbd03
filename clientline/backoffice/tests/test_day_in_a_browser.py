"""The day as the application: what opens beside it, what others do meanwhile, and how few clicks and keys it takes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.demo.browsing import CHROMIUM, Visitor
from payments.models import Payment
from services.tests.factories import ServiceFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def visitor(live_server, salon, client, browser):
    always_at_work(salon.staff, salon.colleague)
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor
    assert visitor.complaints == []
    visitor.leave()


@pytest.fixture
def page(visitor):
    return visitor.page


@pytest.fixture
def day(salon):
    """Some days ahead, with nothing booked yet."""
    return timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)


@pytest.fixture
def make_visit(salon):
    """A function: a visit so many days from today at an hour of the organization's clock."""

    def make(days, hour=10, **details):
        then = timezone.localtime(timezone=salon.organization.zone) + timedelta(days=days)
        starts = then.replace(hour=hour, minute=0, second=0, microsecond=0)
        given = {"client": salon.client, "staff": salon.staff, "service": salon.service}
        return AppointmentFactory(appointment_date=starts, **given | details)

    return make


def told(page):
    toast = page.locator(".toast p").last
    toast.wait_for()
    return toast.inner_text()


def panel(page):
    opened = page.get_by_role("dialog")
    opened.wait_for()
    return opened


def open_visit(page, name):
    page.get_by_role("link", name=name).click()
    return panel(page)


def hold_clock(route):
    """The page's script as it is, but that the test says when it is time: `due` is what is done then, and how often."""
    script = route.fetch().text()
    assert script.count("setInterval(") == 1
    route.fulfill(body="setInterval = (...given) => { window.due = given };" + script, content_type="text/javascript")


def list_kept(page):
    """Of each person's column, whether it is the one that was there before."""
    columns = "all => all.map(each => [each.ariaLabel, Boolean(each.seen)])"
    return dict(page.locator(".board section > svg").evaluate_all(columns))


def test_what_another_desk_books_appears_and_what_is_typed_stays_when_refused_too_until_given_up_twice(
    page, salon, day, make_visit
):
    page.route("**/clientline/live*.js", hold_clock)
    page.goto(f"/admin/?date={day}")
    page.unroute_all()
    page.get_by_role("link", name="Book 12:00 with Salon staff").click()
    page.get_by_text("Length, price, notes, series").click()
    note = page.locator("#panel [name=notes]")
    note.fill("By the win")
    page.locator(".board").evaluate("board => board.scrollTop = 300")
    page.evaluate("for (const each of document.querySelectorAll('.board section > svg')) each.seen = true")
    make_visit(5, 15, client=salon.stranger)
    note.press("End")
    note.press("d")
    assert page.evaluate("due[1]") == 10_000
    page.evaluate("due[0]()")
    page.get_by_role("link", name="15:00–15:30 Salon stranger").wait_for()
    assert list_kept(page) == {"Salon colleague": True, "Salon staff": False}  # only what changed is drawn anew
    page.keyboard.type("ow")
    assert note.input_value() == "By the window"[:10] + "dow"
    make_visit(5, 17)
    page.evaluate(LOOK_NOW)
    page.get_by_role("link", name="17:00–17:30 Salon client").wait_for()
    assert page.locator(".board").evaluate("board => board.scrollTop") == 300

    panel(page).get_by_role("button", name="Book", exact=True).last.click()
    page.get_by_role("alert").wait_for()
    assert note.input_value() == "By the window"
    assert page.url.endswith(f"/admin/?date={day}")
    note.press("End")
    page.keyboard.type("!")
    page.keyboard.press("Escape")
    assert told(page) == "What you typed is not saved yet. The same again gives it up."
    assert note.input_value() == "By the window!"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_a_visit_opens_beside_the_day_after_another_form_and_closes_to_where_one_was(page, make_visit, day):
    make_visit(5)
    page.goto(f"/admin/?date={day}")
    opened = open_visit(page, "10:00–10:30 Salon client")
    assert opened.get_by_role("heading", level=2).first.inner_text().endswith("Salon client")
    assert page.url.endswith(f"/admin/?date={day}")
    page.keyboard.press("Escape")
    opened.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("10:00–10:30 Salon client")
    page.get_by_role("link", name="Book 15:00 with Salon staff").click()
    page.locator("[role=combobox]:focus").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    open_visit(page, "10:00–10:30 Salon client").get_by_role("link", name="Reschedule").click()
    page.locator("#panel [name=slot]").first.wait_for(state="attached")  # whatever scripts each form needs
    page.keyboard.press("Escape")
    opened.wait_for(state="hidden")
    open_visit(page, "10:00–10:30 Salon client").get_by_role("link", name="Open as a page").click()
    page.wait_for_url("**/change/")
    its_day = page.get_by_role("link", name="Its day")  # every visit's page leads to its day
    assert its_day.evaluate("link => link.href").endswith(f"/admin/?date={day}")


# In the gate, `test_screen_reader_in_a_browser.py` pays at the till beside the day, and `test_till_in_a_browser.py`.
@pytest.mark.whole
def test_cash_is_taken_beside_the_day(visitor, page, make_visit):
    visit = make_visit(-1)
    page.goto(f"/admin/?date={visit.appointment_date:%Y-%m-%d}")
    open_visit(page, "10:00–10:30 Salon client").get_by_role("link", name="Take payment").first.click()
    panel(page).get_by_role("button", name="Take payment").last.click()
    assert told(page) == "Payment recorded: 45.00 EUR."
    assert visitor.presses == 3
    payment = Payment.objects.get(appointment=visit)
    assert (str(payment.amount), payment.payment_method, payment.status) == ("45.00", "cash", "completed")


def test_a_known_client_takes_three_clicks_and_seven_keys_a_second_service_two_more_a_walk_in_three_and_the_name(
    visitor, page, salon, day
):
    ServiceFactory(organization=salon.organization, name="Colour", duration=45)
    page.goto(f"/admin/?date={day}")
    page.get_by_role("link", name="Book 10:00 with Salon staff").click()
    page.locator("[role=combobox]:focus").wait_for()  # a first letter that came too early would be missed
    page.keyboard.type("strang")
    page.get_by_role("option", name="Salon client").wait_for(state="detached")
    page.get_by_role("option", name="Salon stranger").wait_for()
    page.keyboard.press("Enter")
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # the free times of the service
        page.get_by_text("Salon service · 30 min").first.click()
    page.locator("[name=slot]:checked[value*='T10:00']").wait_for(state="attached")
    assert visitor.effort == (3 - 1, 7)  # without the click that books
    page.get_by_text("And then another service").click()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(".field-then_1").first.get_by_text("Colour · 45 min").click()
    page.locator("[name=slot]:checked[value*='T10:00']").wait_for(state="attached")
    panel(page).get_by_role("button", name="Book", exact=True).last.click()
    assert told(page).startswith("Booked: Salon stranger, Salon service")
    assert "Then Colour 10:30 with Salon staff." in told(page)
    assert visitor.effort == (3 + 2, 7)
    assert page.url.endswith(f"/admin/?date={day}")
    page.get_by_role("link", name="10:00–10:30 Salon stranger").wait_for()  # the day is drawn anew
    first, second = Appointment.objects.order_by("-id")[:2][::-1]
    assert (first.staff, first.client) == (salon.staff, salon.stranger)
    assert first.group == second.group is not None
    assert (second.service.name, second.appointment_date) == ("Colour", first.ends_at)

    page.get_by_role("link", name="Book 14:00 with Salon staff").click()
    page.locator("[role=combobox]:focus").wait_for()
    page.keyboard.type("Eve")
    panel(page).get_by_text("Nobody found. Enter makes a new client of it.").wait_for()
    page.keyboard.press("Enter")
    page.locator("#panel [name=name]:focus").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_text("Salon service · 30 min").first.click()
    page.locator("[name=slot]:checked[value*='T14:00']").wait_for(state="attached")
    panel(page).get_by_role("button", name="Book", exact=True).last.click()
    page.locator(".toast p", has_text="Booked: Eve, Salon service").wait_for()
    assert visitor.effort == (5 + 3, 7 + len("Eve") + 1)


# In the gate, `test_screen_reader_in_a_browser.py` pays at the till and undoes it by keyboard.
@pytest.mark.whole
def test_by_the_keyboard_alone_a_visit_is_paid_and_that_is_undone(visitor, page, make_visit):
    visit = make_visit(-1)
    page.goto(f"/admin/?date={visit.appointment_date:%Y-%m-%d}")
    page.get_by_role("link", name="10:00–10:30 Salon client").focus()
    page.keyboard.press("Enter")
    panel(page)
    visitor.go_to("Take payment")
    page.keyboard.press("Enter")
    page.locator("#panel [name=amount]:focus").wait_for()
    page.keyboard.press("Enter")  # what is due, in cash, stands there already
    assert told(page) == "Payment recorded: 45.00 EUR."
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    page.locator(".toast p", has_text="is void").wait_for()
    assert Payment.objects.get(appointment=visit).voided_at is not None
    assert visitor.presses == 0
    toast = page.get_by_role("status").filter(has=page.locator(".toast"))
    assert toast.get_by_role("button", name="Close").count() == 1
