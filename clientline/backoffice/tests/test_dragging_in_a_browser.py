"""Moving, booking and blocking on the board itself, by pointer and by keyboard; and two who do so at once."""

from datetime import timedelta
from time import time

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.models import Appointment, TimeOff
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.demo.browsing import CHROMIUM, Visitor
from clientline.tests.pages import submit
from organizations.models import Organization

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]


@pytest.fixture
def arrive(live_server, salon, browser):
    """A function: somebody of the salon at a screen of their own, looking at a day."""
    always_at_work(salon.staff, salon.colleague)
    seated = []

    def sit_down(who, day):
        client = Client()
        client.force_login(who)
        visitor = Visitor(browser, live_server.url).carry(client.cookies)
        visitor.page.goto(f"/admin/?date={day}")
        seated.append(visitor)
        return visitor

    yield sit_down
    for visitor in seated:
        assert visitor.complaints == []
        visitor.leave()


@pytest.fixture
def day(salon):
    return timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)


@pytest.fixture
def make_visit(salon, day):
    """A function: a visit of the day at an hour of the organization's clock."""

    def make(hour=10, **details):
        starts = timezone.datetime(day.year, day.month, day.day, hour, tzinfo=salon.organization.zone)
        given = {"client": salon.client, "staff": salon.staff, "service": salon.service}
        return AppointmentFactory(appointment_date=starts, **given | details)

    return make


def told(page):
    toast = page.locator(".toast p").last
    toast.wait_for()
    return toast.inner_text()


def centre(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def find(page, name):
    """A visit or a free place of the board, by its label: by a role, the names of all links are worked out."""
    return page.locator(f'.board a[aria-label*="{name}"]')


def drag(page, name, *, to, grip=0.0):
    """From the middle of what is named, or `grip` pixels above its lower edge, to the middle of what `to` names."""
    link = find(page, name)
    link.scroll_into_view_if_needed()
    x, y = centre(find(page, to))
    box = link.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + (box["height"] - grip if grip else 2))
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def agreed(visit, zone):
    visit.refresh_from_db()
    return f"{visit.appointment_date.astimezone(zone):%H:%M}", f"{visit.ends_at.astimezone(zone):%H:%M}", visit.staff


def test_a_drag_moves_a_visit_a_click_takes_it_back_and_others_make_it_longer_and_give_it_to_somebody_else(
    arrive, salon, day, make_visit
):
    visit = make_visit()
    desk = arrive(salon.manager, day)
    drag(desk.page, "10:00–10:30 Salon client", to="Book 12:00 with Salon staff")
    moved = told(desk.page)
    start, *_ = agreed(visit, salon.organization.zone)
    assert moved == f"Moved to {day:%a} {day.day} {day:%b %Y} {start} with Salon staff"
    assert start >= "12:00"
    assert desk.effort == (1, 0)
    find(desk.page, f"{start}–").first.wait_for()
    desk.page.get_by_role("button", name="Undo").click()
    find(desk.page, "10:00–10:30 Salon client").wait_for()
    assert agreed(visit, salon.organization.zone) == ("10:00", "10:30", salon.staff)
    assert desk.effort == (2, 0)
    assert "undone" in visit.history.values_list("action", flat=True)
    # Another, of its lower edge, makes it longer.
    drag(desk.page, "10:00–10:30 Salon client", to="Book 11:00 with Salon staff", grip=2)
    desk.page.locator(".toast p", has_text="Salon client: ").wait_for()
    start, end, _ = agreed(visit, salon.organization.zone)
    assert start == "10:00"
    assert end > "11:00"
    assert desk.effort == (3, 0)
    # And another gives it to somebody else.
    find(desk.page, f"10:00–{end} Salon client").wait_for()
    drag(desk.page, f"10:00–{end} Salon client", to="Book 10:00 with Salon colleague")
    desk.page.locator(".toast p", has_text="with Salon colleague").wait_for()
    assert agreed(visit, salon.organization.zone)[2] == salon.colleague
    assert desk.effort == (4, 0)


SEEN = "seen"
GESTURE = """const make = (type, clientY, coalescedEvents = []) =>
    new PointerEvent(type, { bubbles: true, pointerType: "touch", isPrimary: true, clientY, coalescedEvents });"""
# A device so busy that a finger goes before its rest is noticed; and one that is not.
BUSY = "() => { window.soon ??= setTimeout; setTimeout = (act, ms) => ms > 300 || soon(act, ms); }"
IDLE = "() => { setTimeout = soon; }"
# Somebody, or a device, so quick that the click comes before anything else.
CLICK_AT_ONCE = """name => new MutationObserver((_, watching) => {
    const button = [...document.querySelectorAll(".asking button")].find((each) => each.textContent === name);
    if (button) { watching.disconnect(); button.click(); }
}).observe(document.body, { childList: true, subtree: true })"""


