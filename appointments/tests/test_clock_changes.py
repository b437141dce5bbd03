"""On the days of both clock changes: what is listed, and what can be booked, as hand-written literals."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.availability import Calendar, Need
from appointments.refusals import OffGrid, OutsideWorkingHours
from appointments.tests.factories import WorkingHoursFactory
from appointments.working_time.hours import find_instant, find_midnight, find_minute, floor_to_minute, is_shown
from organizations.tests.factories import OrganizationFactory
from services.tests.factories import ServiceFactory

EVERY_HALF_HOUR = ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]


def all_at(offset):
    return [f"{clock}{offset}" for clock in EVERY_HALF_HOUR]


# Work from 01:00 to 04:00, visits of 30 minutes, a start every 30 minutes.
CHANGES = {
    ("Europe/Berlin", "2026-03-29"): ["01:00+01:00", "01:30+01:00", "03:00+02:00", "03:30+02:00"],
    ("Europe/Berlin", "2026-10-25"): [
        "01:00+02:00",
        "01:30+02:00",
        "02:00+02:00",
        "02:30+02:00",
        "03:00+01:00",
        "03:30+01:00",
    ],
    ("Europe/Berlin", "2027-03-28"): ["01:00+01:00", "01:30+01:00", "03:00+02:00", "03:30+02:00"],
    ("Europe/Berlin", "2027-10-31"): [
        "01:00+02:00",
        "01:30+02:00",
        "02:00+02:00",
        "02:30+02:00",
        "03:00+01:00",
        "03:30+01:00",
    ],
    ("America/New_York", "2026-03-08"): ["01:00-05:00", "01:30-05:00", "03:00-04:00", "03:30-04:00"],
    ("America/New_York", "2026-11-01"): [
        "01:00-04:00",
        "01:30-04:00",
        "02:00-05:00",
        "02:30-05:00",
        "03:00-05:00",
        "03:30-05:00",
    ],
    ("America/New_York", "2027-03-14"): ["01:00-05:00", "01:30-05:00", "03:00-04:00", "03:30-04:00"],
    ("America/New_York", "2027-11-07"): [
        "01:00-04:00",
        "01:30-04:00",
        "02:00-05:00",
        "02:30-05:00",
        "03:00-05:00",
        "03:30-05:00",
    ],
    ("Australia/Lord_Howe", "2026-04-05"): [
        "01:00+11:00",
        "01:30+11:00",
        "02:00+10:30",
        "02:30+10:30",
        "03:00+10:30",
        "03:30+10:30",
    ],
    ("Australia/Lord_Howe", "2026-10-04"): [
        "01:00+10:30",
        "01:30+10:30",
        "02:30+11:00",
        "03:00+11:00",
        "03:30+11:00",
    ],
    ("Australia/Lord_Howe", "2027-04-04"): [
        "01:00+11:00",
        "01:30+11:00",
        "02:00+10:30",
        "02:30+10:30",
        "03:00+10:30",
        "03:30+10:30",
    ],
    ("Australia/Lord_Howe", "2027-10-03"): [
        "01:00+10:30",
        "01:30+10:30",
        "02:30+11:00",
        "03:00+11:00",
        "03:30+11:00",
    ],
    ("Asia/Kolkata", "2026-03-29"): all_at("+05:30"),
    ("Asia/Kolkata", "2027-10-31"): all_at("+05:30"),
}

# The days around each change: (before, after).
OFFSETS = {
    ("Europe/Berlin", "2026-03-29"): ("+01:00", "+02:00"),
    ("Europe/Berlin", "2026-10-25"): ("+02:00", "+01:00"),
    ("Europe/Berlin", "2027-03-28"): ("+01:00", "+02:00"),
    ("Europe/Berlin", "2027-10-31"): ("+02:00", "+01:00"),
    ("America/New_York", "2026-03-08"): ("-05:00", "-04:00"),
    ("America/New_York", "2026-11-01"): ("-04:00", "-05:00"),
    ("America/New_York", "2027-03-14"): ("-05:00", "-04:00"),
    ("America/New_York", "2027-11-07"): ("-04:00", "-05:00"),
    ("Australia/Lord_Howe", "2026-04-05"): ("+11:00", "+10:30"),
    ("Australia/Lord_Howe", "2026-10-04"): ("+10:30", "+11:00"),
    ("Australia/Lord_Howe", "2027-04-04"): ("+11:00", "+10:30"),
    ("Australia/Lord_Howe", "2027-10-03"): ("+10:30", "+11:00"),
    ("Asia/Kolkata", "2026-03-29"): ("+05:30", "+05:30"),
    ("Asia/Kolkata", "2027-10-31"): ("+05:30", "+05:30"),
}


@pytest.fixture
def night_shop(db):
    """A function: an organization in a zone where somebody works every night from 01:00 to 04:00."""

    def build(zone):
        home = OrganizationFactory(timezone=zone, slot_interval=30, min_notice=0, max_advance_days=1000)
        staff = UserFactory(organization=home, role="staff")
        for weekday in range(7):
            WorkingHoursFactory(staff=staff, weekday=weekday, starts="01:00", ends="04:00")
        return home, staff, UserFactory(organization=home), ServiceFactory(organization=home, duration=30)

    return build


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def calendar_of(home, staff, day, now=NOW):
    return Calendar(organization=home, staff_ids=[staff.pk], first_day=day, last_day=day, need=Need(30), now=now)


def listed(home, staff, day):
    return [find_instant(start, home.zone) for start in calendar_of(home, staff, day).find_openings()[0]]


@pytest.mark.sweep
def test_the_slots_of_a_clock_change_and_of_the_days_around_it(night_shop):
    home, staff, *_ = night_shop("UTC")
    for (zone, day), on_the_day in CHANGES.items():
        home.timezone = zone
        before, after = OFFSETS[zone, day]
        for n, expected in ((-1, all_at(before)), (0, on_the_day), (1, all_at(after))):
            around = date.fromisoformat(day) + timedelta(days=n)
            calendar = calendar_of(home, staff, around)
            slots = [find_instant(start, home.zone).isoformat() for start in calendar.find_openings()[0]]
            assert (zone, slots) == (zone, [f"{around}T{x[:5]}:00{x[5:]}" for x in expected])
            minutes = [floor_to_minute(datetime.fromisoformat(slot)) for slot in slots]
            assert [calendar.find_refusal(staff.pk, minute) for minute in minutes] == [None] * len(slots), (zone, day)


# Half an hour that is skipped, and an hour that is shown twice.
@pytest.mark.sweep
@pytest.mark.parametrize(("zone", "day"), [("Australia/Lord_Howe", "2026-10-04"), ("Europe/Berlin", "2026-10-25")])
def test_every_slot_of_a_clock_change_is_booked_and_then_none_is_left(night_shop, zone, day):
    home, staff, client, service = night_shop(zone)
    slots = listed(home, staff, date.fromisoformat(day))
    assert len(slots) == len(CHANGES[zone, day])
    for slot in slots:
        visit = booking.book(by=client, client=client, staff=staff, service=service, appointment_date=slot, now=NOW)
        assert visit.ends_at - visit.appointment_date == timedelta(minutes=30)
    assert listed(home, staff, date.fromisoformat(day)) == []


def test_the_second_of_two_equal_clock_times_is_not_on_the_grid(night_shop):
    _, staff, client, service = night_shop("Europe/Berlin")
    second = datetime.fromisoformat("2026-10-25T02:30:00+01:00")
    with pytest.raises(OffGrid):
        booking.book(by=client, client=client, staff=staff, service=service, appointment_date=second, now=NOW)


def test_hours_that_begin_in_the_skipped_hour_begin_when_the_clocks_have_skipped_it(night_shop):
    home, staff, client, service = night_shop("Europe/Berlin")
    staff.working_hours.all().delete()
    WorkingHoursFactory(staff=staff, weekday=6, starts="02:30", ends="04:00")
    slots = listed(home, staff, date(2026, 3, 29))
    assert [slot.isoformat() for slot in slots] == ["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
    early = datetime.fromisoformat("2026-03-29T01:30:00+01:00")
    with pytest.raises(OutsideWorkingHours):
        booking.book(by=client, client=client, staff=staff, service=service, appointment_date=early, now=NOW)


# A night in which clocks skipped, somebody's hours that night, and the half-hourly starts of 30 minutes they offer.
SKIPPED = [
    ("America/New_York", "2025-03-09", "02:00-04:00", ["03:00-04:00", "03:30-04:00"]),
    ("America/New_York", "2025-03-09", "02:15-04:00", ["03:15-04:00"]),
    ("America/New_York", "2025-03-09", "02:15-02:45", []),
    ("America/New_York", "2025-03-09", "01:00-02:30", ["01:00-05:00", "01:30-05:00"]),
    ("America/New_York", "2025-03-09", "01:30-03:30", ["01:30-05:00", "03:00-04:00"]),
    ("Australia/Lord_Howe", "2025-10-05", "02:00-03:30", ["02:30+11:00", "03:00+11:00"]),
    ("Australia/Lord_Howe", "2025-10-05", "02:15-03:15", ["02:45+11:00"]),
    ("Atlantic/Azores", "2025-03-30", "00:15-02:00", ["01:15+00:00"]),
    # Where midnight itself is skipped, the day begins at one, and its first hour belongs to nobody.
    ("Africa/Cairo", "2025-04-25", "00:00-02:00", ["01:00+03:00", "01:30+03:00"]),
    ("Africa/Cairo", "2025-04-25", "00:30-02:00", ["01:00+03:00", "01:30+03:00"]),
    ("Africa/Cairo", "2025-04-25", "00:00-01:00", []),
    ("America/Santiago", "2025-09-07", "00:15-02:15", ["01:15-03:00", "01:45-03:00"]),
    ("America/Havana", "2025-03-09", "00:00-01:30", ["01:00-04:00"]),
    # A whole date that never was.
    ("Pacific/Apia", "2011-12-30", "09:00-12:00", []),
    ("Pacific/Apia", "2011-12-31", "09:00-10:00", ["09:00+14:00", "09:30+14:00"]),
]


def test_hours_of_a_skipped_hour_anywhere_offer_what_the_clocks_show(db):
    home = OrganizationFactory(slot_interval=30, min_notice=0, max_advance_days=1000)
    staff = UserFactory(organization=home, role="staff")
    for zone, night, hours, offered in SKIPPED:
        day = date.fromisoformat(night)
        earlier = datetime(day.year, 1, 1, tzinfo=UTC)
        home.timezone = zone
        starts, ends = hours.split("-")
        staff.working_hours.all().delete()
        WorkingHoursFactory(staff=staff, weekday=day.weekday(), starts=starts, ends=ends)
        calendar = calendar_of(home, staff, day, earlier)
        slots = [find_instant(start, home.zone).isoformat() for start in calendar.find_openings()[0]]
        assert (zone, hours, slots) == (zone, hours, [f"{day}T{clock[:5]}:00{clock[5:]}" for clock in offered])
        for slot in slots:
            assert calendar.find_refusal(staff.pk, floor_to_minute(datetime.fromisoformat(slot))) is None


def test_a_skipped_time_is_the_moment_of_the_skip_and_a_doubled_one_its_first(db):
    berlin, cairo = (OrganizationFactory(timezone=zone).zone for zone in ("Europe/Berlin", "Africa/Cairo"))
    skip = floor_to_minute(datetime(2025, 3, 30, 1, tzinfo=UTC))
    for minute in (120, 121, 150, 179, 180):
        assert find_minute(berlin, date(2025, 3, 30), minute) == skip
        assert is_shown(berlin, date(2025, 3, 30), minute) is (minute == 180)
    assert find_minute(berlin, date(2025, 3, 30), 119) == skip - 1
    assert find_minute(berlin, date(2025, 3, 30), 181) == skip + 1
    assert find_minute(berlin, date(2025, 10, 26), 150) == floor_to_minute(datetime(2025, 10, 26, 0, 30, tzinfo=UTC))
    assert find_minute(cairo, date(2025, 4, 25), 0) == floor_to_minute(datetime(2025, 4, 24, 22, tzinfo=UTC))
    assert (
        find_minute(cairo, date(2025, 4, 24), 1440)
        == find_minute(cairo, date(2025, 4, 25), 0)
        == find_minute(cairo, date(2025, 4, 25), 60)
    )
    assert not is_shown(cairo, date(2025, 4, 24), 1440)


SKIPPED_MIDNIGHT = ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22, tzinfo=UTC))  # 00:00 → 01:00
MIDNIGHT_TWICE = ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC))  # 01:00 → 00:00


@pytest.mark.parametrize(("zone", "day", "begins"), [SKIPPED_MIDNIGHT, MIDNIGHT_TWICE])
def test_a_date_begins_where_its_midnight_is_skipped_or_shown_twice(zone, day, begins):
    assert find_midnight(ZoneInfo(zone), day) == begins
