"""Three layouts, measured in real Chromium: a rail and columns, a rail and rows of two lines, a bar at the bottom."""

import gzip
import re
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.demo.browsing import CHROMIUM, DESKTOP, PHONE, Visitor
from clientline.demo.serving import Gunicorn, write_database_url
from organizations.models import Organization

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

TABLET, NARROW = {"width": 820, "height": 1180}, {"width": 360, "height": 800}
HIGHEST = 160  # pixels above the board of a phone
MOST_BYTES, MOST_REQUESTS = 60_000, 12
LIBRARIES = re.compile("jquery|select2|xregexp", re.IGNORECASE)


@pytest.fixture
def open_desk(live_server, salon, client, browser):
    """A function: somebody of the salon at a screen."""
    always_at_work(salon.staff, salon.colleague)
    opened = []

    def open_it(viewport, who="manager"):
        client.force_login(getattr(salon, who))
        visitor = Visitor(browser, live_server.url, viewport=viewport).carry(client.cookies)
        opened.append(visitor)
        return visitor

    yield open_it
    for visitor in opened:
        assert visitor.complaints == []
        visitor.leave()


def box_of(page, selector):
    return page.locator(selector).first.bounding_box()


def test_on_a_phone_the_board_begins_at_once_is_made_for_fingertips_and_a_bar_leads_everywhere(open_desk, salon):
    visitor = open_desk(PHONE)
    page = visitor.page
    page.goto("/admin/")
    assert (visitor.find_small_targets(), visitor.measure_overflow()) == ([], 0)
    assert box_of(page, "#header")["height"] == 48
    assert box_of(page, "#board")["y"] <= HIGHEST
    assert find_overlaps(page) == []
    page.goto(f"/admin/?date={salon.visit.appointment_date:%Y-%m-%d}&staff={salon.staff.pk}")
    assert box_of(page, "#board")["y"] <= HIGHEST
    bar = page.get_by_role("navigation", name="Bottom bar")
    box = bar.bounding_box()
    assert (box["y"] + box["height"], box["width"]) == (844, 390)
    assert [each.strip() for each in bar.locator("> a, > details > summary").all_inner_texts()] == [
        "Today",
        "Week",
        "+",
        "Clients",
        "More",
    ]
    assert page.locator("#rail").is_hidden()
    bar.get_by_text("More").click()
    link = bar.get_by_role("link", name="Payments")
    link.click(trial=True)  # nothing lies over it
    assert link.evaluate("link => link.href").endswith("/admin/payments/payment/")
    page.goto("/admin/week/")
    assert find_overlaps(page) == []


def find_overlaps(page):
    """What lies over something else above the board, on a narrow phone."""
    page.set_viewport_size(NARROW)
    seen = """() => [...document.querySelectorAll(".board-bar :is(h1, a, select, input)")]
      .filter((each) => each.checkVisibility({visibilityProperty: true})).map((each) => each.getBoundingClientRect())
      .filter((box) => box.width && box.height).map(({x, y, width, height}) => ({x, y, width, height}))"""
    boxes = page.evaluate(seen)
    page.set_viewport_size(PHONE)
    assert len(boxes) >= 4
    return [pair for pair in combinations(boxes, 2) if do_overlap(*pair)]


def do_overlap(one, other):
    return all(
        one[at] < other[at] + other[length] and other[at] < one[at] + one[length]
        for at, length in (("x", "width"), ("y", "height"))
    )


def test_staff_see_their_day_as_a_list_with_the_next_client_first(open_desk, salon):
    now = timezone.now()
    # Where it is noon: around midnight the two would stand on two days.
    Organization.objects.filter(pk=salon.organization.pk).update(timezone=f"Etc/GMT{now.hour - 12:+d}")
    given = {"staff": salon.staff, "service": salon.service, "client": salon.client}
    AppointmentFactory(appointment_date=now - timedelta(minutes=90), **given)
    AppointmentFactory(appointment_date=now + timedelta(minutes=20), **given | {"client": salon.stranger})
    page = open_desk(DESKTOP, "staff").page
    page.goto("/admin/")
    assert page.locator("#board").is_visible()
    assert page.locator("#own-day").is_hidden()
    page.set_viewport_size(PHONE)
    assert page.locator(".own-visit b").all_inner_texts() == ["Salon stranger", "Salon client"]
    assert page.locator("#board").is_hidden()
    page.get_by_role("link", name="As a board").click()
    assert page.locator("#board").is_visible()


