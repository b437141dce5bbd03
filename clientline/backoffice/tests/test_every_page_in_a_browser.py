"""Every kind of admin page in real Chromium: wide and narrow, light and dark, for axe, and for paper."""

import pytest

from accounts.models import User
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor
from clientline.tests.axe import find_violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


LOOK = "/admin/look/"


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
    ]


def more_pages_of(cast):
    """Others, which are much like one of these."""
    return [
        LOOK,
        "/admin/sign-ins/",
        "/admin/second-factor/",
        "/admin/holidays/",
        "/admin/search/?q=Salon",
        "/admin/accounts/user/add/?kind=clients",
        "/admin/appointments/timeoff/add/",
        "/admin/appointments/specialhours/add/",
        "/admin/appointments/workinghours/add/",
        "/admin/services/service/add/",
        f"/admin/services/service/{cast.service.pk}/history/",
        "/admin/reach/messagerule/add/",
        "/admin/reach/messagetext/add/",
        "/admin/reach/webhookendpoint/add/",
        "/admin/visits/import/",
    ]


SCHEMES = ("light", "dark")
SCREENS = [(DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light")]


def take_turns(pages):
    """(place, page): those that are shown in the light, then those in the dark; the light is changed but once."""
    places = list(enumerate(pages))
    return [*places[::2], *places[1::2]]


def turn_once(place):
    """The screen as the page before has left it, and the other: turning one takes as long as half a page."""
    screens = [(screen, SCHEMES[place % 2]) for screen in (DESKTOP, PHONE)]
    return screens if place // 2 % 2 else screens[::-1]


def looks(visitor, screens):
    """The open page on these screens in their light: (screen's width, scheme) → what is held against it."""
    found = {}
    for viewport, scheme in screens:
        visitor.page.set_viewport_size(viewport)
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.evaluate("document.getAnimations().forEach(each => each.finish())")  # colours fade over
        found[viewport["width"], scheme] = visitor.find_pale_text(), visitor.measure_overflow()
    return {look: faults for look, faults in found.items() if any(faults)}


CHROME = ("Front desk", "Set-up", "Log out", "Book a visit", "Find clients")


CLICKED = """() => [...document.querySelectorAll("#header, nav, button, .button, input[type=submit]")]
  .filter(each => each.checkVisibility({visibilityProperty: true})).map(each => each.outerHTML.slice(0, 80))"""


# What is the same on every page: axe sees it on the first.
FRAME = ("#header", "#rail", "#tabs")


def find_new_violations(page):
    return find_violations(page, without=() if page.url.endswith("/admin/") else FRAME)


def list_clicked_on_paper(page):
    """What would be printed of what is there to be clicked, or that nothing would be printed at all."""
    page.emulate_media(media="print")
    found, text = page.evaluate(CLICKED), page.locator("body").inner_text()
    page.emulate_media(media="screen")
    return found if text.strip() else ["nothing"]


@pytest.fixture
def signed_in(salon, client, settings):
    settings.SHOWS_LOOK = True
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    return client.cookies


def test_pages_are_readable_fit_the_screen_and_break_no_rule(live_server, salon, signed_in, browser, everything):
    """Each page wide and narrow, every other in the dark; with --all, and the one with all parts, in both.

    A third of them is shown to axe, and another styled for paper: `test_axe_in_a_browser.py` shows it all of them, and
    `test_paper_in_a_browser.py` prints them.
    """
    visitor, found = Visitor(browser, live_server.url).carry(signed_in), {}
    more = more_pages_of(salon)
    pages = list(dict.fromkeys([*pages_of(salon), *(more if everything else more[::3])]))
    for place, url in take_turns(pages):
        assert visitor.page.goto(url, wait_until="load").status == 200, url
        found[url] = [looks(visitor, SCREENS if everything or url == LOOK else turn_once(place))]
        found[url] += [find_new_violations, list_clicked_on_paper, lambda page: []][place // 2 % 3](visitor.page)
    visitor.leave()
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
    assert visitor.complaints == []


@pytest.mark.whole
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_are_so_from_the_start(live_server, salon, signed_in, browser, viewport, dark):
    """The test above turns the screen of a page that is open; here it is so before the page's scripts begin."""
    visitor, found = Visitor(browser, live_server.url, viewport=viewport, dark=dark).carry(signed_in), {}
    for url in dict.fromkeys([*pages_of(salon), *more_pages_of(salon)]):
        assert visitor.page.goto(url, wait_until="load").status == 200, url
        found[url] = visitor.find_pale_text(), visitor.measure_overflow()
    visitor.leave()
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
    assert visitor.complaints == []


def test_one_unbroken_name_widens_no_page(live_server, salon, client, browser):
    User.objects.filter(pk=salon.client.pk).update(name="W" * 200)
    client.force_login(salon.admin)
    pages = (
        f"/admin/appointments/appointment/{salon.visit.pk}/change/",
        f"/admin/appointments/appointment/{salon.visit.pk}/cancel/",
        f"/admin/accounts/user/{salon.client.pk}/change/",
        f"/admin/accounts/user/{salon.client.pk}/history/",
        f"/admin/payments/payment/{salon.payment.pk}/change/",
        "/admin/accounts/user/?kind=clients",
    )
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    page, found = visitor.page, {}
    for url in pages:
        page.goto(url)
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            found[url, viewport["width"]] = visitor.measure_overflow()
            if url == pages[-1]:
                assert page.locator(".field-name", has_text="WWW").bounding_box()["width"] < 400
    visitor.leave()
    assert set(found.values()) == {0}, found
