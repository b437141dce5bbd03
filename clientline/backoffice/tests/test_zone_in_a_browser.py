"""Another time zone, and visits at another time than agreed, as a browser shows them: narrow, and with --all wide."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.amendments import rezoning
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor
from organizations.models import Organization

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def coming(salon):
    Appointment.objects.update(status="completed")
    start = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(weeks=3)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


@pytest.fixture
def screens(everything):
    return (PHONE, DESKTOP) if everything else (PHONE,)


def faults(visitor, screens):
    """What is held against the open page on each."""
    found = {}
    for viewport in screens:
        visitor.page.set_viewport_size(viewport)
        found[viewport["width"]] = visitor.find_pale_text(), visitor.measure_overflow()
    return {width: each for width, each in found.items() if any(each)}


def test_the_question_is_asked_on_the_page_and_a_button_answers_it(
    live_server, salon, client, browser, coming, screens
):
    client.force_login(salon.admin)
    visitor = Visitor(browser, live_server.url, viewport=PHONE).carry(client.cookies)
    visitor.page.goto(f"/admin/organizations/organization/{salon.organization.pk}/change/")
    visitor.page.get_by_label("Time zone").select_option("Asia/Tokyo")
    visitor.page.get_by_label("Phone").fill("+49 30 1")
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    visitor.page.get_by_text("1 visit to come").wait_for()
    assert visitor.page.get_by_label("Phone").input_value() == "+49 30 1"
    assert faults(visitor, screens) == {}
    visitor.page.get_by_role("button", name="Save, and keep the time").click()
    visitor.page.get_by_text("was changed successfully").wait_for()
    home, visit = Organization.objects.get(pk=salon.organization.pk), Appointment.objects.get(pk=coming.pk)
    assert (home.timezone, home.phone) == ("Asia/Tokyo", "+49 30 1")
    assert (visit.local_start, visit.version) == (coming.local_start, 2)
    visitor.leave()
    assert visitor.complaints == []


def test_today_leads_to_the_visits_at_another_time(live_server, salon, client, browser, coming, screens):
    Appointment.objects.filter(pk=coming.pk).update(local_start=coming.local_start - timedelta(hours=1))
    rezoning.count_strays(now=timezone.now())
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url, viewport=PHONE).carry(client.cookies)
    visitor.page.goto("/admin/")
    assert faults(visitor, screens) == {}
    visitor.page.get_by_text("at another time than agreed").click()
    visitor.page.get_by_role("link", name="See which visits").click()
    visitor.page.get_by_text("stands at").wait_for()
    assert faults(visitor, screens) == {}
    visitor.leave()
    assert visitor.complaints == []