def test_a_tablet_has_the_rail_and_rows_of_two_lines_and_a_desk_columns_and_what_is_done_with_ticked_rows(
    open_desk, salon
):
    visitor = open_desk(TABLET)
    page = visitor.page
    page.goto("/admin/accounts/user/?kind=clients")
    assert box_of(page, "#rail")["width"] == 56
    assert page.locator("#tabs").is_hidden()
    name, phone = box_of(page, "#result_list tbody th"), box_of(page, "#result_list tbody .field-address")
    assert phone["y"] >= name["y"] + name["height"]
    assert page.locator("#changelist-filter details[open]").count() == 0  # folded
    type(salon.organization).objects.filter(pk=salon.organization.pk).update(country="DE")
    page.goto("/admin/week/?date=2026-11-30")
    assert page.locator("#board h2").first.inner_text() == "Mon, 30 Nov"
    cut = "each => each.filter(heading => heading.scrollWidth > heading.clientWidth).length"
    assert page.locator("#board h2").evaluate_all(cut) == 0
    page.goto("/admin/accounts/user/?kind=clients")
    page.set_viewport_size(DESKTOP)
    name, phone = box_of(page, "#result_list tbody th"), box_of(page, "#result_list tbody .field-address")
    assert phone["y"] == name["y"]
    assert box_of(page, "#changelist-filter")["y"] < box_of(page, "#result_list")["y"]
    assert len(visitor.find_small_targets()) > 5  # for a mouse: on a phone some would be found
    # What is done with rows is shown once one is ticked.
    assert page.locator(".actions").is_hidden()
    page.locator(".action-select").first.check()
    assert page.locator(".actions").is_visible()
    assert page.locator(".action-counter").inner_text() == "1 ticked"
    page.locator("#action-toggle").check()
    assert page.locator(".action-counter").inner_text() == "2 ticked"


@pytest.fixture
def served(transactional_db, settings, tmp_path):
    """A server with static files as `make run` serves them: collected, and compressed."""
    settings.STATIC_ROOT = tmp_path / "static"
    others = ["drf_spectacular_sidecar/*", "rest_framework/*"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=others)
    database = write_database_url(connection.get_connection_params())
    given = {"DATABASE_URL": database, "SECRET_KEY": settings.SECRET_KEY, "CLIENTLINE_DATA": str(tmp_path)}
    with Gunicorn(given, "--workers=1") as server:
        yield f"http://127.0.0.1:{server.port}"


HEAVY_PAGES = ("/admin/appointments/appointment/add/", "/admin/accounts/user/?kind=clients")


def weigh(client, address):
    """The bytes of an answer that is compressed, without its headers."""
    path = address.partition("//")[2].partition("/")[2]
    if path.startswith("static/"):
        return len(gzip.compress(Path(finders.find(path.removeprefix("static/").partition("?")[0])).read_bytes()))
    return len(client.get(f"/{path}", headers={"accept-encoding": "gzip"}).content)


def test_pages_are_light_and_bring_no_library(open_desk, client):
    visitor, found = open_desk(DESKTOP), {}
    visitor.watch_requests()
    for path in HEAVY_PAGES:
        visitor.asked.clear()
        visitor.page.goto(path, wait_until="networkidle")
        assert "/static/" in "".join(visitor.asked)
        weights = [weigh(client, each) for each in visitor.asked]
        found[path] = sum(weights), len(weights), [each for each in visitor.asked if LIBRARIES.search(each)]
    assert all(0 < size <= MOST_BYTES and 0 < count <= MOST_REQUESTS for size, count, _ in found.values()), found
    assert [libraries for *_, libraries in found.values()] == [[], []]


# The test above weighs the same files without the wire.
@pytest.mark.whole
def test_pages_are_light_over_the_wire_and_bring_no_library(served, salon, client, browser):
    client.force_login(salon.manager)
    visitor = Visitor(browser, served).carry(client.cookies)
    session = visitor.context.new_cdp_session(visitor.page)
    sizes, addresses = [], []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.on("Network.requestWillBeSent", lambda event: addresses.append(event["request"]["url"]))
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    found = {}
    for path in HEAVY_PAGES:
        sizes.clear()
        addresses.clear()
        visitor.page.goto(path, wait_until="networkidle")
        found[path] = sum(sizes), len(addresses), [each for each in addresses if LIBRARIES.search(each)]
    assert visitor.complaints == []
    session.detach()
    visitor.leave()
    assert all(0 < size <= MOST_BYTES and 0 < count <= MOST_REQUESTS for size, count, _ in found.values()), found
    assert [libraries for *_, libraries in found.values()] == [[], []]
