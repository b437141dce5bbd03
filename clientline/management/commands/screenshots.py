"""The documents' pictures of the back office, taken of the demo organization in a real browser."""

from contextlib import nullcontext
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clientline.demo.businesses import SONNIG
from clientline.demo.serving import Gunicorn
from clientline.management.commands.seed_demo import PASSWORD

try:
    from clientline.demo.browsing import CHROMIUM, LOOK_SCREEN, PHONE, Visitor, open_chromium
except ImportError:  # playwright comes with requirements-dev.txt
    open_chromium = None

LOOKS = settings.BASE_DIR / "clientline" / "backoffice" / "tests" / "look"
MOST_DAYS = 14
MANY_VISITS = 10


class Command(BaseCommand):
    help = "Write the pictures of the documents from a demo organization that can sign in. For development."
    stealth_options = ("browser",)  # one that is open already

    def add_arguments(self, parser):
        parser.add_argument("--address", help="of a running ClientLine; else one is started on the present database")
        parser.add_argument("--into", type=Path, default=settings.BASE_DIR / "docs", help="the pictures' directory")
        parser.add_argument(
            "--look", action="store_true", help="of /admin/look/ alone, for the test that compares them"
        )
        parser.add_argument("--development", action="store_true", help="take them although DEBUG is not set")

    def handle(self, *, address, into, look, development, browser=None, **options):
        _refuse_unfit(development)
        into, take = (LOOKS, _take_looks) if look else (into, _take_pictures)
        into.mkdir(parents=True, exist_ok=True)
        opened = nullcontext(browser) if browser else open_chromium()
        with nullcontext() if address else serve() as server, opened as chromium:
            for picture in take(chromium, address or f"http://127.0.0.1:{server.port}", into):
                self.stdout.write(f"{picture}  {picture.stat().st_size // 1000} kB")


def _refuse_unfit(development):
    if not (settings.DEBUG or development):
        raise CommandError("This signs in with the demo's public password: set DEBUG=true, or say --development.")
    if open_chromium is None:
        raise CommandError("playwright is missing: .venv/bin/pip install -r requirements-dev.txt")
    if CHROMIUM is None:
        raise CommandError("No Chromium is installed: on Debian, apt install chromium-headless-shell")


def serve():
    call_command("collectstatic", interactive=False, verbosity=0)
    return Gunicorn({"SECRET_KEY": settings.SECRET_KEY}, "--workers=1", "--log-level=warning")


def _take_pictures(browser, address, into):
    """Walk through the back office as the demo's manager, and yield each picture's path once it is there."""

    def take(page, name):
        page.screenshot(path=into / f"{name}.png")
        return into / f"{name}.png"

    visitor = _sign_in_visitor(browser, address)
    page = visitor.page
    _find_day(page, "Next day", "a.visit", MANY_VISITS)
    yield take(page, "today")
    busy_day = page.url
    _follow(page, page.get_by_role("link", name="Reports"))
    yield take(page, "reports")
    _follow(page, page.get_by_role("link", name="Today", exact=True))
    _find_day(page, "Previous day", "a.visit.completed", 1)
    page.locator("a.visit.completed").first.click()
    client = page.locator("dt:text-is('Client') + dd a")
    client.wait_for()  # beside the day
    yield take(page, "visit")
    _follow(page, client)
    yield take(page, "client")
    page.set_viewport_size(PHONE)
    page.goto(busy_day)
    yield take(page, "today-phone")
    visitor.leave()


def _take_looks(browser, address, into):
    page = _sign_in_visitor(browser, address, viewport=LOOK_SCREEN).page
    page.goto("/admin/look/", wait_until="networkidle")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=into / f"{scheme}.png", animations="disabled")
        yield into / f"{scheme}.png"


def _sign_in_visitor(browser, address, **screen):
    visitor = Visitor(browser, address, **screen)
    visitor.sign_in(f"manager@{SONNIG.domain}", PASSWORD)
    visitor.page.wait_for_load_state()
    if visitor.page.locator(".errornote").count():
        raise CommandError(f"{SONNIG.name}'s manager cannot sign in there: fill it by `manage.py seed_demo --logins`.")
    return visitor


def _find_day(page, way, what, count):
    """Go from day to day until there are so many of them on the board."""
    for _ in range(MOST_DAYS):
        if page.locator(what).count() >= count:
            return
        _follow(page, page.get_by_role("link", name=way))
    raise CommandError(f"No day within {MOST_DAYS} days is fit to be shown: seed the demo anew.")


def _follow(page, link):
    """Click, and wait for where that leads: a click alone returns while the former page is still there."""
    with page.expect_navigation():
        link.click()
