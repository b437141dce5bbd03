"""The page for guests in real Chromium: without scripts, on a phone, by keyboard, and as axe-core reads it."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor, open_context
from clientline.reach.guests import codes, colors
from clientline.reach.guests.models import BookingRequest
from clientline.reach.tests.guests import book, details_url, open_page
from clientline.tests.axe import find_violations
from organizations.models import Organization

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def shop(salon, transactional_db):
    always_at_work(salon.staff, salon.colleague)
    salon.service.staff.set([salon.staff, salon.colleague], through_defaults={"organization": salon.organization})
    open_page(
        salon,
        phone="030 123456",
        address="Hauptstraße 1\n10115 Berlin",
        brand_color="#d97706",
        booking_terms="Come in time.",
        privacy_notice="We keep your name and address.",
        embed_origins="http://localhost:1",
    )
    salon.start = days_ahead(3, hour=10)
    return salon


def latest_code():
    return codes.write_code(BookingRequest.objects.latest("id"))


def test_a_guest_books_on_a_phone_without_any_script(live_server, shop, browser):
    context = open_context(browser, base_url=live_server.url, java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto("/b/salon")
    page.get_by_role("link", name="Salon service").click()
    page.get_by_role("link", name="Salon colleague").click()
    page.locator(".day a").first.click()
    page.get_by_label("First and family name").fill("Kim Weber")
    page.get_by_label("E-mail address").fill("kim@example.com")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send me the code").click()
    page.get_by_label("The six digits").wait_for()
    page.get_by_label("The six digits").fill(latest_code())
    page.get_by_role("button", name="Book the visit").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Kim, this is your visit"
    page.get_by_label("Family name").fill("Weber")
    page.get_by_role("button", name="Cancel the visit").click()
    assert page.get_by_role("heading", level=1).inner_text() == "This visit is cancelled"
    context.close()
    visit = Appointment.objects.get(client__name="Kim Weber")
    assert (visit.staff, visit.status) == (shop.colleague, "cancelled")


@pytest.mark.whole
def test_a_guest_books_by_keyboard_alone(live_server, shop, browser):
    visitor = Visitor(browser, live_server.url)
    page, press = visitor.page, visitor.page.keyboard.press
    page.goto("/b/salon")
    for name, step in (("Salon service", "people"), ("Anyone who is free", "times")):
        visitor.go_to(name)
        press("Enter")
        page.wait_for_url(f"**/{step}?*")
    visitor.go_to(page.locator(".day a").first.get_attribute("aria-label"))
    press("Enter")
    page.wait_for_url("**/details?*")
    visitor.go_to("First and family name")
    page.keyboard.type("Kim Weber")
    visitor.go_to("E-mail address")
    page.keyboard.type("kim@example.com")
    visitor.go_to("I agree")
    press("Space")
    visitor.go_to("Send me the code")
    press("Enter")
    page.wait_for_url("**/confirm/*")
    visitor.go_to("The six digits")
    page.keyboard.type(latest_code())
    press("Enter")
    page.wait_for_url("**/v/*")
    assert (visitor.presses, visitor.complaints) == (0, [])
    visitor.leave()


def test_axe_finds_nothing_on_any_page_and_all_fits_a_phone(live_server, shop, browser, client, everything):
    """In light, and with --all in the dark, too, and axe on those that are much like another.

    Axe's own rule for contrast is asked with --all; `find_pale_text` looks at each page.
    """
    link = book(client, shop, days_ahead(4, hour=12))
    visitor = Visitor(browser, live_server.url, viewport=PHONE)
    page, found = visitor.page, {}

    def look(name, *, like_another=False):
        for scheme in ("light", "dark")[: 1 + everything]:
            page.emulate_media(color_scheme=scheme)
            shown = everything or not like_another
            violations = find_violations(page, contrast=everything) if shown else []
            faults = violations, visitor.find_pale_text(), visitor.measure_overflow()
            if any(faults):
                found[name, scheme] = faults
        page.emulate_media(color_scheme="light")

    service = f"service={shop.service.pk}"
    pages = ("/b/salon", f"/b/salon/people?{service}", f"/b/salon/times?{service}", details_url(shop, shop.start))
    # A visit stands there: the nearest times.
    pages += (details_url(shop, days_ahead(4, hour=12), staff=Appointment.objects.get(client__name="Kim Weber").staff),)
    like_others = (pages[1], *pages[3:], f"{link}/move", "/b/salon?lang=de", "/v/nobody")
    for url in (*pages, "/b/salon?lang=de", link, f"{link}/move", "/b/nobody", "/v/nobody"):
        page.goto(url)
        look(url, like_another=url in like_others)
    page.goto(details_url(shop, shop.start))
    page.get_by_role("button", name="Send me the code").click()
    look("what is missing")
    page.get_by_label("First and family name").fill("Kim Weber")
    page.get_by_label("E-mail address").fill("kim@example.com")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send me the code").click()
    look("the code")
    page.get_by_label("The six digits").fill("x")
    page.get_by_role("button", name="Book the visit").click()
    look("a wrong code", like_another=True)
    visitor.leave()
    assert found == {}
    # Chromium itself says of what is not found or refused that it failed to load.
    assert [each for each in visitor.complaints if "status of 4" not in each] == []


class Site(BaseHTTPRequestHandler):
    """A site of somebody else, with our page in a frame."""

    def do_GET(self):
        page = f'<iframe title="x" src="{self.server.framed}" width="700" height="900">'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def site(live_server):
    # Really served: to Chromium, a page that a test makes up is of no machine, and may not look into this one.
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.framed = f"{live_server.url}/b/salon/embed"
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.whole
def test_only_listed_sites_frame_the_page_and_a_frame_books(site, shop, browser):
    context = open_context(browser, viewport=DESKTOP)
    page = context.new_page()
    page.goto(site)
    assert "Book a visit" not in page.frames[1].content()
    Organization.objects.update(embed_origins=site)
    page.goto(site)
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Salon service").click()
    frame.get_by_role("link", name="Anyone").click()
    frame.locator(".day a").first.click()
    frame.get_by_label("First and family name").fill("Kim Weber")
    frame.get_by_label("E-mail address").fill("kim@example.com")
    frame.get_by_label("I agree").check()
    frame.get_by_role("button", name="Send me the code").click()
    frame.get_by_label("The six digits").wait_for()
    frame.get_by_label("The six digits").fill(latest_code())
    frame.get_by_role("button", name="Book the visit").click()
    frame.get_by_role("heading", level=1, name="Kim, this is your visit").wait_for()
    context.close()


@pytest.mark.parametrize("brand", ["#000000", "#ffffff", "#777777", "#d97706", "#1d4ed8", "#808000", "#ff00ff"])
def test_what_is_written_on_a_colour_can_be_read(brand):
    assert colors.measure_contrast(colors.choose_ink(brand), brand) >= 4.5
