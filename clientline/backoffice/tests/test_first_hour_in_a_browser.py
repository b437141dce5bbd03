"""What the documents promise by hand: a new organization's first hour, and its pictures, in real Chromium."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import PASSWORD, UserFactory
from clientline.demo.browsing import CHROMIUM, Visitor
from organizations.tests.factories import OrganizationFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


# `test_first_hour.py` follows the same links and sends the same forms; `test_day_in_a_browser.py` has scripts at work.
@pytest.mark.whole
def test_from_an_empty_organization_to_the_first_report(live_server, browser):
    home = OrganizationFactory(name="Corner Barbers", timezone="Europe/Berlin", currency="EUR")
    owner = UserFactory(organization=home, role="admin", name="Bruno", email="bruno@corner.example")
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(owner.email, PASSWORD)
    page = visitor.page
    page.get_by_text("Nobody works on this day").wait_for()
    set_up(page)
    book(page)
    take_and_refund(page)
    page.get_by_role("link", name="Reports").click()
    figures = page.locator(".figure").all_inner_texts()
    assert [text.split("\n")[0] for text in figures] == ["45.00", "10.00", "35.00", "0.00", "0.00"]
    assert visitor.complaints == []
    visitor.leave()


def set_up(page):
    page.get_by_role("link", name="Say what you offer").click()
    page.get_by_role("link", name="Add service").click()
    page.get_by_label("Name").fill("Haircut")
    page.get_by_label("Duration").fill("30")
    page.get_by_label("Price").fill("45")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Team", exact=True).click()
    page.get_by_role("link", name="Add to the team").click()
    page.get_by_role("textbox", name="Name").fill("Tilda")
    page.get_by_label("Sign-in address").fill("tilda@corner.example")
    page.get_by_label("Role").select_option("Staff")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Working hours", exact=True).click()
    page.get_by_role("link", name="Tilda: edit the week").click()
    page.get_by_label("Monday from").first.fill("09:00")
    page.get_by_label("Monday to").first.fill("17:00")
    page.get_by_role("button", name="Copy to Tuesday–Friday").click()
    page.get_by_role("button", name="Save the week").click()


def book(page):
    """Into the first free place of the next day that has one."""
    page.get_by_role("link", name="Today", exact=True).click()
    page.get_by_role("link", name="Next day").click()
    while not page.locator("a.free").count():
        page.get_by_role("link", name="Next day").click()
    page.get_by_role("link", name="Book 09:00 with Tilda").click()
    page.get_by_text("Nobody found.").wait_for()
    page.keyboard.press("Escape")  # no known client
    page.get_by_text("A new client").click()
    page.get_by_role("textbox", name="Name").fill("Kim Weber")
    page.get_by_label("E-mail").fill("kim@corner.example")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("#id_service").get_by_text("Haircut · 30 min").click()
    page.locator("[name=slot]:checked[value*='T09:00']").wait_for(state="attached")
    page.get_by_role("button", name="Book", exact=True).last.click()
    page.get_by_text("Booked: Kim Weber, Haircut").wait_for()


def open_visit(page):
    page.locator("a.visit", has_text="Kim Weber").click()


def take_and_refund(page):
    open_visit(page)
    page.get_by_role("link", name="Take payment").first.click()
    page.get_by_role("button", name="Take payment").last.click()
    page.get_by_text("Payment recorded: ").wait_for()
    open_visit(page)
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Amount").fill("10")
    page.get_by_label("Reason").fill("Had to wait")
    page.get_by_role("button", name="Refund").last.click()
    page.get_by_text("Refunded: ").wait_for()


# In the gate, `test_first_hour.py`: where the pictures are taken there is what is looked for.
@pytest.mark.whole
def test_the_pictures_are_taken_and_stay_small(live_server, browser, tmp_path):
    call_command("seed_demo", organizations=1, appointments=60, logins=True, verbosity=0, stdout=StringIO())
    given = {"address": live_server.url, "into": tmp_path, "development": True}
    call_command("screenshots", browser=browser, stdout=StringIO(), **given)
    pictures = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(pictures) == {"today.png", "visit.png", "client.png", "reports.png", "today-phone.png"}
    assert all(10_000 < size < 200_000 for size in pictures.values()), pictures


def test_pictures_are_for_development():
    with pytest.raises(CommandError, match="set DEBUG=true, or say --development"):
        call_command("screenshots")
