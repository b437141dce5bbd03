"""Every kind of admin page in real Chromium: wide and narrow, light and dark, for axe, and for paper."""

from pathlib import Path

import pytest
from django.apps import apps
from django.test.signals import template_rendered

from accounts.models import User
from clientline.demo.browsing import CHROMIUM, DESKTOP, PALE_TEXT, PHONE, SMALL_TARGETS, Visitor
from clientline.tests.axe import find_violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

UNNAMED = Path(__file__).with_name("unnamed.js").read_text()
LOOK = "/admin/look/"


def pages_of(cast):
    """One address of each kind of page, that is of each template, and each list."""
    lists = [link["url"] for _, links in cast.sidebar for link in links]
    return [
        *dict.fromkeys(lists),
        LOOK,
        f"/admin/accounts/user/{cast.client.pk}/change/",
        f"/admin/accounts/user/{cast.client.pk}/merge/?duplicate={cast.stranger.pk}",
        f"/admin/accounts/user/{cast.client.pk}/erase/",
        f"/admin/week-hours/?staff={cast.staff.pk}",
        f"/admin/services/service/{cast.service.pk}/change/",
        f"/admin/services/service/{cast.service.pk}/delete/",
        f"/admin/services/service/{cast.service.pk}/history/",
        f"/admin/organizations/organization/{cast.organization.pk}/change/",
        "/admin/appointments/appointment/add/",
        f"/admin/appointments/appointment/{cast.visit.pk}/change/",
        f"/admin/appointments/appointment/{cast.visit.pk}/reschedule/",
        f"/admin/appointments/appointment/{cast.visit.pk}/payment/",
        f"/admin/payments/payment/{cast.payment.pk}/change/",
        f"/admin/day-sheet/?date={cast.visit.appointment_date:%Y-%m-%d}",
        "/admin/clients/import/",
        "/admin/visits/import/",
        "/admin/unclosed/",
        "/admin/day/people/",
        "/admin/payments/payment/add/",
        "/admin/password_change/",
        "/admin/sign-ins/",
        "/admin/second-factor/",
        "/admin/holidays/",
        "/admin/search/?q=Salon",
        "/admin/appointments/timeoff/add/",
        "/admin/reach/messagetext/add/",
        "/admin/reach/webhookendpoint/add/",
    ]


def more_pages_of(cast):
    """Others, which are much like one of these: of a template that has its page above."""
    return [
        "/admin/accounts/user/add/",
        "/admin/accounts/user/add/?kind=clients",
        f"/admin/accounts/user/{cast.staff.pk}/change/",
        f"/admin/appointments/appointment/{cast.visit.pk}/cancel/",
        f"/admin/payments/payment/{cast.payment.pk}/fail/",
        "/admin/reports/?report=utilization&group_by=staff&from=2026-01-01&to=2026-12-31",
        "/admin/reports/?report=no-shows&group_by=month&from=2027-01-01&to=2026-12-31",
        f"/admin/week-sheet/?date={cast.visit.appointment_date:%Y-%m-%d}&staff={cast.staff.pk}",
        "/admin/appointments/specialhours/add/",
        "/admin/appointments/workinghours/add/",
        "/admin/services/service/add/",
        "/admin/reach/messagerule/add/",
    ]


# Only with --all, as are the pages above: the gate has visits, payments and clients, of the same template.
MORE_LISTS = {
    "/admin/accounts/user/?kind=team",
    "/admin/appointments/specialhours/",
    "/admin/appointments/timeoff/",
    "/admin/organizations/audit/",
    "/admin/organizations/organization/",
    "/admin/reach/feed/",
    "/admin/reach/message/",
    "/admin/reach/messagerule/",
    "/admin/reach/messagetext/",
    "/admin/reach/webhookendpoint/",
    "/admin/services/service/",
}
# Board, list, form, cards, settings, hours, booking, sheet, figures, all parts: one of each for axe.
KINDS = {
    "admin/change_list.html",
    "admin/change_form.html",
    *(
        f"admin/backoffice/{name}.html"
        for name in "today person visit online_booking week_hours booking sheet reports look".split()
    ),
}
# What others extend, and pages that take a state of their own, which are opened in tests of theirs.
OF_A_STATE = "again_move bill form_page hours_delete list_file organization_standing person_standing rezoning".split()
APART = {
    "admin/base_site.html",
    "admin/code.html",
    "admin/error.html",
    "admin/forgotten.html",
    "admin/login.html",
    "admin/new_password.html",
    "admin/reach/feed.html",
    "admin/reach/message.html",
    *(f"admin/backoffice/{name}.html" for name in OF_A_STATE),
}
TEMPLATES = {
    path.relative_to(folder).as_posix()
    for folder in (Path(apps.get_app_config(name).path) / "templates" for name in ("accounts", "clientline", "reach"))
    for path in folder.glob("*/**/*.html")
    if path.relative_to(folder).parts[0] in ("admin", "registration") and "{% extends" in path.read_text()
}