@pytest.fixture
def finger():
    """A function: a finger on the screen of a visitor, that goes `along` points after it rested for some ms, or
    until it is seen to hold something. How long is what the browser is told, whatever time really goes by.

    It is asked for before `arrive`: when its visitor has left, nobody takes over a page that was touched, and has no
    fine pointer any more.
    """
    touched = set()

    def touch(visitor, *along, rests):
        touched.add(visitor.context)
        wire = visitor.context.new_cdp_session(visitor.page)
        wire.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

        now = time()

        def send(kind, *points, after=0):
            points = [{"x": x, "y": y} for x, y in points]
            when = now + after / 1000
            wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, "timestamp": when})

        (x, y), *others = along
        send("touchStart", (x, y))
        if rests == SEEN:
            visitor.page.locator(".board.dragging").wait_for()
            rests = (time() - now) * 1000
        for to_x, to_y in others:
            for step in range(1, 9):
                send("touchMove", (x + (to_x - x) * step / 8, y + (to_y - y) * step / 8), after=rests + 10 * step)
            x, y = to_x, to_y
        stands = 200 if others else 0  # so that nothing glides on
        send("touchEnd", after=rests + 80 + stands)
        wire.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        wire.detach()

    yield touch
    for context in touched:
        context.close()


def test_a_finger_that_taps_opens_one_that_does_not_rest_scrolls_and_one_that_rests_moves_or_blocks(
    finger, arrive, salon, day, make_visit
):
    visit = make_visit()
    desk = arrive(salon.manager, day)
    desk.page.evaluate(BUSY)
    x, y = centre(find(desk.page, "10:00–10:30 Salon client"))
    finger(desk, (x, y), rests=50)
    desk.page.get_by_role("dialog").get_by_text("10:00–10:30").first.wait_for()
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("dialog").wait_for(state="hidden")
    read_top = "document.getElementById('board').scrollTop"
    before = desk.page.evaluate(read_top)
    finger(desk, (x, y), (x, y - 150), rests=0)
    for _ in range(300):  # it is told late
        if desk.page.evaluate(read_top) > before + 50:
            break
        desk.page.wait_for_timeout(50)
    assert desk.page.evaluate(read_top) > before + 50
    assert agreed(visit, salon.organization.zone) == ("10:00", "10:30", salon.staff)
    desk.page.evaluate(f"{read_top} = {before}")
    desk.page.evaluate(IDLE)
    target = centre(find(desk.page, "Book 12:00 with Salon staff"))
    box = find(desk.page, "10:00–10:30 Salon client").bounding_box()
    finger(desk, (box["x"] + box["width"] / 2, box["y"] + 2), target, rests=SEEN)
    assert told(desk.page).startswith("Moved to ")
    start, *_ = agreed(visit, salon.organization.zone)
    assert start >= "12:00"
    find(desk.page, f"{start}–").first.wait_for()
    desk.page.evaluate(BUSY)
    # A finger that scrolled at once, of which it tells late, drags nothing.
    link = find(desk.page, f"{start}–").first
    link.evaluate(
        f"link => {{ {GESTURE} link.dispatchEvent(make('pointerdown', 0)); window.gone = make('pointermove', 50); }}"
    )
    desk.page.wait_for_timeout(400)
    link.evaluate(f"link => {{ {GESTURE} link.dispatchEvent(make('pointermove', 90, [window.gone])); }}")
    assert desk.page.locator(".board.dragging").count() == 0
    # What it rests on is drawn anew once it is lifted, not below it.
    held = link.element_handle()
    make_visit(hour=15)
    with desk.page.expect_response(lambda answer: answer.url == desk.page.url) as fetched:
        desk.page.evaluate("() => document.dispatchEvent(new CustomEvent('day:changed'))")
    fetched.value.finished()
    desk.page.wait_for_timeout(100)
    assert held.evaluate("link => link.isConnected")
    held.evaluate(f"link => {{ {GESTURE} link.dispatchEvent(make('pointerup', 90)); }}")
    find(desk.page, "15:00–15:30 Salon client").wait_for()
    assert not held.evaluate("link => link.isConnected")
    # On a free place one that rested draws a time.
    x, y = centre(find(desk.page, "Book 10:00 with Salon staff"))
    desk.page.evaluate(CLICK_AT_ONCE, "Block")
    finger(desk, (x, y), (x, y + 60), rests=450)
    desk.page.locator(".toast p", has_text="Blocked: Salon staff, 10:").wait_for()
    assert TimeOff.objects.latest("id").starts_at.astimezone(salon.organization.zone).date() == day


