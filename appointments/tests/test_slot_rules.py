"""Listing and booking cannot disagree: random calendars, an independent slow oracle, and every start booked."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.availability import REASONS, STAGES, Calendar, Need
from appointments.hours import find_instant
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.refusals import SLOT_REFUSALS
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
def calendars(draw):
    zone, change = draw(some.sampled_from(PLACES))
    return {
        "zone": zone,
        "day": change + timedelta(days=draw(some.integers(-1, 1))),
        "weekly": {weekday: draw(stretches()) for weekday in range(7)},
        "special": draw(some.none() | stretches()),
        "interval": draw(some.sampled_from([15, 20, 30, 45, 50])),
        "notice": draw(some.sampled_from([0, 60, 600])),
        "advance": draw(some.sampled_from([1, 2, 30])),
        "now": timedelta(minutes=draw(some.integers(-3000, 600))),
        "need": Need(
            draw(some.sampled_from([15, 30, 50, 240])), *draw(some.tuples(*[some.sampled_from([0, 10, 30])] * 2))
        ),
        "off": draw(some.lists(some.tuples(some.integers(-600, 1500), some.integers(1, 300)), max_size=2)),
        "closed": draw(some.lists(some.tuples(some.integers(-600, 1500), some.integers(1, 300)), max_size=1)),
        "visits": draw(some.lists(some.tuples(some.integers(-100, 1500), some.integers(5, 200)), max_size=4)),
    }


def clock_readings(zone, day):
    """For each minute of a local day, the first absolute minute at which the clocks have reached it."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() // 60)
    readings = [datetime.fromtimestamp(m * 60, zone) for m in range(noon - 2200, noon + 2200)]
    exact, reached = {}, {}
    for shown in readings:
        minute = (shown.date() - day).days * 1440 + shown.hour * 60 + shown.minute
        absolute = int(shown.timestamp() // 60)
        exact.setdefault(minute, absolute)
        for passed in range(max(reached, default=-1) + 1, min(minute, 1440) + 1):
            reached[passed] = absolute
    return exact, reached


class Oracle:
    """The rules read aloud, one start and one minute at a time."""

    def __init__(self, case):
        self.case, self.zone, self.day = case, ZoneInfo(case["zone"]), case["day"]
        self.clocks = {n: clock_readings(self.zone, self.day + timedelta(days=n)) for n in range(3)}
        self.now = self.midnight() + case["now"].total_seconds() / 60

    def midnight(self):
        return self.clocks[0][1][0]

    def stretches(self, n):
        special = self.case["special"]
        return special if n == 0 and special is not None else self.case["weekly"][(self.day.weekday() + n) % 7]

    def at_work(self, minute):
        return any(
            self.clocks[n][1][a] <= minute < self.clocks[n][1][b] for n in range(3) for a, b in self.stretches(n)
        )

    def grid(self):
        exact = self.clocks[0][0]
        wanted = (m for a, b in self.stretches(0) for m in range(a, b, self.case["interval"]))
        return [exact[m] for m in wanted if m in exact]

    def taken(self, spans, begin, end):
        return any(a < end and begin < a + length for a, length in spans)

    def verdict(self, start):
        case, need = self.case, self.case["need"]
        end = start + need.duration
        if not all(self.at_work(minute) for minute in range(start, end)):
            return "outside_working_hours"
        if self.taken(absolute(case["off"] + case["closed"], self.midnight()), start, end):
            return "time_off"
        if start not in self.grid():
            return "off_grid"
        if start < self.now + case["notice"]:
            return "too_soon"
        today = datetime.fromtimestamp(self.now * 60, self.zone).date()
        if datetime.fromtimestamp(start * 60, self.zone).date() > today + timedelta(days=case["advance"]):
            return "too_far_ahead"
        busy = absolute(case["visits"], self.midnight())
        if self.taken(busy, start - need.buffer_before, end + need.buffer_after):
            return "slot_taken"
        return None


def absolute(spans, midnight):
    return [(midnight + begin, length) for begin, length in spans]


def apart(spans):
    """Those spans that overlap none before them, as the constraint demands of visits."""
    kept = []
    for begin, length in spans:
        if all(begin + length <= a or a + b <= begin for a, b in kept):
            kept.append((begin, length))
    return kept


def clock(minute):
    return time(minute // 60 % 24, minute % 60)


def build(case, midnight):
    home = OrganizationFactory(
        timezone=case["zone"],
        slot_interval=case["interval"],
        min_notice=case["notice"],
        max_advance_days=case["advance"],
    )
    staff, client = UserFactory(organization=home, role="staff"), UserFactory(organization=home)
    need = case["need"]
    service = ServiceFactory(
        organization=home, duration=need.duration, buffer_before=need.buffer_before, buffer_after=need.buffer_after
    )
    row = {"organization": home, "staff": staff}
    for weekday, day in case["weekly"].items():
        for a, b in day:
            WorkingHours.objects.create(**row, weekday=weekday, starts=clock(a), ends=clock(b))
    if case["special"] is not None:
        for a, b in case["special"] or [(None, None)]:
            times = {} if a is None else {"starts": clock(a), "ends": clock(b)}
            SpecialHours.objects.create(**row, date=case["day"], **times)
    for spans, whom in ((case["off"], staff), (case["closed"], None)):
        for begin, length in absolute(spans, midnight):
            TimeOff.objects.create(
                organization=home, staff=whom, starts_at=find_instant(begin), ends_at=find_instant(begin + length)
            )
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


def calendar(zone="Europe/Berlin", day=PLACES[0][1], hours=((540, 1020),), **odd):
    """A quiet one with the same hours every day, but for what is odd about it. Minutes, also parts of them."""
    quiet = {"special": None, "interval": 15, "notice": 0, "advance": 30, "now": timedelta(0), "need": Need(30)}
    blank = {"off": [], "closed": [], "visits": []}
    return {"zone": zone, "day": day, "weekly": {weekday: list(hours) for weekday in range(7)}} | quiet | blank | odd


ROUND_THE_CLOCK = ((0, 1440),)
ODD_SECONDS = calendar(
    now=timedelta(hours=9, seconds=15), notice=60, off=[(720.25, 0.5)], closed=[(780, 14.75)], visits=[(899.75, 30.5)]
)
LONG_VISITS = calendar(hours=ROUND_THE_CLOCK, need=Need(720, 60, 60), visits=[(-300, 900)], interval=50)
NEEDS_OF_A_DAY = calendar(hours=ROUND_THE_CLOCK, need=Need(1440), interval=720, visits=[(2160, 60)])
A_DAY_WITH_BUFFERS = calendar(day=PLACES[1][1], hours=ROUND_THE_CLOCK, need=Need(1380, 30, 30), now=timedelta(-3))
FROM_A_SKIPPED_HOUR = calendar(hours=((150, 300),), interval=20)
TO_A_SKIPPED_HOUR = calendar(hours=((60, 150),))
WITHIN_A_SKIPPED_HOUR = calendar(hours=((130, 170),), need=Need(15))
FROM_A_SKIPPED_HALF_HOUR = calendar(zone="Australia/Lord_Howe", day=PLACES[4][1], hours=((135, 300),))
FROM_AN_HOUR_SHOWN_TWICE = calendar(day=PLACES[1][1], hours=((150, 300),), need=Need(50), interval=20)


@example(case=ODD_SECONDS)
@example(case=LONG_VISITS)
@example(case=NEEDS_OF_A_DAY)
@example(case=A_DAY_WITH_BUFFERS)
@example(case=FROM_A_SKIPPED_HOUR)
@example(case=TO_A_SKIPPED_HOUR)
@example(case=WITHIN_A_SKIPPED_HOUR)
@example(case=FROM_A_SKIPPED_HALF_HOUR)
@example(case=FROM_AN_HOUR_SHOWN_TWICE)
@given(case=calendars())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_listed_can_be_booked_and_nothing_else(db, case):
    case["visits"] = apart(case["visits"])
    oracle = Oracle(case)
    with transaction.atomic():
        home, staff, client, service = build(case, oracle.midnight())
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
        verdicts = {start: oracle.verdict(start) for start in oracle.grid()}
        assert list(slots) == [start for start, verdict in sorted(verdicts.items()) if verdict is None]
        assert bool(reasons) == (not slots)
        if reasons:
            furthest = max(verdicts.values(), key=STAGES.index, default=STAGES[0])
            assert reasons == {case["day"]: REASONS[furthest]}
        off_grid = [start + 7 for start in list(verdicts)[:2]]
        for start in [*list(verdicts)[::3], *off_grid]:
            assert booked(client, staff, service, start, now) == oracle.verdict(start)
        transaction.set_rollback(True)


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
