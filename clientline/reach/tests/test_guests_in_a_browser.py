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


@pytest.fixture
def visitor(live_server, shop, browser):
    visitor = Visitor(browser, live_server.url, viewport=PHONE)
    yield visitor
    visitor.leave()
    # Chromium itself says of what is not found or refused that it failed to load.
    assert [each for each in visitor.complaints if "status of 4" not in each] == []


@pytest.fixture
def scripts(visitor):
    """`scripts(False)`: no page's run from here on; axe needs its own to."""
    wire = visitor.context.new_cdp_session(visitor.page)
    yield lambda run: wire.send("Emulation.setScriptExecutionDisabled", {"value": not run})
    wire.send("Emulation.setScriptExecutionDisabled", {"value": False})
    wire.detach()


@pytest.fixture
def look(visitor, scripts, everything):
    """A function: looks at the open page, in light, and with --all in the dark, too; what is found is empty in the end.

    With --all axe looks at those that are `like_another`, too, and its own rule for contrast is asked;
    `find_pale_text` looks at each page.
    """
    found = {}

    def look(name, *, like_another=False):
        scripts(True)
        for scheme in ("light", "dark") if everything else ("light",):
            if everything:
                visitor.page.emulate_media(color_scheme=scheme)
            shown = everything or not like_another
            violations = find_violations(visitor.page, contrast=everything) if shown else []
            found[name, scheme] = violations, visitor.find_pale_text(), visitor.measure_overflow()
        scripts(False)

    yield look
    assert {look: faults for look, faults in found.items() if any(faults)} == {}


def test_a_guest_books_on_a_phone_without_any_script_and_axe_finds_nothing(visitor, scripts, look, shop):
    page = visitor.page
    scripts(False)
    page.goto("/b/salon")
    look("services")
    page.get_by_role("link", name="Salon service").click()
    look("people", like_another=True)
    page.get_by_role("link", name="Salon colleague").click()
    look("times")
    page.locator(".day a").nth(1).click()
    look("details", like_another=True)
    page.get_by_role("button", name="Send me the code").click()
    look("what is missing")
    page.get_by_label("First and family name").fill("Kim Weber")
    page.get_by_label("E-mail address").fill("kim@example.com")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send me the code").click()
    page.get_by_label("The six digits").wait_for()
    look("the code")
    page.get_by_label("The six digits").fill("x")
    page.get_by_role("button", name="Book the visit").click()
    look("a wrong code", like_another=True)
    page.get_by_label("The six digits").fill(latest_code())
    page.get_by_role("button", name="Book the visit").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Kim, this is your visit"
    look("the visit")
    page.get_by_label("Family name").fill("Weber")
    page.get_by_role("button", name="Cancel the visit").click()
    assert page.get_by_role("heading", level=1).inner_text() == "This visit is cancelled"
    look("the cancelled visit", like_another=True)
    visit = Appointment.objects.get(client__name="Kim Weber")
    assert (visit.staff, visit.status) == (shop.colleague, "cancelled")


def test_axe_finds_nothing_on_the_other_pages_either(visitor, look, shop, client):
    taken = days_ahead(4, hour=12)
    link = book(client, shop, taken)
    nearest_times = details_url(shop, taken, staff=Appointment.objects.get(client__name="Kim Weber").staff)
    for url in (nearest_times, f"{link}/move", "/b/salon?lang=de", "/b/nobody", "/v/nobody"):
        visitor.page.goto(url)
        look(url, like_another=url != "/b/nobody")


@pytest.mark.whole
def test_a_guest_books_by_keyboard_alone(visitor, shop):
    visitor.page.set_viewport_size(DESKTOP)
    page, press = visitor.page, visitor.page.keyboard.press
    page.goto("/b/salon")
    for name, step in (("Salon service", "people"), ("Anyone who is free", "times")):
        visitor.go_to(name)
        press("Enter")
        page.wait_for_url(f"**/{step}?*")
    visitor.go_to(page.locator(".day a").nth(1).get_attribute("aria-label"))  # the first may be over by then
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
    frame.locator(".day a").nth(1).click()
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
