"""The content policy in real Chromium, where scripts are at work: suggestions, calendars, clocks, documentation."""

import pytest

from appointments.models import TimeOff
from clientline.demo.browsing import CHROMIUM, Visitor
from clientline.tests.test_documentation import served_document

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


def test_suggestions_work_under_the_policy_and_the_switch_shows_what_it_asks_for(visitor, salon):
    page = visitor.page
    page.goto("/admin/appointments/timeoff/add/")
    field = page.get_by_role("combobox", name="Staff")
    field.click()
    field.fill("colleague")
    page.get_by_role("option", name="Salon colleague").click()
    assert field.input_value().startswith("Salon colleague")
    assert page.get_by_label("First day").is_visible()
    page.get_by_label("Whole days").uncheck()
    assert page.get_by_label("First day").is_hidden()
    starts = page.get_by_role("group", name="From")
    starts.get_by_label("Day").fill("2027-01-11")
    starts.get_by_label("Time").fill("12:00")
    ends = page.get_by_role("group", name="Until")
    ends.get_by_label("Day").fill("2027-01-11")
    ends.get_by_label("Time").fill("13:00")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()
    away = TimeOff.objects.latest("id")
    assert (away.staff, away.whole_days) == (salon.colleague, False)
    assert visitor.complaints == []
    page.route("**/live", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto("/live")  # has no policy now: it is heard all the same that a page asks another host
    page.unroute_all()
    page.evaluate("fetch('http://192.0.2.1/').catch(() => fetch('http://elsewhere.example/')).catch(() => 0)")
    assert [each.rpartition(" ")[2] for each in visitor.complaints] == ["net::ERR_NAME_NOT_RESOLVED"] * 2


def shorten(document):
    """The document with one operation: all of them take Chromium eight seconds."""
    one = document["paths"]["/live"]
    tags = [tag for tag in document["tags"] if tag["name"] in one["get"]["tags"]]
    return document | {"paths": {"/live": one}, "tags": tags}


def shorten_where_asked(page, everything):
    if not everything:  # the pages and their scripts are the same, whatever they show
        short = shorten(served_document())
        page.route("**/openapi.json*", lambda route: route.fulfill(json=short))


# In the gate, `test_document_pages.py`: that the policy of both is the one they work under, to the letter, and that all
# they load is here.
@pytest.mark.whole
def test_the_documentation_shows_everything_and_asks_nobody_else(visitor, everything):
    shorten_where_asked(visitor.page, everything)
    visitor.page.goto("/docs")
    visitor.page.locator(".opblock").first.wait_for(timeout=60_000)
    visitor.page.unroute_all()
    assert visitor.complaints == []


# In the gate, what stands in for the test above.
@pytest.mark.whole
def test_so_does_the_one_to_read(visitor, everything):
    page = visitor.page
    shorten_where_asked(page, everything)
    page.goto("/redoc")
    page.get_by_text("Whether the server answers at all").first.wait_for(timeout=60_000)  # it is slow
    page.get_by_alt_text("redocly logo").wait_for(state="detached")
    page.unroute_all()
    assert visitor.complaints == []