SCHEMES = ("light", "dark")
SCREENS = [(DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light")]


def take_turns(pages):
    """(place, page): those that are shown in the light, then those in the dark; the light is changed but once."""
    places = list(enumerate(pages))
    return [*places[::2], *places[1::2]]


def choose_screens(place, of_a_kind, everywhere):
    """The phone; of a kind's page both, beginning with each in turn: turning one takes as long as half a page."""
    if everywhere:
        return SCREENS
    screens = [(screen, SCHEMES[place % 2]) for screen in (DESKTOP, PHONE)]
    return (screens if place // 2 % 2 else screens[::-1]) if of_a_kind else screens[1:]


# What a look at a page finds, all at once: pale text, by how much it is too wide, what has no name, and on a phone what
# is smaller than a fingertip.
INSPECT = f"""() => {{
  document.getAnimations().forEach(each => each.finish())  // colours fade over
  const overflow = document.documentElement.scrollWidth - innerWidth
  return [({PALE_TEXT})(), overflow, ({UNNAMED})(), innerWidth < {DESKTOP["width"]} ? ({SMALL_TARGETS})(44) : []]
}}"""


def turn(page, viewport, scheme, before):
    """The page on a screen, in a light; `before` is how it is shown already."""
    if viewport != page.viewport_size:
        page.set_viewport_size(viewport)
    if scheme != before:
        page.emulate_media(color_scheme=scheme)


def looks(visitor, screens, before=None):
    """The open page on these screens in their light: (screen's width, scheme) → what is held against it."""
    found = {}
    for viewport, scheme in screens:
        turn(visitor.page, viewport, scheme, before)
        found[viewport["width"], scheme], before = visitor.page.evaluate(INSPECT), scheme
    return {look: faults for look, faults in found.items() if any(faults)}


CHROME = ("Front desk", "Set-up", "Log out", "Book a visit", "Find clients")


# What would be printed of what is there to be clicked, or that nothing would be printed at all.
CLICKED = """() => document.body.innerText.trim() === "" ? ["nothing"]
  : [...document.querySelectorAll("#header, nav, button, .button, input[type=submit]")]
    .filter(each => each.checkVisibility({visibilityProperty: true})).map(each => each.outerHTML.slice(0, 80))"""


# What is the same on every page: axe sees it on the first.
FRAME = ("#header", "#rail", "#tabs")


def find_new_violations(page, contrast):
    return find_violations(page, without=() if page.url.endswith("/admin/") else FRAME, contrast=contrast)


def list_clicked_on_paper(page):
    page.emulate_media(media="print")
    found = page.evaluate(CLICKED)
    page.emulate_media(media="screen")
    return found


@pytest.fixture
def signed_in(salon, client, settings):
    settings.SHOWS_LOOK = True
    User.objects.filter(pk=salon.client.pk).update(name="W" * 200)
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    return client.cookies


@pytest.fixture
def rendered():
    """The names of the pages' templates, in the order in which this process' server rendered them."""
    names = []

    def note(template, **_):
        if template.name in TEMPLATES:
            names.append(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


def open_page(page, url, rendered):
    """Its template, which is rendered before those that it extends."""
    rendered.clear()
    assert page.goto(url, wait_until="load").status == 200, url
    return rendered[0]


def test_pages_are_readable_fit_the_screen_and_break_no_rule(
    live_server, salon, signed_in, browser, everything, rendered
):
    """Each page on a phone, every other in the dark: its text is no paler than may be, and all in it has a name.

    One of each kind is shown on a desk, to axe, and styled for paper, too; the one with all parts in light and dark,
    and for axe's own idea of contrast. A client has a name that cannot be broken, which widens no page. With --all each
    page is; `test_axe_in_a_browser.py` shows axe all of them, and `test_paper_in_a_browser.py` prints them.
    """
    visitor, found, scheme, seen = Visitor(browser, live_server.url).carry(signed_in), {}, "light", set()
    pages = dict.fromkeys([*pages_of(salon), *more_pages_of(salon)])
    left_out = set() if everything else MORE_LISTS.union(more_pages_of(salon))
    for place, url in take_turns([url for url in pages if url not in left_out]):
        template = open_page(visitor.page, url, rendered)
        of_a_kind = everything or template in KINDS - seen
        screens = choose_screens(place, of_a_kind, everything or url == LOOK)
        found[url] = [looks(visitor, screens, scheme)]
        if of_a_kind:
            violations = find_new_violations(visitor.page, contrast=everything or url == LOOK)
            found[url] += violations, list_clicked_on_paper(visitor.page)
        scheme = screens[-1][1]
        seen.add(template)
    visitor.leave()
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
    assert visitor.complaints == []
    assert (TEMPLATES - seen, KINDS - seen) == (APART, set())


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


# In the gate, the first test above has a name like this, on a phone and, of each kind, on a desk.
@pytest.mark.whole
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