def test_what_was_drawn_is_booked_with_its_length_or_blocked_by_a_click_and_taken_back_by_another(
    arrive, salon, day, make_visit
):
    make_visit(16)
    desk = arrive(salon.manager, day)
    page = desk.page
    drag(page, "Book 10:00 with Salon staff", to="Book 10:30 with Salon staff")
    page.get_by_role("button", name="Book", exact=True).click()
    page.get_by_role("dialog").get_by_label("Duration").wait_for()
    assert int(page.locator("#panel [name=duration]").input_value()) >= 45
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    before, _ = desk.effort
    drag(page, "Book 10:00 with Salon staff", to="Book 10:30 with Salon staff")
    page.get_by_role("button", name="Block").click()
    page.locator(".toast p", has_text="Blocked: Salon staff, 10:00–").wait_for()
    assert desk.presses == before + 2
    row = TimeOff.objects.latest("id")
    assert f"{row.starts_at.astimezone(salon.organization.zone):%H:%M}" == "10:00"
    page.locator("rect.away").wait_for(state="attached")
    page.get_by_role("button", name="Undo").click()
    page.locator("rect.away").wait_for(state="detached")
    assert not TimeOff.objects.filter(pk=row.pk).exists()


def test_a_drag_or_an_undo_of_what_another_desk_has_moved_is_refused_and_told(arrive, salon, day, make_visit):
    visit = make_visit()
    page = arrive(salon.manager, day).page
    other_desk = Client()
    other_desk.force_login(salon.admin)
    submit(other_desk, f"/admin/appointments/appointment/{visit.pk}/reschedule/", date=str(day), slot="", time="12:00")
    won = agreed(visit, salon.organization.zone)
    drag(page, "10:00–10:30 Salon client", to="Book 14:00 with Salon staff")
    refused = page.get_by_role("alertdialog")
    refused.wait_for()
    assert "was changed meanwhile by Salon admin" in refused.inner_text()
    assert agreed(visit, salon.organization.zone) == won == ("12:00", "12:30", salon.staff)
    find(page, "12:00–12:30 Salon client").wait_for()  # it stands where it is now
    refused.get_by_role("button").last.click()
    drag(page, "12:00–12:30 Salon client", to="Book 14:00 with Salon staff")
    told(page)
    visit = Appointment.objects.get(pk=visit.pk)
    later = visit.appointment_date + timedelta(hours=3)
    booking.reschedule(by=salon.admin, visit=visit, appointment_date=later, now=timezone.now())
    page.get_by_role("button", name="Undo").click()
    page.locator(".toast.error").wait_for()
    assert "Salon admin" in page.locator(".toast.error p").inner_text()
    visit.refresh_from_db()
    assert visit.appointment_date == later


def test_a_move_onto_what_a_client_just_booked_names_it_and_the_next_free_time_as_the_country_writes_them(
    arrive, salon, day, make_visit
):
    Organization.objects.filter(pk=salon.organization.pk).update(country="US")
    visit = make_visit()
    desk = arrive(salon.manager, day)
    starts = visit.appointment_date + timedelta(hours=2)
    guest = UserFactory(organization=salon.organization, name="Quick Guest")
    booking.book(
        by=guest, client=guest, service=salon.service, staff=salon.staff, appointment_date=starts, now=timezone.now()
    )
    page = desk.page
    page.locator(f'a.visit[href*="/{visit.pk}/"]').focus()
    for _ in range(8):
        page.keyboard.press("Alt+ArrowDown")
    span = page.locator(".ghost text").text_content()
    assert span == "12:00\xa0PM–12:30\xa0PM"
    assert page.locator(".board + .visually-hidden").text_content().startswith(f"{span}, ")
    page.keyboard.press("Enter")
    refused = page.get_by_role("alertdialog")
    refused.wait_for()
    assert refused.locator("p").inner_text() == "This time is taken."
    assert refused.get_by_role("link").all_inner_texts() == [f"{span} Quick Guest, Salon service"]
    assert refused.get_by_role("button").all_inner_texts() == ["Move to 12:30\xa0PM", "Place it beside", "Give up"]
    assert agreed(visit, salon.organization.zone)[0] == "10:00"
    refused.get_by_role("button", name="Move to 12:30").click()
    assert told(page).endswith("12:30\xa0PM with Salon staff")
    assert agreed(visit, salon.organization.zone)[0] == "12:30"


# In the gate, `test_screen_reader_in_a_browser.py` finds what it presses by the same names, roles and states.
@pytest.mark.whole
def test_what_the_keyboard_reaches_has_names_roles_and_states(arrive, salon, day, make_visit):
    make_visit()
    page = arrive(salon.manager, day).page
    board = page.get_by_role("region", name="at Salon")
    assert board.get_by_role("group", name="Salon staff").count() == 1
    link = board.get_by_role("link", name="10:00–10:30 Salon client, Salon service, with Salon staff, scheduled")
    assert link.count() == 1
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    heading = dialog.get_by_role("heading", level=2).first.inner_text()
    assert page.get_by_role("dialog", name=heading).count() == 1
    assert page.evaluate("document.getElementById('panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
