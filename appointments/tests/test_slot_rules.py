"""Listing and booking cannot disagree: random calendars, an independent slow oracle, and every start booked."""

from copy import deepcopy
from dataclasses import asdict
from datetime import date, time, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.availability import REASONS, STAGES, Calendar, Need
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.refusals import SLOT_REFUSALS
from appointments.tests.oracle import Oracle, absolute
from appointments.working_time import absences
from appointments.working_time.hours import find_instant
from organizations.tests.factories import OrganizationFactory
from services.tests.factories import ServiceFactory

# Each with a clock change, or none, within the days tried.
PLACES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kolkata", date(2026, 6, 1)),
]
quarter = some.integers(0, 95).map(lambda n: n * 15)


@some.composite
def stretches(draw):
    """Up to three stretches of one day that do not overlap, some of them adjoining."""
    bounds = sorted(draw(some.sets(some.integers(0, 96), min_size=0, max_size=6)))
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    if pairs and draw(some.booleans()) and pairs[0][1] < 96 and (len(pairs) == 1 or pairs[1][0] > pairs[0][1] + 4):
        pairs.insert(1, (pairs[0][1], pairs[0][1] + 4 if pairs[0][1] + 4 <= 96 else 96))
    return [(a * 15, b * 15) for a, b in pairs]


@some.composite
def nights_of_a_date(draw):
    start = draw(some.integers(40, 95)) * 15
    return [(start, start + draw(some.integers(1, 96)) * 15)]


@some.composite
def weekly_rows(draw, day):
    """Hours, some over midnight, for a time or every second week: (weekday, from, until, parity, first and last date).

    The dates they hold from and until count from the day tried. Those that overlap others, the database refuses.
    """
    rows = [(weekday, a, b, None, None, None) for weekday in range(7) for a, b in draw(stretches())]
    odd = some.tuples(
        some.sampled_from([-1, 0, 0, 1]).map(lambda n: (day.weekday() + n) % 7),
        some.integers(60, 95).map(lambda n: n * 15),
        some.integers(1, 96).map(lambda n: n * 15),
        some.sampled_from([None, 0, 1]),
        some.none() | some.integers(-2, 2),
        some.none() | some.integers(-2, 3),
    )
    nights = [(weekday, a, a + length, *rest) for weekday, a, length, *rest in draw(some.lists(odd, max_size=6))]
    return nights + rows


whole_days = some.tuples(some.integers(-3, 2), some.integers(0, 2))  # the first date and how many more, from the day on


@some.composite
def calendars(draw):
    zone, change = draw(some.sampled_from(PLACES))
    day = change + timedelta(days=draw(some.integers(-1, 1)))
    return {
        "zone": zone,
        "day": day,
        "weekly": draw(weekly_rows(day)),
        "last_day": draw(some.one_of(some.none(), some.none(), some.integers(-2, 2))),
        "special": draw(some.one_of(some.none(), some.none(), stretches(), nights_of_a_date())),
        "interval": draw(some.sampled_from([15, 20, 30, 45, 50])),
        "notice": draw(some.sampled_from([0, 60, 600])),
        "advance": draw(some.sampled_from([1, 2, 30])),
        "now": timedelta(minutes=draw(some.integers(-3000, 600))),
        "need": Need(
            draw(some.sampled_from([15, 30, 50, 240])), *draw(some.tuples(*[some.sampled_from([0, 10, 30])] * 2))
        ),
        "off": draw(some.lists(some.tuples(some.integers(-600, 1500), some.integers(1, 300)), max_size=2)),
        "closed": draw(some.lists(some.tuples(some.integers(-600, 1500), some.integers(1, 300)), max_size=1)),
        "days_off": draw(some.lists(whole_days, max_size=1)),
        "days_closed": draw(some.lists(whole_days, max_size=1)),
        "visits": draw(some.lists(some.tuples(some.integers(-100, 1500), some.integers(5, 200)), max_size=4)),
    }


def apart(spans):
    """Those spans that overlap none before them, as the constraint demands of visits."""
    kept = []
    for begin, length in spans:
        if all(begin + length <= a or a + b <= begin for a, b in kept):
            kept.append((begin, length))
    return kept


