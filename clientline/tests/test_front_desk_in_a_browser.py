"""The front desk's everyday work in real Chromium, click by click."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import always_at_work
from clientline.tests.browsing import CHROMIUM, PHONE, Visitor, chromium
from payments.models import Payment, Refund

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def page(live_server, salon, client):
    always_at_work(salon.staff, salon.colleague)
    client.force_login(salon.manager)
    with chromium() as browser:
        visitor = Visitor(browser, live_server.url).carry(client.cookies)
        yield visitor.page
        assert visitor.complaints == []


def said(page):
    return page.locator(".messagelist").inner_text().strip()


def test_a_known_client_is_booked_into_a_free_place_by_four_clicks(page, salon):
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)
    page.goto(f"/admin/?date={day}")
    page.get_by_role("link", name="Book 10:00 with Salon staff").click()
    page.keyboard.type("stranger")
    page.get_by_role("option", name="Salon stranger").click()
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # the free times of the service
        page.get_by_text("Salon service · 30 min").click()
    page.locator("[name=slot]:checked[value*='T10:00']").wait_for(state="attached")
    page.get_by_role("button", name="Book", exact=True).last.click()
    assert said(page).startswith("Booked: Salon stranger, Salon service")
    visit = Appointment.objects.latest("id")
    assert (visit.staff, visit.client) == (salon.staff, salon.stranger)
    assert timezone.localtime(visit.appointment_date, salon.organization.zone).hour == 10


def test_a_visit_is_paid_refunded_in_part_moved_and_cancelled(page, salon):
    Payment.objects.filter(pk=salon.payment.pk).update(status="failed")
    page.goto(f"/admin/appointments/appointment/{salon.visit.pk}/change/")
    page.get_by_role("link", name="Take payment").click()
    page.get_by_label("Amount").press("Enter")  # what is due, in cash, stands there already
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Amount").fill("5")
    page.get_by_label("Reason").fill("Late start")
    page.get_by_role("button", name="Refund").last.click()
    assert said(page) == "Refunded."
    assert Refund.objects.get().reason == "Late start"
    page.get_by_role("link", name="Reschedule").click()
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=9)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_label("Day").fill(str(day))
    page.get_by_text("11:15", exact=True).click()
    page.get_by_role("button", name="Reschedule").last.click()
    assert said(page) == "Moved."
    salon.visit.refresh_from_db()
    assert (
        f"{timezone.localtime(salon.visit.appointment_date, salon.organization.zone):%Y-%m-%d %H:%M}" == f"{day} 11:15"
    )
    page.get_by_role("link", name="Cancel visit").click()
    page.get_by_label("Reason").fill("Caught a cold")
    page.get_by_role("button", name="Cancel visit").last.click()
    assert said(page) == "Cancelled."


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
