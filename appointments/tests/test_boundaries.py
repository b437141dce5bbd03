"""Both sides of each bound, a microsecond apart: cut-off, start, notice, horizon, whole minutes, length and century."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from appointments import booking
from appointments.availability import Need
from appointments.models import Appointment
from appointments.placing import refuse_unstorable_times
from appointments.refusals import InvalidTransition, TooFarAhead, TooLate, TooSoon
from appointments.tests.factories import always_at_work
from clientline.refusals import FieldRefused
from clientline.tests.rehearsals import undone

START = datetime(2020, 1, 20, 9, tzinfo=UTC)
NOTICE = timedelta(minutes=90)
JOT = timedelta(microseconds=1)
BOOKED = START - timedelta(days=10)


@pytest.fixture
def house(salon):
    """The salon, whose two people work day and night, so that nothing but the bound in question refuses."""
    always_at_work(salon.staff, salon.colleague)
    policy = {"cancellation_notice": 90, "min_notice": 45, "max_advance_days": 30, "slot_interval": 5}
    for name, value in policy.items():
        setattr(salon.organization, name, value)
    salon.organization.save()
    salon.service.organization = salon.organization
    return salon


def book(cast, start=START, *, now=BOOKED, by=None, staff=None):
    return booking.book(
        by=by or cast.client,
        client=cast.client,
        service=cast.service,
        staff=staff or cast.staff,
        appointment_date=start,
        now=now,
    )


MOVES = {
    "cancel": lambda visit, by, now: booking.cancel(by=by, visit=visit, now=now, reason="ill"),
    "reschedule": lambda visit, by, now: booking.reschedule(
        by=by, visit=visit, appointment_date=visit.appointment_date + timedelta(days=1), now=now
    ),
}


def test_a_client_moves_up_to_the_cut_off_itself_and_not_a_moment_later(house):
    visit, cutoff = book(house), START - NOTICE
    for name, move in MOVES.items():
        with pytest.raises(TooLate) as caught:
            move(visit, house.client, cutoff + JOT)
        assert caught.value.extra == {"cutoff_at": cutoff}, name
        stored = Appointment.objects.get(pk=visit.pk)
        assert (stored.status, stored.appointment_date, stored.version) == ("scheduled", START, 1), name
        with undone():
            assert move(stored, house.client, cutoff).version == 2, name


def test_staff_move_after_the_cut_off_and_after_the_start_too(house):
    visit = book(house)
    for name, move in MOVES.items():
        for by, now in ((house.staff, START - NOTICE + JOT), (house.manager, START + timedelta(hours=1))):
            with undone():
                assert move(Appointment.objects.get(pk=visit.pk), by, now).version == 2, (name, now)


def test_without_a_notice_a_client_cancels_until_the_visit_starts(house):
    house.organization.cancellation_notice = 0
    late, in_time = book(house), book(house, START + timedelta(hours=1))
    with pytest.raises(TooLate):
        booking.cancel(by=house.client, visit=late, now=START + JOT)
    assert booking.cancel(by=house.client, visit=in_time, now=in_time.appointment_date).status == "cancelled"


def test_a_visit_is_over_from_its_very_start_and_not_a_moment_earlier(house):
    pk = book(house).pk
    for finish, status in ((booking.complete, "completed"), (booking.mark_no_show, "no_show")):
        visit = Appointment.objects.get(pk=pk)
        for early in (JOT, timedelta(seconds=1)):
            with pytest.raises(InvalidTransition):
                finish(by=house.staff, visit=visit, now=START - early)
        assert Appointment.objects.get(pk=pk).status == "scheduled"
        with undone():
            assert finish(by=house.staff, visit=visit, now=START).status == status


def test_a_client_books_with_exactly_the_notice_and_not_a_moment_less(house):
    notice = timedelta(minutes=45)
    with pytest.raises(TooSoon):
        book(house, now=START - notice + JOT)
    assert book(house, now=START - notice).appointment_date == START
    assert book(house, START + timedelta(hours=1), now=START + timedelta(minutes=59), by=house.staff).version == 1


# The last local date on offer, counted from what the clocks of the organization show, not those of Greenwich.
HORIZONS = [
    ("America/New_York", "2020-01-10T23:59:59.999999-05:00", "2020-01-13"),
    ("America/New_York", "2020-01-11T00:00:00-05:00", "2020-01-14"),
    ("Asia/Tokyo", "2020-01-10T23:59:59.999999+09:00", "2020-01-13"),
    ("Asia/Tokyo", "2020-01-11T00:00:00+09:00", "2020-01-14"),
]


@pytest.mark.sweep
def test_clients_book_up_to_the_last_minute_of_the_last_local_date(house):
    home = house.organization
    for zone, now, last in HORIZONS:
        with undone():
            now = datetime.fromisoformat(now).astimezone(UTC)  # as the server has it
            home.timezone, home.max_advance_days = zone, 3
            home.save()
            after = datetime.combine(date.fromisoformat(last), time.min, tzinfo=home.zone) + timedelta(days=1)
            with pytest.raises(TooFarAhead):
                book(house, after, now=now)
            last_start = after - timedelta(minutes=5)
            assert book(house, last_start, now=now).appointment_date == last_start
            bent = book(house, after, now=now, by=house.manager, staff=house.colleague)
            assert bent.appointment_date == after


def test_visits_start_at_whole_minutes(house):
    before = Appointment.objects.count()
    for odd in (timedelta(seconds=1), JOT, timedelta(seconds=59, microseconds=999_999)):
        with pytest.raises(FieldRefused) as caught:
            book(house, START + odd, by=house.manager)
        assert [error["detail"] for error in caught.value.errors] == ["Visits start at a whole minute."], odd
    assert Appointment.objects.count() == before


def refused(start, need):
    """The field with which this is refused, or None."""
    try:
        refuse_unstorable_times(start, need)
    except FieldRefused as refusal:
        return refusal.errors[0]["field"]
    return None


def test_where_no_clock_can_be_read_nothing_is_booked():
    hour = timedelta(hours=1)
    for start in (datetime.min.replace(tzinfo=timezone(hour)), datetime(9999, 12, 31, 23, tzinfo=timezone(-hour))):
        assert refused(start, Need(30)) == "appointment_date"


def test_a_day_with_its_buffers_fits_and_a_minute_more_does_not():
    for need, field in ((Need(1380, 30, 30), None), (Need(1380, 31, 30), "duration"), (Need(1440), None)):
        assert refused(START, need) == field
    for need in (Need(1441), Need(1380, 30, 31), Need(1381, 30, 30), Need(1, 1440, 0), Need(1, 0, 1440)):
        assert refused(START, need) == "duration"


def test_a_visit_may_touch_both_ends_of_the_calendar_with_its_buffers_and_not_leave_it():
    first, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    need, minute = Need(30, 10, 5), timedelta(minutes=1)
    assert refused(first + 10 * minute, need) is refused(end - 35 * minute, need) is None
    assert refused(first + 9 * minute, need) == refused(end - 34 * minute, need) == "appointment_date"


def test_booking_itself_keeps_both_sides_apart_whoever_asks_it(house):
    """The API does not even find such people; commands and pages ask the domain alone."""
    wrong = {
        "client": {"client": house.manager},
        "staff": {"client": house.client, "staff": house.stranger},
    }
    for field, people in wrong.items():
        with pytest.raises(FieldRefused) as caught:
            booking.book(
                by=None, service=house.service, appointment_date=START, now=BOOKED, **{"staff": house.staff} | people
            )
        assert [(error["field"], error["code"]) for error in caught.value.errors] == [(field, "invalid")]
