"""Hours over midnight, in the nights in which clocks change: offered, booked, drawn and counted, as literals."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.availability import Calendar, Need
from appointments.models import TimeOff
from appointments.periods import Period
from appointments.refusals import AwayThen, OutsideWorkingHours
from appointments.reports import report_utilization
from appointments.tests.factories import WorkingHoursFactory
from appointments.working_time import absences
from appointments.working_time.hours import find_instant
from clientline.backoffice.calendar.diary import Diary
from clientline.backoffice.calendar.today import draw_board
from clientline.tests.pages import see
from organizations.tests.factories import OrganizationFactory
from services.tests.factories import ServiceFactory

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENING = "18:00 19:00 20:00 21:00 22:00 23:00"

# Zone, date of the evening, hours; then what is offered on it and on the next date, and minutes worked on both.
NIGHTS = [
    ("Europe/Berlin", "2026-03-28", "18:00-02:00", (EVENING, "+01:00"), ("00:00+01:00 01:00+01:00", 360, 120)),
    ("Europe/Berlin", "2026-10-24", "18:00-02:00", (EVENING, "+02:00"), ("00:00+02:00 01:00+02:00", 360, 120)),
    ("America/New_York", "2026-03-07", "18:00-02:00", (EVENING, "-05:00"), ("00:00-05:00 01:00-05:00", 360, 120)),
    # The hour from one to two is there twice: up to two is three hours.
    ("America/New_York", "2026-10-31", "18:00-02:00", (EVENING, "-04:00"), ("00:00-04:00 01:00-04:00", 360, 180)),
    # From 02:00 clocks went back to 01:30, and forward to 02:30.
    ("Australia/Lord_Howe", "2026-04-04", "18:00-02:00", (EVENING, "+11:00"), ("00:00+11:00 01:00+11:00", 360, 150)),
    ("Australia/Lord_Howe", "2026-10-03", "18:00-02:00", (EVENING, "+10:30"), ("00:00+10:30 01:00+10:30", 360, 120)),
    ("Asia/Kolkata", "2026-03-28", "18:00-02:00", (EVENING, "+05:30"), ("00:00+05:30 01:00+05:30", 360, 120)),
    ("Asia/Kolkata", "2026-10-24", "18:00-02:00", (EVENING, "+05:30"), ("00:00+05:30 01:00+05:30", 360, 120)),
    # The whole change lies in these.
    (
        "Europe/Berlin",
        "2026-03-28",
        "22:00-04:00",
        ("22:00 23:00", "+01:00"),
        ("00:00+01:00 01:00+01:00 03:00+02:00", 120, 180),
    ),
    (
        "Europe/Berlin",
        "2026-10-24",
        "22:00-04:00",
        ("22:00 23:00", "+02:00"),
        ("00:00+02:00 01:00+02:00 02:00+02:00 03:00+01:00", 120, 300),
    ),
    ("Africa/Cairo", "2026-04-23", "18:00-02:00", (EVENING, "+02:00"), ("01:00+03:00", 360, 60)),
    # From midnight clocks went back to 23:00: the evening has an hour more.
    ("Africa/Cairo", "2026-10-29", "18:00-02:00", (EVENING, "+03:00"), ("00:00+02:00 01:00+02:00", 420, 120)),
]


def spell(day, times, offset=""):
    return [f"{day}T{each[:5]}:00{each[5:] or offset}" for each in times.split()]


@pytest.fixture
def night_shop(db):
    """A function: an organization in a zone where somebody works such hours on the weekdays named."""

    def build(zone, hours, weekdays):
        home = OrganizationFactory(timezone=zone, slot_interval=60, min_notice=0, max_advance_days=1000)
        staff = UserFactory(organization=home, role="staff", name="Nora")
        starts, ends = hours.split("-")
        for weekday in weekdays:
            WorkingHoursFactory(staff=staff, weekday=weekday, starts=starts, ends=ends)
        return home, staff, UserFactory(organization=home), ServiceFactory(organization=home, duration=60)

    return build


def offer(home, staff, day):
    calendar = Calendar(organization=home, staff_ids=[staff.pk], first_day=day, last_day=day, need=Need(60), now=NOW)
    return [find_instant(start, home.zone) for start in calendar.find_openings()[0]]


def count_available(home, day):
    return report_utilization(Period(home, day, day, "day"))["total"]["available_minutes"]


def open_board(client, day, **asked):
    """The board of Today on a date, and its one column."""
    board = see(client, "/admin/", {"date": str(day)} | asked)["board"]
    [drawn] = board.drawn
    return board, drawn


def draw_alone(caller, staff, day):
    """The same without the rest of the page."""
    diary = Diary(caller=caller, organization=caller.organization, days=[day], people=[staff], now=timezone.now())
    board = draw_board(caller, diary, [diary.make_column(staff, day, title="", url="")])
    [drawn] = board.drawn
    return board, drawn


def tell_clocks(board, drawn):
    """When the visits of the board's one column begin, as it says."""
    return [board.axis.tell_clock(place.visit.starts) for place in drawn["places"] if place.visit]


