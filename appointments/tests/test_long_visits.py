"""Visits of many hours, up to a day with buffers, and times with odd seconds: what they leave free, by the minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from appointments import booking
from appointments.availability import Calendar, Need
from appointments.models import Appointment, TimeOff
from appointments.refusals import SlotTaken
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, always_at_work
from appointments.working_time.hours import find_instant, floor_to_minute
from clientline.tests.rehearsals import undone

DAY = date(2020, 1, 20)
MIDNIGHT = datetime(2020, 1, 20, tzinfo=UTC)
NOW = MIDNIGHT - timedelta(days=5)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop(clinic):
    """The clinic on Greenwich time, where `staff` works day and night and visits may start at any minute."""
    always_at_work(clinic.staff)
    home = clinic.organization
    home.timezone, home.min_notice, home.slot_interval = "UTC", 0, 5
    home.save()
    return clinic


HALF_HOUR = Need(30)


def calendar(cast, need=HALF_HOUR, now=NOW, **options):
    home, ids = cast.organization, [cast.staff.pk]
    return Calendar(organization=home, staff_ids=ids, first_day=DAY, last_day=DAY, need=need, now=now, **options)


def refusal(cast, start, need=HALF_HOUR, **options):
    return calendar(cast, need, **options).find_refusal(cast.staff.pk, floor_to_minute(start), ("off_grid",))


def busy(cast, start, minutes, before=0, after=0, visit=None):
    """A visit at that time: another one, or this one moved there."""
    end = start + timedelta(minutes=minutes)
    times = {
        "appointment_date": start,
        "ends_at": end,
        "busy_from": start - timedelta(minutes=before),
        "busy_until": end + timedelta(minutes=after),
    }
    if visit is None:
        return AppointmentFactory(client=cast.client, staff=cast.staff, **times)
    return Appointment.objects.filter(pk=visit.pk).update(**times)


# The length and the buffers of visits that take exactly a day.
WHOLE_DAYS = [(1440, 0, 0), (1, 0, 1439), (1, 1439, 0), (600, 420, 420)]


@pytest.mark.sweep
def test_a_busy_day_that_began_the_day_before_keeps_its_last_minute(shop):
    visit = busy(shop, MIDNIGHT - timedelta(days=3), 30)
    for (minutes, before, after), until in product(WHOLE_DAYS, (1, 30, 719, 1439)):
        end = MIDNIGHT + until * MINUTE
        busy(shop, end - (minutes + after) * MINUTE, minutes, before, after, visit)
        told = [refusal(shop, end - MINUTE), refusal(shop, end)]
        assert told == ["slot_taken", None], (minutes, before, after, until)


@pytest.mark.sweep
def test_a_busy_day_that_reaches_back_from_the_next_keeps_its_first_minute(shop):
    visit = busy(shop, MIDNIGHT - timedelta(days=3), 30)
    for (minutes, before, after), begin in product(WHOLE_DAYS, (31, 1410, 1439, 1468)):
        first = MIDNIGHT + begin * MINUTE
        busy(shop, first + before * MINUTE, minutes, before, after, visit)
        told = [refusal(shop, first - 30 * MINUTE), refusal(shop, first - 29 * MINUTE)]
        assert told == [None, "slot_taken"], (minutes, before, after, begin)


def test_what_takes_a_day_itself_fits_exactly_between_two_others(shop):
    noon = MIDNIGHT + 12 * HOUR
    for minutes, before, after in WHOLE_DAYS:
        need, begins = Need(minutes, before, after), noon - before * MINUTE
        with undone():
            busy(shop, begins - 5 * MINUTE, 5)
            busy(shop, begins + timedelta(days=1), 5)
            told = [refusal(shop, start, need) for start in (noon - MINUTE, noon, noon + MINUTE)]
            assert told == ["slot_taken", None, "slot_taken"], need


def test_another_day_before_that_only_touches_takes_nothing(shop):
    busy(shop, MIDNIGHT - timedelta(days=1), 1440)
    busy(shop, MIDNIGHT + timedelta(days=1), 1440)
    assert len(calendar(shop).find_openings()[0]) == (1440 - 30) // 5 + 1


def test_buffers_reach_over_midnight_on_both_sides(shop):
    busy(shop, MIDNIGHT - 2 * HOUR, 60)
    busy(shop, MIDNIGHT + 25 * HOUR, 60)
    need = Need(30, 60, 30)
    assert refusal(shop, MIDNIGHT, need) is None
    assert refusal(shop, MIDNIGHT, Need(30, 61, 30)) == "slot_taken"
    assert refusal(shop, MIDNIGHT + 24 * HOUR - MINUTE, Need(31, 0, 30)) is None
    assert refusal(shop, MIDNIGHT + 24 * HOUR - MINUTE, Need(31, 0, 31)) == "slot_taken"


def test_a_visit_of_a_day_is_booked_once(shop):
    details = {"client": shop.client, "service": shop.service, "staff": shop.staff, "now": NOW, "duration": 1440}
    booking.book(by=shop.manager, appointment_date=MIDNIGHT + HOUR, **details)
    for hours in (-22, 0, 24):
        with pytest.raises(SlotTaken):
            booking.book(by=shop.manager, appointment_date=MIDNIGHT + hours * HOUR, **details)
    assert booking.book(by=shop.manager, appointment_date=MIDNIGHT + 25 * HOUR, **details).version == 1


ODD = [timedelta(seconds=1), timedelta(seconds=59), timedelta(microseconds=1)]


def test_a_visit_with_odd_seconds_takes_every_minute_that_it_touches(shop):
    noon = MIDNIGHT + 12 * HOUR
    visit = busy(shop, noon, 60)
    for odd in ODD:
        busy(shop, noon + odd, 60, visit=visit)
        told = [refusal(shop, noon + n * MINUTE) for n in (-30, -29, 60, 61)]
        assert told == [None, "slot_taken", "slot_taken", None]


def test_time_off_of_one_or_of_everybody_with_odd_seconds_takes_every_minute_that_it_touches(shop):
    noon = MIDNIGHT + 12 * HOUR
    off = TimeOffFactory(staff=shop.staff, organization=shop.organization, starts_at=noon, ends_at=noon + HOUR)
    for odd, staff in product(ODD, (shop.staff, None)):
        TimeOff.objects.filter(pk=off.pk).update(starts_at=noon + odd, ends_at=noon + HOUR + odd, staff=staff)
        told = [refusal(shop, noon + n * MINUTE) for n in (-30, -29, 60, 61)]
        assert told == [None, "time_off", "time_off", None], (odd, staff)


def test_time_off_of_the_day_before_and_after_takes_what_it_touches(shop):
    TimeOffFactory(staff=shop.staff, starts_at=MIDNIGHT - 48 * HOUR, ends_at=MIDNIGHT + MINUTE)
    TimeOffFactory(staff=shop.staff, starts_at=MIDNIGHT + 24 * HOUR + 10 * MINUTE, ends_at=MIDNIGHT + 72 * HOUR)
    starts = [MIDNIGHT, MIDNIGHT + MINUTE, MIDNIGHT + 1420 * MINUTE, MIDNIGHT + 1421 * MINUTE]
    assert [refusal(shop, start) for start in starts] == ["time_off", None, None, "time_off"]


def test_the_first_start_on_offer_is_not_before_this_very_moment(shop):
    nine = MIDNIGHT + 9 * HOUR
    for now, first in (("0:00", 0), ("0:00.000001", 5), ("4:59", 5), ("5:00", 5), ("5:01", 10)):
        minutes, _, seconds = now.partition(":")
        moment = nine + timedelta(minutes=int(minutes), seconds=float(seconds))
        slots = calendar(shop, now=moment).find_openings()[0]
        assert find_instant(next(iter(slots))) == nine + first * MINUTE, now
