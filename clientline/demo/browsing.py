"""A real Chromium around a test, for what only a browser shows: scripts, colours, widths, the content policy."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell first: the same Blink without windows, tabs and a graphics card, so that a page costs a fifth.
CHROMIUMS = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# Of the processor time of a page these spare a sixth: no process for graphics, and no new frame for each page.
# Chromium hears only the last list of features to do without, so Playwright's own that matters stands here again.
THRIFT = ("--in-process-gpu", "--disable-features=RenderDocument,PaintHolding")

LOOK_SCREEN = {"width": 1280, "height": 2400}

PALE_TEXT = Path(__file__).with_name("pale_text.js").read_text()
SMALL_TARGETS = Path(__file__).with_name("targets.js").read_text()

REPORT_VIOLATIONS = "addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective))"
# A chord counts once: who holds Alt and presses an arrow pressed one key.
COUNT_PRESSES = """
addEventListener('pointerdown', () => sessionStorage.presses = 1 + Number(sessionStorage.presses ?? 0))
addEventListener('keydown', event => {
  if (!['Alt', 'Shift'].includes(event.key)) sessionStorage.keys = 1 + Number(sessionStorage.keys ?? 0)
}, true)
"""

# What has the keyboard's focus; null where nobody could see that it has. Parts of a date are the browser's to mark.
FOCUS = """() => {
  const element = document.activeElement, label = element.labels?.[0]
  const looks = [element, label].filter(Boolean).map(each => getComputedStyle(each))
  const outlined = looks.some(look => look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0)
  const seen = outlined || !element.matches(":focus")
  return seen ? element.getAttribute("aria-label") ?? (label?.innerText || element.innerText || element.value) : null
}"""


@contextmanager
def open_chromium(*arguments):
    """A browser of the machine's own, started with `arguments`."""
    with run_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *THRIFT, *arguments])
        yield browser
        browser.close()


_used = []  # the same one for each who uses it


@contextmanager
def run_playwright():
    """The one that runs already where there is one, as a thread has room for no second. Who leaves last stops it."""
    _used.append(_used[0] if _used else sync_playwright().start())
    # It runs its loop in this thread, where Django would refuse the test's own queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        yield _used[0]
    finally:
        playwright = _used.pop()
        if not _used:
            playwright.stop()
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def take_page(browser, **options):
    """One that its visitor has left, where there is one: a new one has Chromium start a process."""
    left = (page for context in browser.contexts for page in context.pages if context.left_with == options)
    page = next(left, None) or open_context(browser, **options).new_page()
    page.context.left_with = None
    return page


def open_context(browser, **options):
    context = browser.new_context(**options)
    context.made_with, context.left_with = options, None
    context.add_init_script(REPORT_VIOLATIONS)
    context.add_init_script(COUNT_PRESSES)
    return context


class Visitor:
    """Somebody at a screen. `complaints` is what the browser held against any page.

    `asked` is the addresses that it loads from `watch_requests` on, of which each costs the driver five messages.
    """

    def __init__(self, browser, server, *, viewport=DESKTOP, dark=False, language="en-GB"):
        self.server, self.complaints, self.asked = server, [], []
        self.page = take_page(browser, base_url=server, locale=language)
        self.context = self.page.context
        self.page.set_default_timeout(15_000)
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(media="null", color_scheme="dark" if dark else "light", reduced_motion="null")
        self.heard = {"console": self.hear, "pageerror": self.note}
        for event, hear in self.heard.items():
            self.page.on(event, hear)

    def hear(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type} on {self.page.url}: {message.text}")

    def note(self, error):
        self.complaints.append(f"error: {error}")

    def watch_requests(self):
        self.heard["request"] = lambda request: self.asked.append(request.url)
        self.page.on("request", self.heard["request"])

    def sign_in(self, email, password):
        """By the form, as people do."""
        self.page.goto("/admin/login/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def carry(self, cookies):
        """Signed in already, by a test client's cookies."""
        self.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": self.server} for name, morsel in cookies.items()]
        )
        return self

    def leave(self):
        """Nothing of them stays but the browser's cache, so that the next visitor may take over."""
        page, *others = self.context.pages
        for other in others:
            other.close()
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.mouse.move(-1, -1)  # what lies under the pointer looks and acts otherwise
        page.goto("/live")  # of the same origin, or Chromium would start a process for the next page
        for event, hear in self.heard.items():
            page.remove_listener(event, hear)
        self.context.clear_cookies()
        self.context.left_with = self.context.made_with

    @property
    def presses(self):
        """How often they clicked so far."""
        return self.effort[0]

    @property
    def effort(self):
        """(clicks, keys) so far."""
        return tuple(self.page.evaluate("['presses', 'keys'].map(each => Number(sessionStorage[each] ?? 0))"))

    def go_to(self, name, *, key="Tab", most=60):
        """By the keyboard alone, until what begins with `name` has the focus, which is to be seen all the way."""
        for _ in range(most):
            self.page.keyboard.press(key)
            reached = self.page.evaluate(FOCUS)
            assert reached is not None, self.page.evaluate("document.activeElement.outerHTML")
            if reached.strip().startswith(name):
                return
        raise AssertionError(f"{name} is not among the first {most} places")

    def find_pale_text(self):
        return self.page.evaluate(PALE_TEXT)

    def find_small_targets(self, least=44):
        return self.page.evaluate(SMALL_TARGETS, least)

    def measure_overflow(self):
        """By how many pixels the page is wider than the screen."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
