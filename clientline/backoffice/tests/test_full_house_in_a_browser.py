"""A full Saturday on one screen: everybody in sight, every visit as wide as it may be, and the page quick."""

import pytest

from clientline.backoffice.tests.full_house import PEOPLE, SATURDAY, VISITS, fill_house
from clientline.demo.browsing import CHROMIUM, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

DAY = f"/admin/?date={SATURDAY}"
ON_THE_WIRE = 60_000  # bytes of the page, compressed
MOST_WORK = {"elements": 3_000, "requests": 16, "LayoutCount": 20, "RecalcStyleCount": 24}

MEASURE = """() => {
  const rails = document.getElementById("rail").getBoundingClientRect()
  const box = each => each.getBoundingClientRect()
  const sections = [...document.querySelectorAll(".board section")]
  const visits = [...document.querySelectorAll("a.visit")].map(each => {
    const own = box(each), column = box(each.closest("svg"))
    return own.width / column.width
  })
  return {
    rail: rails.width,
    right: Math.max(...sections.map(each => box(each).right)),
    narrowest: Math.min(...sections.map(each => box(each).width)),
    columns: sections.length,
    visits: visits.length,
    narrowed: visits.filter(share => share < 0.99).length,
    overflow: document.documentElement.scrollHeight - innerHeight,
    figures: box(document.querySelector(".figures")).height,
    heads: new Set(sections.map(each => box(each.querySelector("h2")).top)).size,
  }
}"""
LABELS_SEEN = """() => [...document.querySelectorAll("#rail li span")].filter(label => {
  const box = label.getBoundingClientRect(), clip = label.parentElement.getBoundingClientRect()
  return Math.min(box.right, clip.right) > box.left + 1
}).length"""
ROOTS = "() => { let sum = 0; for (let i = 0; i < 1e7; i++) sum += Math.sqrt(i); return sum }"
MOST_ROOTS = 20  # that the page may take, of ten million each; it takes seven


@pytest.fixture
def visitor(live_server, salon, client, browser):
    fill_house(salon.organization)
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor
    assert visitor.complaints == []
    visitor.leave()


def count_work(visitor, address):
    """The answer to a page, and what it makes the browser do until it is loaded."""
    meter = visitor.context.new_cdp_session(visitor.page)
    meter.send("Performance.enable")  # it counts from here on
    visitor.watch_requests()
    answer = visitor.page.goto(address, wait_until="load")
    counted = {each["name"]: each["value"] for each in meter.send("Performance.getMetrics")["metrics"]}
    meter.detach()
    elements = visitor.page.evaluate("document.getElementsByTagName('*').length")
    counted |= {"elements": elements, "requests": len(visitor.asked)}
    return answer, {name: counted[name] for name in MOST_WORK}


def test_twelve_people_and_all_their_visits_fit_the_screen_only_the_board_scrolls_and_the_rail_opens_over_it(visitor):
    answer, work = count_work(visitor, DAY)
    assert all(0 < work[name] <= most for name, most in MOST_WORK.items()), work
    found = visitor.page.evaluate(MEASURE)
    assert found.pop("right") <= 1280
    assert found.pop("narrowest") >= 95
    assert found == {
        "rail": 56,
        "columns": PEOPLE,
        "visits": VISITS + 1,
        "narrowed": 0,
        "overflow": 0,  # the page itself scrolls nowhere
        "figures": 40,
        "heads": 1,
    }
    assert answer.request.sizes()["responseBodySize"] <= ON_THE_WIRE
    folds = visitor.page.locator(".axis .fold").all_text_contents()
    assert folds == ["00–08", "18–24"]  # whoever is there around the clock makes nobody else's day as long
    assert visitor.page.locator("a.visit.folded").count() == 1  # the one over midnight
    assert_names_and_clock_stay(visitor.page)
    assert_rail_opens_over(visitor.page)


def assert_names_and_clock_stay(page):
    """While the board scrolls in itself."""
    places = "[...document.querySelectorAll('.board h2, .axis')].map(each => each.getBoundingClientRect())"
    before = page.evaluate(f"{places}.map(box => [Math.round(box.left), Math.round(box.top)])")
    page.locator(".board").evaluate("board => board.scrollTop = 900")
    after = page.evaluate(f"{places}.map(box => [Math.round(box.left), Math.round(box.top)])")
    assert before[0][0] == after[0][0]  # the clock keeps its place across
    assert before[1:] == after[1:]  # and the names theirs from the top
    assert page.evaluate("scrollY") == 0


def assert_rail_opens_over(page):
    """With its labels, of which none is seen before; and moves nothing."""
    page.emulate_media(reduced_motion="reduce")  # at once
    rail, board = page.locator("#rail > div"), page.locator(".board")
    before = board.bounding_box()
    assert page.locator("#rail").get_by_text("Clients", exact=True).bounding_box()["x"] >= 56  # out of sight
    assert page.evaluate(LABELS_SEEN) == 0
    page.locator("#rail a").nth(3).hover()
    assert rail.bounding_box()["width"] == 220
    assert page.evaluate(LABELS_SEEN) > 10
    assert board.bounding_box() == before
    page.mouse.move(900, 500)
    assert rail.bounding_box()["width"] == 56
    page.locator("#rail a").first.focus()  # by the keyboard, too
    assert rail.bounding_box()["width"] == 220


@pytest.fixture
def measure(visitor):
    """A function: how long the page's own thread works at something, whatever else the machine does."""
    meter = visitor.context.new_cdp_session(visitor.page)
    meter.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read():
        counted = {each["name"]: each["value"] for each in meter.send("Performance.getMetrics")["metrics"]}
        return counted["TaskDuration"]

    def time_it(act):
        before = read()
        act()
        return read() - before

    yield time_it
    meter.detach()


# What makes it slow is counted in the first test: bytes, nodes, and how often the browser lays it out.
@pytest.mark.whole
def test_the_full_day_is_little_work_for_a_browser(visitor, measure):
    """Against a piece of work on the same processor; how soon it is ready stands in benchmarks/README.md."""
    page = visitor.page
    page.goto(DAY)  # what does not change is there from here on
    day = min(measure(lambda: page.goto(DAY, wait_until="load")) for _ in range(3))
    root = min(measure(lambda: page.evaluate(ROOTS)) for _ in range(3))
    assert 0 < day <= MOST_ROOTS * root
