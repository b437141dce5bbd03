"""The content policy in real Chromium, where scripts are at work: suggestions, calendars, clocks, documentation."""

import pytest

from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def visitor(live_server, salon, client, browser):
    client.force_login(salon.admin)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor
    visitor.leave()


def test_suggestions_calendars_and_clocks_work_under_the_policy(visitor, salon):
    page = visitor.page
    page.goto("/admin/appointments/timeoff/add/")
    page.locator(".field-staff .select2-selection").click()
    page.locator(".select2-search__field").fill("colleague")
    page.get_by_role("option", name="Salon colleague").click()
    page.locator("#calendarlink2").click()  # after those of the first and the last day
    page.locator("#calendarin2 td:not(.nonday) a").first.click()
    page.locator("#clocklink0").click()
    page.locator("#clockbox0").get_by_text("Midnight").click()
    assert "Salon colleague" in page.locator(".field-staff .select2-selection__rendered").inner_text()
    assert page.locator("#id_starts_at_0").input_value() != ""
    assert page.locator("#id_starts_at_1").input_value() in ("00:00", "00:00:00")
    assert visitor.complaints == []


def test_the_documentation_shows_everything_and_asks_nobody_else(visitor, salon):
    page = visitor.page
    page.goto("/redoc")
    page.get_by_text("Whether the server answers at all").first.wait_for()
    page.get_by_alt_text("redocly logo").wait_for(state="detached")
    page.goto("/docs")
    page.locator(".opblock").first.wait_for()
    assert visitor.complaints == []


@pytest.mark.parametrize("path", ["/admin/second-factor/", "/admin/sign-ins/"])
def test_the_pages_about_signing_in_are_readable_and_fit_a_phone(visitor, path):
    for viewport in (DESKTOP, PHONE):
        visitor.page.set_viewport_size(viewport)
        assert visitor.page.goto(path).status == 200
        assert (visitor.find_pale_text(), visitor.measure_overflow()) == ([], 0)
    assert visitor.complaints == []
