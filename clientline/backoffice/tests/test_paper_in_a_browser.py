"""What comes out of the printer, as Chromium prints it: every name, no sidebar, no empty sheet."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory
from clientline.backoffice.tests.test_every_page_in_a_browser import CHROME
from clientline.demo.browsing import CHROMIUM, Visitor
from payments.tests.factories import PaymentFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

DAY = datetime(2026, 5, 18, 7, tzinfo=UTC)  # a Monday


def make_people(salon, role, names):
    """All at once."""
    people = [UserFactory.build(organization=salon.organization, role=role, name=name) for name in names]
    return User.objects.bulk_create(people)


@pytest.fixture
def full_day(salon):
    """Twelve people with three visits each, all of clients with names of their own."""
    names = [f"Guest {n:02} Longfellow" for n in range(36)]
    team = make_people(salon, "staff", [f"Giver {n:02}" for n in range(12)])
    for number, client in enumerate(make_people(salon, "client", names)):
        start = DAY + timedelta(minutes=45 * (number % 3) + 5 * (number // 3))
        AppointmentFactory(
            client=client,
            staff=team[number // 3],
            service=salon.service,
            appointment_date=start,
            ends_at=start + timedelta(minutes=30),
        )
    salon.names, salon.team = names, team
    return salon


@pytest.fixture
def visitor(live_server, salon, client, browser):
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor
    visitor.leave()
    assert visitor.complaints == []


def print_page(visitor, url, **options):
    visitor.page.goto(url, wait_until="load")
    return print_open_page(visitor, **options)


def print_open_page(visitor, **options):
    """The text of each sheet, in one line, and the sheets' sizes in millimetres."""
    printed = PdfReader(BytesIO(visitor.page.pdf(**{"format": "A4", "print_background": True} | options)))
    texts = [" ".join(page.extract_text().split()) for page in printed.pages]
    sizes = {tuple(round(float(side) * 25.4 / 72) for side in page.mediabox[2:]) for page in printed.pages}
    return texts, sizes


def test_a_day_is_on_paper_with_every_name_and_one_persons_on_sheets_with_a_way_back(visitor, full_day, everything):
    for path, lies in (("/admin/day-sheet/", False), ("/admin/", True)):
        visitor.page.goto(f"{path}?date=2026-05-18", wait_until="load")
        for landscape in (False, True) if everything else (lies,):
            assert_all_is_on_paper(full_day, print_open_page(visitor, landscape=landscape)[0])
    assert visitor.page.locator("#board").is_visible()  # it is back
    assert visitor.page.locator("#on-paper").count() == 0
    mine = full_day.team[3]
    for path, back in (("day-sheet", "/admin/"), ("week-sheet", "/admin/week/")):
        texts, _ = print_page(visitor, f"/admin/{path}/?date=2026-05-18&staff={mine.pk}")
        text = " ".join(texts)
        assert [name for name in full_day.names if name in text] == full_day.names[9:12]
        assert visitor.page.get_by_role("button", name="Print").is_visible()
        assert find_target(visitor, "Back").partition("?")[0].endswith(back)
    visitor.page.get_by_role("link", name="Back", exact=True).click()
    assert "/admin/week-sheet/" in find_target(visitor, "Print")


def find_target(visitor, name):
    """Where a link leads; to load that page, too, would show no more."""
    return visitor.page.get_by_role("link", name=name, exact=True).evaluate("link => link.href")


def assert_all_is_on_paper(full_day, texts):
    everything = " ".join(texts)
    assert [name for name in full_day.names if name not in everything] == []
    assert [each.name for each in full_day.team if each.name not in everything] == []
    assert [word for word in CHROME if word in everything] == []
    assert all(len(text) > 40 for text in texts), texts
    assert len(texts) <= 4


def test_a_receipt_fits_a4_and_the_roll(visitor, salon):
    payment = PaymentFactory(appointment=salon.visit, completed=True)
    payment.refresh_from_db()  # a trigger numbers it
    for paper, size in (("", (210, 297)), ("?paper=80mm", (80, 200))):
        url = f"/payments/{payment.pk}/receipt{paper}"
        texts, sizes = print_page(visitor, url, prefer_css_page_size=True, format=None)
        assert (len(texts), sizes) == (1, {size})
        assert f"Receipt {payment.receipt_number}" in texts[0]
        assert "80 mm" not in texts[0]
        assert visitor.page.get_by_role("button", name="Print").is_visible()
    assert find_target(visitor, "Back").endswith(f"/appointment/{salon.visit.pk}/change/")


# `test_every_page_in_a_browser.py` asks the same of a page of each kind as it is styled for paper.
@pytest.mark.whole
def test_every_page_prints_without_what_is_to_be_clicked(visitor, salon, client):
    lists = [link["url"] for _, links in client.get("/admin/").context["sidebar"] for link in links]
    rows = [
        f"/admin/appointments/appointment/{salon.visit.pk}/change/",
        f"/admin/accounts/user/{salon.client.pk}/change/",
        f"/admin/week-hours/?staff={salon.staff.pk}",
    ]
    found = {}
    for url in [*dict.fromkeys(lists), *rows]:
        texts, _ = print_page(visitor, url)
        found[url] = [word for word in CHROME if word in " ".join(texts)], [text for text in texts if not text]
    assert {url: faults for url, faults in found.items() if any(faults)} == {}
