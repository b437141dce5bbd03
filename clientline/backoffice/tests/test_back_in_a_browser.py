"""Back to a form that was sent, in real Chromium: it is as it was, its key included, and sent again does nothing."""

import pytest
from django.test import Client

from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.backoffice.once import SENT_BEFORE
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor
from clientline.web.error_pages import FORGED
from organizations.models import Organization
from payments.models import Payment
from services.models import Service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def page(live_server, salon, client, browser):
    Payment.objects.update(status="failed")  # so that all of the price is due
    always_at_work(salon.staff, salon.colleague)
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor.page
    assert visitor.complaints == []
    visitor.leave()


# The same key in another form: the test below, and of money `test_sent_again.py`.
@pytest.mark.whole
def test_back_and_sent_again_takes_no_money_twice(page, salon):
    before = Payment.objects.count()
    page.goto(f"/admin/appointments/appointment/{salon.visit.pk}/payment/")
    page.get_by_label("Amount").fill("5")
    page.get_by_role("button", name="Take payment").last.click()
    page.get_by_text("Payment recorded: 5.00 EUR.").wait_for()
    page.go_back()
    page.get_by_role("button", name="Take payment").last.click()
    page.get_by_text(str(SENT_BEFORE)).wait_for()
    assert Payment.objects.count() == before + 1


def test_back_and_booked_again_books_once(page, salon):
    before = Appointment.objects.count()
    asked = f"client={salon.client.pk}&service={salon.service.pk}&staff={salon.staff.pk}&date={days_ahead(20):%Y-%m-%d}"
    page.goto(f"/admin/appointments/appointment/add/?{asked}&time=10:00")
    page.get_by_text("Length, price, notes, series").click()
    page.locator("[name=notes]").fill("By the window")
    page.get_by_role("button", name="Book", exact=True).last.click()
    page.get_by_text("Booked: Salon client").wait_for()
    page.go_back()
    assert page.locator("[name=notes]").input_value() == "By the window"  # what was typed stays
    page.get_by_role("button", name="Book", exact=True).last.click()
    page.get_by_text(str(SENT_BEFORE)).wait_for()
    assert Appointment.objects.count() == before + 1


def save(page, name):
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()


def test_back_to_an_edited_row_edits_it_again(page, salon):
    page.goto(f"/admin/services/service/{salon.service.pk}/change/")
    save(page, "Cut")
    page.go_back()
    save(page, "Shave")
    assert Service.objects.get(pk=salon.service.pk).name == "Shave"


def sign_in_anew(user):
    """The cookies of it: the session's, and the one that forms are compared with."""
    client = Client()
    client.force_login(user)
    client.get("/admin/password_change/")
    return client.cookies


# What was typed stays: above. What is told of a form from an earlier sign-in: `test_error_pages.py`.
@pytest.mark.whole
def test_what_was_typed_before_signing_in_again_is_still_there_on_going_back(live_server, salon, browser):
    visitor = Visitor(browser, live_server.url).carry(sign_in_anew(salon.admin))
    page = visitor.page
    page.goto(f"/admin/organizations/organization/{salon.organization.pk}/change/")
    page.locator("#id_name").fill("Renamed")
    visitor.carry(sign_in_anew(salon.admin))  # as in another tab
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == FORGED[0]
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)
        assert (visitor.find_pale_text(), visitor.measure_overflow()) == ([], 0)
    page.go_back()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/organizations/organization/")
    visitor.leave()
    assert [each for each in visitor.complaints if "403" not in each] == []
    assert Organization.objects.get(pk=salon.organization.pk).name == "Renamed"