def clock(minute):
    return time(minute // 60 % 24, minute % 60)


@pytest.fixture
def shop(db):
    """The rows that all cases share, and change."""
    home = OrganizationFactory()
    people = {"staff": UserFactory(organization=home, role="staff"), "client": UserFactory(organization=home)}
    return SimpleNamespace(home=home, **people, service=ServiceFactory(organization=home))


def change(row, **values):
    vars(row).update(values)
    row.save(update_fields=values)


def build(shop, case, midnight):
    shop = deepcopy(shop)
    home, staff, client, service = shop.home, shop.staff, shop.client, shop.service
    rules = {"slot_interval": case["interval"], "min_notice": case["notice"], "max_advance_days": case["advance"]}
    change(home, timezone=case["zone"], **rules)
    change(staff, works_until=None if case["last_day"] is None else case["day"] + timedelta(days=case["last_day"]))
    change(service, **asdict(case["need"]))
    row = {"organization": home, "staff": staff}
    case["weekly"] = save_hours(row, case["day"], case["weekly"])
    if case["special"] is not None:
        for a, b in case["special"] or [(None, None)]:
            times = {} if a is None else {"starts": clock(a), "ends": clock(b)}
            SpecialHours.objects.create(**row, date=case["day"], **times)
    for spans, whom in ((case["off"], staff), (case["closed"], None)):
        for begin, length in absolute(spans, midnight):
            TimeOff.objects.create(
                organization=home, staff=whom, starts_at=find_instant(begin), ends_at=find_instant(begin + length)
            )
    for days, whom in ((case["days_off"], staff), (case["days_closed"], None)):
        for first, more in days:
            dates = [case["day"] + timedelta(days=first), case["day"] + timedelta(days=first + more)]
            times = absences.tell_days_as_instants(home.zone, *dates)
            days = {"whole_days": True, "from_date": dates[0], "to_date": dates[1]}
            TimeOff.objects.create(organization=home, staff=whom, **days, **times)
    for begin, length in absolute(case["visits"], midnight):
        span = {"busy_from": find_instant(begin), "busy_until": find_instant(begin + length)}
        Appointment.objects.create(
            **row,
            client=client,
            service=service,
            price=0,
            cancellation_notice=0,
            appointment_date=span["busy_from"],
            ends_at=span["busy_until"],
            **span,
        )
    return home, staff, client, service


def save_hours(row, day, weekly):
    """Those of these weekly hours that the database takes beside the ones before: all at once where it takes all."""
    hours = [make_hours(row, day, *each) for each in weekly]
    if are_saved(hours):
        return weekly
    return [each for each, one in zip(weekly, hours, strict=True) if are_saved([one])]


def make_hours(row, day, weekday, a, b, parity, first, last):
    dates = [None if n is None else day + timedelta(days=n) for n in (first, last)]
    held = {"every_second_week": parity, "valid_from": dates[0], "valid_until": dates[1]}
    return WorkingHours(**row, weekday=weekday, starts=clock(a), ends=clock(b), **held)


def are_saved(hours):
    try:
        with transaction.atomic():
            WorkingHours.objects.bulk_create(hours)
    except IntegrityError:
        return False
    return True


def calendar(zone="Europe/Berlin", day=PLACES[0][1], hours=((540, 1020),), **odd):
    """A quiet one with the same hours every day, but for what is odd about it. Minutes, also parts of them."""
    quiet = {
        "last_day": None,
        "special": None,
        "interval": 15,
        "notice": 0,
        "advance": 30,
        "now": timedelta(0),
        "need": Need(30),
    }
    blank = {"off": [], "closed": [], "days_off": [], "days_closed": [], "visits": []}
    weekly = [(weekday, a, b, None, None, None) for weekday in range(7) for a, b in hours]
    weekly += odd.pop("more", [])
    return {"zone": zone, "day": day, "weekly": weekly} | quiet | blank | odd


ROUND_THE_CLOCK = ((0, 1440),)
ODD_SECONDS = calendar(
    now=timedelta(hours=9, seconds=15), notice=60, off=[(720.25, 0.5)], closed=[(780, 14.75)], visits=[(899.75, 30.5)]
)
LONG_VISITS = calendar(hours=ROUND_THE_CLOCK, need=Need(720, 60, 60), visits=[(-300, 900)], interval=50)
NEEDS_OF_A_DAY = calendar(hours=ROUND_THE_CLOCK, need=Need(1440), interval=720, visits=[(2160, 60)])
# From 23:30 before a day of 23 hours: the only visit that ends two dates after the one it starts on.
A_DAY_OVER_A_SHORT_ONE = calendar(
    day=PLACES[0][1] - timedelta(days=1), hours=ROUND_THE_CLOCK, need=Need(1440), interval=705
)
A_DAY_WITH_BUFFERS = calendar(day=PLACES[1][1], hours=ROUND_THE_CLOCK, need=Need(1380, 30, 30), now=timedelta(-3))
FROM_A_SKIPPED_HOUR = calendar(hours=((150, 300),), interval=20)
TO_A_SKIPPED_HOUR = calendar(hours=((60, 150),))
WITHIN_A_SKIPPED_HOUR = calendar(hours=((130, 170),), need=Need(15))
FROM_A_SKIPPED_HALF_HOUR = calendar(zone="Australia/Lord_Howe", day=PLACES[4][1], hours=((135, 300),))
SUNDAY = PLACES[0][1].weekday()
SECOND_WEEKS = calendar(hours=(), more=[(SUNDAY, 540, 600, 0, None, None), (SUNDAY, 700, 760, 1, None, None)])
FOR_A_TIME = calendar(
    hours=(),
    more=[(SUNDAY, 540, 600, None, -7, -1), (SUNDAY, 700, 760, None, 0, 0), (SUNDAY, 800, 860, None, 1, None)],
)
NIGHTS = calendar(hours=((1080, 1560),), interval=50, days_off=[(0, 0)])
NIGHTS_BEFORE_THE_DAY = calendar(day=PLACES[1][1], hours=((1080, 1560),), interval=50, days_off=[(-1, 0)])
A_NIGHT_INTO_OTHER_HOURS = calendar(hours=((1080, 1560),), special=[(0, 90), (600, 660)], days_closed=[(-1, 0)])
LEAVES_AFTER_A_NIGHT = calendar(day=PLACES[1][1], hours=((1080, 1560),), interval=50, last_day=-1)
LEAVES_THAT_EVENING = calendar(special=[(600, 660), (1200, 1560)], last_day=0)
FROM_AN_HOUR_SHOWN_TWICE = calendar(day=PLACES[1][1], hours=((150, 300),), need=Need(50), interval=20)


@pytest.mark.sweep
@example(case=ODD_SECONDS)
@example(case=LONG_VISITS)
@example(case=NEEDS_OF_A_DAY)
@example(case=A_DAY_OVER_A_SHORT_ONE)
@example(case=A_DAY_WITH_BUFFERS)
@example(case=FROM_A_SKIPPED_HOUR)
@example(case=TO_A_SKIPPED_HOUR)
@example(case=WITHIN_A_SKIPPED_HOUR)
@example(case=FROM_A_SKIPPED_HALF_HOUR)
@example(case=FROM_AN_HOUR_SHOWN_TWICE)
@example(case=LEAVES_AFTER_A_NIGHT)
@example(case=LEAVES_THAT_EVENING)
@example(case=SECOND_WEEKS)
@example(case=FOR_A_TIME)
@example(case=NIGHTS)
@example(case=NIGHTS_BEFORE_THE_DAY)
@example(case=A_NIGHT_INTO_OTHER_HOURS)
@given(case=calendars())
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=settings.default.max_examples - 5)
def test_what_is_listed_can_be_booked_and_nothing_else(shop, everything, case):
    case["visits"] = apart(case["visits"])
    oracle = Oracle(case)
    with transaction.atomic():
        home, staff, client, service = build(shop, case, oracle.midnight())  # which leaves out hours that overlap
        now = find_instant(oracle.now)
        calendar = Calendar(
            organization=home,
            staff_ids=[staff.pk],
            first_day=case["day"],
            last_day=case["day"],
            need=case["need"],
            now=now,
        )
        slots, reasons = calendar.find_openings()
        verdicts = {start: oracle.verdict(start) for start in oracle.grid}
        assert list(slots) == [start for start, verdict in sorted(verdicts.items()) if verdict is None]
        assert bool(reasons) == (not slots)
        if reasons:
            furthest = max(verdicts.values(), key=STAGES.index, default=STAGES[0])
            assert reasons == {case["day"]: REASONS[furthest]}
        off_grid = [start + 7 for start in list(verdicts)[:2]]
        for start in [*(list(verdicts)[::3] if everything else edges(verdicts)), *off_grid]:
            assert booked(client, staff, service, start, now) == oracle.verdict(start)
        transaction.set_rollback(True)


def edges(verdicts):
    """The starts whose verdict is not the one before: where listing and booking would come apart first."""
    before = object()
    for start, verdict in sorted(verdicts.items()):
        if verdict != before:
            yield start
        before = verdict


def booked(client, staff, service, start, now):
    """The code with which a client's booking is refused; None when it is made, which is undone."""
    point = transaction.savepoint()
    try:
        booking.book(
            by=client, client=client, staff=staff, service=service, appointment_date=find_instant(start), now=now
        )
    except tuple(SLOT_REFUSALS.values()) as refusal:
        return refusal.code
    else:
        return None
    finally:
        transaction.savepoint_rollback(point)
