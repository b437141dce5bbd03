"""Every kind of admin page in real Chromium, wide and narrow, light and dark."""

import pytest

from accounts.models import User
from clientline.tests.browsing import CHROMIUM, DESKTOP, PHONE, Visitor, chromium

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
        "/admin/clients/import/",
        f"/admin/payments/payment/{cast.payment.pk}/fail/",
        "/admin/payments/payment/add/",
        "/admin/password_change/",
        "/docs",
        "/redoc",
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_are_readable_fit_the_screen_and_break_no_rule(live_server, salon, client, viewport, dark):
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    found = {}
    with chromium() as browser:
        visitor = Visitor(browser, live_server.url, viewport=viewport, dark=dark).carry(client.cookies)
        for url in pages_of(salon):
            answer = visitor.page.goto(url, wait_until="load")
            assert answer.status == 200, url
            is_admin = url.startswith("/admin")
            found[url] = (visitor.pale_text() if is_admin else [], is_admin and visitor.overflow())
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
    assert visitor.complaints == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_one_unbroken_name_widens_no_page(live_server, salon, client, viewport):
    User.objects.filter(pk=salon.client.pk).update(name="W" * 200)
    client.force_login(salon.admin)
    pages = (
        f"/admin/appointments/appointment/{salon.visit.pk}/change/",
        f"/admin/appointments/appointment/{salon.visit.pk}/cancel/",
        f"/admin/accounts/user/{salon.client.pk}/change/",
        f"/admin/accounts/user/{salon.client.pk}/history/",
        f"/admin/payments/payment/{salon.payment.pk}/change/",
    )
    with chromium() as browser:
        visitor = Visitor(browser, live_server.url, viewport=viewport).carry(client.cookies)
        found = {}
        for url in pages:
            visitor.page.goto(url)
            found[url] = visitor.overflow()
        visitor.page.goto("/admin/accounts/user/?kind=clients")
        name = visitor.page.locator(".field-name", has_text="WWW").bounding_box()
    assert set(found.values()) == {0}, found
    assert name["width"] < 400