# In Kolkata no clock ever changes, and in New York and at 18:00 in Berlin they do as in the cases that stay.
LIKE_OTHERS = (1, 2, 7)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("zone", "day", "hours", "evening", "night"),
    [
        pytest.param(*night, marks=pytest.mark.whole) if number in LIKE_OTHERS else night
        for number, night in enumerate(NIGHTS)
    ],
)
def test_a_night_is_offered_booked_drawn_and_counted(night_shop, zone, day, hours, evening, night):
    first = date.fromisoformat(day)
    second = first + timedelta(days=1)
    home, staff, guest, service = night_shop(zone, hours, [first.weekday()])
    times, minutes, minutes_after = night
    expected = {first: spell(first, *evening), second: spell(second, times)}
    manager = UserFactory(organization=home, role="manager")
    assert (count_available(home, first), count_available(home, second)) == (minutes, minutes_after)
    for around in (first - timedelta(days=1), second + timedelta(days=1)):
        assert (offer(home, staff, around), count_available(home, around)) == ([], 0)
    for each, starts in expected.items():
        assert [start.isoformat() for start in offer(home, staff, each)] == starts
        free = [place.text for place in draw_alone(manager, staff, each)[1]["places"]]
        shown = [f"+ {start[11:16]}" for start in starts]
        # Once: the second of two like hours is drawn free, too, and not on offer.
        assert list(dict.fromkeys(text for text in free if text in shown)) == shown
    for each, starts in expected.items():
        for start in offer(home, staff, each):
            booking.book(by=guest, client=guest, staff=staff, service=service, appointment_date=start, now=NOW)
        clocks = tell_clocks(*draw_alone(manager, staff, each))
        assert [clock for clock in clocks if clock in {x[11:16] for x in starts}] == [start[11:16] for start in starts]
        assert offer(home, staff, each) == []


def test_closing_friday_closes_its_night_and_nothing_else(night_shop, client):
    home, staff, guest, service = night_shop("Europe/Berlin", "18:00-02:00", [3, 4, 5])
    friday = date(2026, 6, 12)
    thursday, saturday, sunday = (friday + timedelta(days=n) for n in (-1, 1, 2))
    days = {"from_date": friday, "to_date": friday}
    times = absences.tell_days_as_instants(home.zone, friday, friday)
    closure = TimeOff.objects.create(organization=home, whole_days=True, **days, **times)
    night = "00:00 01:00"
    for day, starts in ((thursday, EVENING), (friday, night), (saturday, EVENING), (sunday, night)):
        assert [start.isoformat() for start in offer(home, staff, day)] == spell(day, starts, "+02:00")
    minutes = [count_available(home, day) for day in (thursday, friday, saturday, sunday)]
    assert minutes == [360, 120, 360, 120]

    def book(day, hour, by=guest):
        start = datetime(day.year, day.month, day.day, hour, tzinfo=home.zone)
        booking.book(by=by, client=guest, staff=staff, service=service, appointment_date=start, now=NOW)

    for day, hour in ((friday, 18), (friday, 23), (saturday, 0), (saturday, 1)):
        with pytest.raises(AwayThen):
            book(day, hour, by=staff)
    for day, hour in ((friday, 10), (friday, 2)):  # nobody is there outside of hours either
        with pytest.raises(AwayThen):
            book(day, hour, by=staff)
    book(friday, 0)
    book(friday, 1)
    with pytest.raises(OutsideWorkingHours):
        book(saturday, 10)
    book(saturday, 2, by=staff)
    client.force_login(UserFactory(organization=home, role="manager"))
    board, drawn = open_board(client, friday)
    shades = [shade for shade in drawn["shades"] if shade.kind == "away"]
    assert [(shade.top, shade.bottom) for shade in shades] == [
        (board.axis.measure_down(120), board.axis.measure_down(1440))
    ]
    # Where nobody works any more the hours are folded.
    board, drawn = open_board(client, saturday, all_hours="1")
    [shade] = [shade for shade in drawn["shades"] if shade.kind == "away"]
    assert (shade.top, shade.bottom) == (0, board.axis.measure_down(120))
    closure.delete()
    assert [start.isoformat() for start in offer(home, staff, friday)] == spell(friday, EVENING, "+02:00")
