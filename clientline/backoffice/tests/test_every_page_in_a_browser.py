"""Every kind of admin page in real Chromium, wide and narrow, light and dark."""

import pytest

from accounts.models import User
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


def pages_of(cast):
    """One address of each kind of page."""
    lists = [link["url"] for _, links in cast.sidebar for link in links]
    return [
        *dict.fromkeys(lists),
        "/admin/accounts/user/add/",
        f"/admin/accounts/user/{cast.client.pk}/change/",
        f"/admin/accounts/user/{cast.client.pk}/merge/?duplicate={cast.stranger.pk}",
        f"/admin/accounts/user/{cast.client.pk}/erase/",
        f"/admin/accounts/user/{cast.staff.pk}/change/",
        f"/admin/week-hours/?staff={cast.staff.pk}",
        f"/admin/services/service/{cast.service.pk}/change/",
        f"/admin/services/service/{cast.service.pk}/delete/",
        f"/admin/organizations/organization/{cast.organization.pk}/change/",
        "/admin/appointments/appointment/add/",
        f"/admin/appointments/appointment/{cast.visit.pk}/change/",
        f"/admin/appointments/appointment/{cast.visit.pk}/reschedule/",
        f"/admin/appointments/appointment/{cast.visit.pk}/cancel/",
        f"/admin/appointments/appointment/{cast.visit.pk}/payment/",
        f"/admin/payments/payment/{cast.payment.pk}/change/",
        "/admin/reports/?report=utilization&group_by=staff&from=2026-01-01&to=2026-12-31",
        "/admin/reports/?report=no-shows&group_by=month&from=2027-01-01&to=2026-12-31",
        f"/admin/day-sheet/?date={cast.visit.appointment_date:%Y-%m-%d}",
        f"/admin/week-sheet/?date={cast.visit.appointment_date:%Y-%m-%d}&staff={cast.staff.pk}",
        "/admin/clients/import/",
        "/admin/unclosed/",
        "/admin/day/people/",
        f"/admin/payments/payment/{cast.payment.pk}/fail/",
        "/admin/payments/payment/add/",
        "/admin/password_change/",
        "/docs",
        "/redoc",
    ]


SCREENS = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]


def looks(visitor, screens):
    """The open page on these screens in their light: (screen's width, scheme) → what is held against it."""
    found = {}
    for viewport, scheme in screens:
        visitor.page.set_viewport_size(viewport)
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.evaluate("document.getAnimations().forEach(each => each.finish())")  # colours fade over
        found[viewport["width"], scheme] = visitor.find_pale_text(), visitor.measure_overflow()
    return {look: faults for look, faults in found.items() if any(faults)}


def test_pages_are_readable_fit_the_screen_and_break_no_rule(live_server, salon, client, browser, everything):
    """Each page wide and narrow, light and dark; in all four combinations with --all, else in two of them."""
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    visitor, found = Visitor(browser, live_server.url).carry(client.cookies), {}
    for place, url in enumerate(pages_of(salon)):
        assert visitor.page.goto(url, wait_until="load").status == 200, url
        screens = SCREENS if everything else SCREENS[0::3] if place % 2 else SCREENS[1:3]
        found[url] = looks(visitor, screens) if url.startswith("/admin") else {}
    visitor.leave()
    assert {url: faults for url, faults in found.items() if faults} == {}
    assert visitor.complaints == []


@pytest.mark.whole
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_are_so_from_the_start(live_server, salon, client, browser, viewport, dark):
    """The test above turns the screen of a page that is open; here it is so before the page's scripts begin."""
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    visitor, found = Visitor(browser, live_server.url, viewport=viewport, dark=dark).carry(client.cookies), {}
    for url in pages_of(salon):
        assert visitor.page.goto(url, wait_until="load").status == 200, url
        found[url] = (visitor.find_pale_text(), visitor.measure_overflow()) if url.startswith("/admin") else ()
    visitor.leave()
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
    assert visitor.complaints == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_one_unbroken_name_widens_no_page(live_server, salon, client, browser, viewport):
    User.objects.filter(pk=salon.client.pk).update(name="W" * 200)
    client.force_login(salon.admin)
    pages = (
        f"/admin/appointments/appointment/{salon.visit.pk}/change/",
        f"/admin/appointments/appointment/{salon.visit.pk}/cancel/",
        f"/admin/accounts/user/{salon.client.pk}/change/",
        f"/admin/accounts/user/{salon.client.pk}/history/",
        f"/admin/payments/payment/{salon.payment.pk}/change/",
    )
    visitor = Visitor(browser, live_server.url, viewport=viewport).carry(client.cookies)
    found = {}
    for url in pages:
        visitor.page.goto(url)
        found[url] = visitor.measure_overflow()
    visitor.page.goto("/admin/accounts/user/?kind=clients")
    name = visitor.page.locator(".field-name", has_text="WWW").bounding_box()
    assert set(found.values()) == {0}, found
    assert name["width"] < 400
