"""The day by keyboard alone, as a screen reader tells it: booked, moved, paid and undone by role, name and state."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from clientline.demo.browsing import CHROMIUM
from payments.models import Payment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


def hear(page, text):
    """What a live region says: the reader speaks it without being asked."""
    region = page.get_by_role("status").filter(has_text=text)
    region.first.wait_for()
    return region.first


def open_focused(page):
    """The dialog that Enter opened; the focus is in it, and it has its heading's name."""
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("heading").first.wait_for()
    assert page.get_by_role("dialog", name=dialog.get_by_role("heading").first.inner_text()).count() == 1
    page.locator("#panel :focus, .select2-search__field:focus").wait_for()
    return dialog


def test_by_keyboard_and_by_ear_a_visit_is_booked_moved_paid_and_the_payment_undone(visitor, salon):
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)
    page = visitor.page
    page.goto(f"/admin/?date={day}")
    board = page.get_by_role("region", name="at Salon")
    assert board.get_by_role("group", name="Salon staff").count() == 1

    # Book.
    board.get_by_role("link", name="Book 09:00 with Salon staff").focus()
    visitor.go_to("Book 10:00 with Salon staff", key="ArrowDown")
    dialog = open_focused(page)
    page.locator("#panel input:focus, .select2-search__field:focus").wait_for()
    page.keyboard.type("stranger")
    page.get_by_role("option", name="Salon client").wait_for(state="detached")
    page.get_by_role("option", name="Salon stranger").wait_for()
    page.keyboard.press("Enter")
    visitor.go_to("Salon service")
    assert dialog.get_by_role("group", name="Service").get_by_role("radio", name="Salon service", checked=False).count()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Space")
    dialog.get_by_role("radio", name="10:00", checked=True).wait_for(state="attached")
    assert dialog.get_by_role("radio", name="Salon service", checked=True).count() == 1
    assert dialog.get_by_role("combobox", name="With").count() == 1
    visitor.go_to("Book")
    page.keyboard.press("Enter")
    hear(page, "Booked: Salon stranger, Salon service")
    assert page.evaluate("document.activeElement.closest('.board') !== null")  # back where it began
    visit = Appointment.objects.latest("id")

    # Move: Escape gives it up, and four keys do it.
    booked = board.get_by_role("link", name="10:00–10:30 Salon stranger, Salon service, with Salon staff, scheduled")
    booked.focus()
    page.keyboard.press("Alt+ArrowDown")
    hear(page, "10:15–10:45, Salon staff")
    page.keyboard.press("Escape")
    assert page.locator(".ghost").count() == 0
    booked.focus()
    _, before = visitor.effort
    for _ in range(3):
        page.keyboard.press("Alt+ArrowDown")
    hear(page, "10:45–11:15, Salon staff")
    page.keyboard.press("Enter")
    hear(page, "10:45 with Salon staff")
    assert visitor.effort == (0, before + 4)
    assert (visit.staff, Appointment.objects.get(pk=visit.pk).version) == (salon.staff, visit.version + 1)  # moved once
    assert page.evaluate("document.activeElement.closest('.board, .toast') !== null")
    moved = board.get_by_role("link", name="10:45–11:15 Salon stranger, Salon service, with Salon staff, scheduled")
    moved.wait_for()

    # Pay.
    moved.focus()
    told = open_focused(page).aria_snapshot()
    for line in ('heading "Till"', 'textbox "To pay": "45.00"', 'textbox "Given in cash"', 'button "Card 45.00 EUR"'):
        assert line in told, told
    visitor.go_to("Given in cash")
    page.keyboard.type("50")
    page.keyboard.press("Enter")  # the first button is that for cash
    paid = hear(page, "Taken 45.00 EUR in cash. Change: 5.00 EUR.")
    assert paid.get_by_role("button", name="Close").count() >= 1

    # Undo.
    paid.get_by_role("button", name="Undo").last.focus()
    page.keyboard.press("Enter")
    hear(page, "is void")
    assert Payment.objects.get(appointment=visit).voided_at is not None
    assert visitor.presses == 0
