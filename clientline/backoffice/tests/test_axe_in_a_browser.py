"""axe-core on every page of the admin, light, dark and on a phone: no violation of any impact."""

import pytest

from clientline.backoffice.tests.test_every_page_in_a_browser import more_pages_of, pages_of
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor
from clientline.tests.axe import find_violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

LOOKS = {"light": (DESKTOP, "light"), "dark": (DESKTOP, "dark"), "phone": (PHONE, "light")}


def turn(page, viewport, scheme):
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.getAnimations().forEach(each => each.finish())")  # colours fade over


def look(page, looks, *, contrast=True):
    """The violations on the open page, by how it was looked at."""
    found = {}
    for name in looks:
        turn(page, *LOOKS[name])
        if violations := find_violations(page, contrast=contrast):
            found[name] = violations
    return found


# `test_every_page_in_a_browser.py` shows one of each kind to axe, and asks each for labels and contrast by itself.
@pytest.mark.whole
def test_axe_finds_nothing_on_any_page(live_server, salon, client, browser, settings):
    settings.SHOWS_LOOK = True
    client.force_login(salon.admin)
    salon.sidebar = client.get("/admin/").context["sidebar"]
    visitor, found = Visitor(browser, live_server.url).carry(client.cookies), {}
    for url in dict.fromkeys([*pages_of(salon), *more_pages_of(salon)]):
        assert visitor.page.goto(url, wait_until="load").status == 200, url
        if violations := look(visitor.page, LOOKS):
            found[url] = violations
    visitor.leave()
    assert found == {}


def test_axe_finds_nothing_where_nobody_has_signed_in_and_beside_the_day(
    live_server, salon, client, browser, everything
):
    visitor = Visitor(browser, live_server.url)
    page, found = visitor.page, {}

    def show(name, looks):
        found[name] = look(page, looks, contrast=everything), visitor.find_pale_text()

    page.goto("/admin/login/")
    if everything:
        show("login", LOOKS)
    page.get_by_role("button", name="Log in").click()
    page.locator(".errornote").wait_for()
    show("refused", ["phone"])  # the same page, and what is wrong
    turn(page, PHONE, "dark")
    found["refused in the dark"] = visitor.find_pale_text(), []
    page.evaluate("document.querySelector('label').remove()")
    assert look(page, ["phone"], contrast=False)["phone"][0].startswith("label")  # it would find something
    client.force_login(salon.manager)
    visitor.carry(client.cookies)
    page.set_viewport_size(DESKTOP)
    page.goto(f"/admin/?date={salon.visit.appointment_date:%Y-%m-%d}")
    page.locator("a.visit").first.click()
    page.get_by_role("dialog").wait_for()
    show("panel", ["light"])
    visitor.leave()
    assert {name: faults for name, faults in found.items() if any(faults)} == {}
