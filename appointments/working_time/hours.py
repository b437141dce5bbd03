"""When people work: the week's hours, or a date's special hours in their place, as minutes of absolute time.

Wall-clock times are read in the organization's zone, each on its own date: adding 24 hours to Saturday's
opening would open an hour early on the Sunday of a clock change. Minutes count from the Unix epoch, in UTC.

A night belongs to the evening it began. What begins on a date may go on for up to 24 hours, so the dates that somebody
is asked about are always reached into by the one before.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple, Self, TypeAlias

from django.db.models import F, Q
from django.db.models.functions import Least

from appointments.models import SpecialHours, WorkingHours, find_parity
from clientline.database.prepared import Asked, Given, Statement, is_one_of, run_in_one_trip
from services.models import DAY_OF_MINUTES

DAY = DAY_OF_MINUTES

Minute: TypeAlias = int  # absolute: since the Unix epoch, in UTC
DayMinute: TypeAlias = int  # of a wall clock: 0 … 1440 on a date, and up to 2880 in the night after it
Stretch: TypeAlias = tuple[DayMinute, DayMinute]
Span: TypeAlias = tuple[Minute, Minute]  # up to the second, which is outside
# The person's id, weekday (0 is Monday), starts, ends, 0 or 1 of every second week, first date, last date.
WeeklyRow: TypeAlias = tuple[int, int, time, time, int | None, date | None, date | None]
SpecialRow: TypeAlias = tuple[int, date, time | None, time | None]  # the person's id, date, starts, ends; or closed
# The person's id (None: everybody), starts, ends, and of whole days the first and last date.
AwayRow: TypeAlias = tuple[int | None, datetime, datetime, date | None, date | None]

NIGHT = timedelta(days=1)  # how far what begins on a date may reach beyond it, less than a day


class Dated(NamedTuple):
    """Hours that do not hold on every date that is asked about."""

    stretch: Stretch
    parity: int | None
    first: date
    last: date

    def hold_on(self, day: date) -> bool:
        return self.first <= day <= self.last and self.parity in (None, find_parity(day))


def floor_to_minute(instant: datetime) -> Minute:
    """The minute an instant falls into."""
    return int(instant.timestamp() // 60)


def ceil_to_minute(instant: datetime) -> Minute:
    """The first whole minute at or after an instant."""
    # Rounded up: a visit that ends within a minute still takes it, and one that starts in it must not overlap.
    return -int(-instant.timestamp() // 60)


def find_instant(minute: Minute, zone: tzinfo = UTC) -> datetime:
    """The instant at which an absolute minute begins, told in `zone`."""
    return datetime.fromtimestamp(minute * 60, zone)


@lru_cache(maxsize=4096)
def find_minute(zone: tzinfo, day: date, minute: DayMinute) -> Minute:
    """The absolute minute at which the clocks of `zone` show `minute` of `day`, beyond 1440 of the day after.

    A time shown twice means the first; one that is skipped means the moment of the skip.
    """
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 -- zone follows
    # By their timestamps: Python subtracts two times of one zone as if no clock had changed between them.
    early, late = (floor_to_minute(naive.replace(tzinfo=zone, fold=fold)) for fold in (1, 0))
    if early >= late:
        # Shown once, or twice (then fold 0 is the earlier).
        return late
    while late - early > 1:  # skipped: the clocks jump somewhere between the two readings
        middle = (early + late) // 2
        if find_instant(middle, zone).replace(tzinfo=None) < naive:
            early = middle
        else:
            late = middle
    return late


def find_midnight(zone: tzinfo, day: date) -> datetime:
    """The instant at which a local date begins; where the clocks skip its 00:00, that of the skip."""
    return find_instant(find_minute(zone, day, 0))


def is_shown(zone: tzinfo, day: date, minute: DayMinute) -> bool:
    """Whether the clocks ever show this time of this day."""
    shown = find_instant(find_minute(zone, day, minute), zone)
    return shown.replace(tzinfo=None, fold=0) == datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 -- both are what clocks show


@lru_cache(maxsize=256)
def list_days(first: date, last: date) -> tuple[date, ...]:
    """The dates, both included."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _list_grid_starts(zone: tzinfo, day: date, starts: DayMinute, ends: DayMinute, interval: int) -> Sequence[Minute]:
    """The absolute minutes of the starts that `interval` offers between two wall-clock minutes of a day."""
    midnight, until = find_minute(zone, day, 0), DAY if ends <= DAY else 2 * DAY
    # Only days without a change of clocks may be counted through.
    if find_minute(zone, day, until) - midnight == until:
        return range(midnight + starts, midnight + ends, interval)
    return [find_minute(zone, day, minute) for minute in range(starts, ends, interval) if is_shown(zone, day, minute)]


def cut_out(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What remains of ascending spans when others are taken out of them."""
    taken, remains = sorted(taken), []
    for begin, end in spans:
        for start, stop in taken:
            if start < end and stop > begin:
                remains.append((begin, start))
                begin = max(begin, stop)
        remains.append((begin, end))
    return [(begin, end) for begin, end in remains if begin < end]


def count_minutes(starts: time, ends: time) -> Stretch:
    """Two times of day as minutes of the day; an end that is no later is the next day's. `ranges` says it in SQL."""
    start, end = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
    return start, end if end > start else end + DAY


@cache
def _prepare_weekly_hours() -> Statement:
    rows = WorkingHours.objects.filter(
        is_one_of("staff", "staff"),
        Q(staff__works_until=None) | Q(staff__works_until__gte=Given("first")),
        Q(valid_from=None) | Q(valid_from__lte=Given("last")),
        Q(valid_until=None) | Q(valid_until__gte=Given("first")),
    )
    rows = rows.order_by("weekday", "starts")
    # Nobody's hours go on after their last day. PostgreSQL takes no NULL for the least.
    until = Least("valid_until", "staff__works_until")
    return Statement(rows.values_list("staff", "weekday", "starts", "ends", "every_second_week", "valid_from", until))


@cache
def _prepare_special_hours() -> Statement:
    rows = SpecialHours.objects.filter(
        is_one_of("staff", "staff"),
        Q(staff__works_until=None) | Q(staff__works_until__gte=F("date")),
        date__gte=Given("first"),
        date__lte=Given("last"),
    )
    return Statement(rows.order_by("starts").values_list("staff", "date", "starts", "ends"))


class Hours:
    """The hours of some people on the dates `first` … `last`. Two queries, however many."""

    def __init__(self, weekly: Iterable[WeeklyRow], special: Iterable[SpecialRow], first: date, last: date) -> None:
        self.first, self.last = first, last
        self.weekly: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
        self.dated: dict[tuple[int, int], list[Dated]] = defaultdict(list)
        self.special: dict[tuple[int, date], list[Stretch]] = defaultdict(list)
        for staff, weekday, starts, ends, parity, valid_from, valid_until in weekly:
            stretch = count_minutes(starts, ends)
            # Most hold on every date that is asked about: of those nothing is asked again for each.
            if parity is None and (valid_from or first) <= first and (valid_until or last) >= last:
                self.weekly[staff, weekday].append(stretch)
            else:
                self.dated[staff, weekday].append(Dated(stretch, parity, valid_from or first, valid_until or last))
        for staff, day, opens, closes in special:
            self.special[staff, day] += [] if opens is None or closes is None else [count_minutes(opens, closes)]
        dated = [each.stretch for rows in self.dated.values() for each in rows]
        known = (*self.weekly.values(), *self.special.values(), dated)
        self.has_nights = any(stretch[1] > DAY for stretches in known for stretch in stretches)

    @staticmethod
    def prepare_statements(staff_ids: Collection[int], first_day: date, last_day: date) -> tuple[Asked, Asked]:
        """What has to be asked for the rows that hours are made of: see `run_in_one_trip`."""
        values = {"staff": list(staff_ids), "first": first_day - NIGHT, "last": last_day}
        return (_prepare_weekly_hours(), values), (_prepare_special_hours(), values)

    @classmethod
    def read(cls, weekly: Iterable[WeeklyRow], special: Iterable[SpecialRow], first_day: date, last_day: date) -> Self:
        """The hours of the rows that `prepare_statements` these dates found."""
        return cls(weekly, special, first_day - NIGHT, last_day)

    @classmethod
    def load(cls, staff_ids: Collection[int], first_day: date, last_day: date) -> Self:
        """The hours of these people from one date to another, both included, and on the one before."""
        weekly, special = run_in_one_trip(*cls.prepare_statements(staff_ids, first_day, last_day))
        return cls.read(weekly, special, first_day, last_day)

    def find_stretches(self, staff: int, day: date) -> Sequence[Stretch]:
        """The stretches that somebody begins to work on a date, as wall-clock minutes of the day."""
        special = self.special.get((staff, day))
        if special is not None:
            return special
        key = staff, day.weekday()
        if key in self.dated:
            dated = [each.stretch for each in self.dated[key] if each.hold_on(day)]
            return sorted([*self.weekly.get(key, ()), *dated])
        return self.weekly.get(key, ())

    def find_spans(self, staff: int, day: date, zone: tzinfo) -> list[Span]:
        """The same as absolute minutes. The clocks may skip a whole stretch; then it is empty."""
        stretches = self.find_stretches(staff, day)
        return [(find_minute(zone, day, starts), find_minute(zone, day, ends)) for starts, ends in stretches]

    def _list_reaching(self, staff: int, first: date, last: date) -> list[tuple[date, Sequence[Stretch]]]:
        """The stretches of each date, after those of the night before that go on into the first."""
        found = [(day, self.find_stretches(staff, day)) for day in list_days(first, last)]
        if self.has_nights:
            evening = first - NIGHT
            found.insert(0, (evening, [each for each in self.find_stretches(staff, evening) if each[1] > DAY]))
        return found

    def find_windows(self, staff: int, first: date, last: date, zone: tzinfo) -> list[Span]:
        """The stretches as absolute minutes, nights in full; those that meet are one, also across midnight."""
        joined: list[Span] = []
        for day, stretches in self._list_reaching(staff, first, last):
            for starts, ends in stretches:
                start, end = find_minute(zone, day, starts), find_minute(zone, day, ends)
                # They overlap where special hours begin in the night before, or others hold from this date on.
                if joined and joined[-1][1] >= start:
                    joined[-1] = (joined[-1][0], max(joined[-1][1], end))
                # The clocks may skip a whole stretch; then it begins where it ends.
                elif start < end:
                    joined.append((start, end))
        return joined

    def find_starts(self, staff: int, first: date, last: date, zone: tzinfo, interval: int) -> list[Minute]:
        """The starts that fall on these dates, ascending, on the grid of each stretch, which begins anew with each."""
        found = [
            minute
            for day, stretches in self._list_reaching(staff, first, last)
            for stretch in stretches
            for minute in _list_grid_starts(zone, day, *stretch, interval)
        ]
        if not self.has_nights:
            return found
        found = sorted(set(found))
        begin, end = find_minute(zone, first, 0), find_minute(zone, last, DAY)
        return found[bisect_left(found, begin) : bisect_left(found, end)]

    def find_spans_away(self, staff: int, row: AwayRow, zone: tzinfo) -> list[Span]:
        """When time off keeps somebody away, whose or everybody's it is, as far as these dates are concerned."""
        _, starts_at, ends_at, first, last = row
        if first is None or last is None:
            return [(floor_to_minute(starts_at), ceil_to_minute(ends_at))]
        return self._find_spans_of_days_off(staff, max(first, self.first), min(last, self.last), zone)

    def _find_spans_of_days_off(self, staff: int, first: date, last: date, zone: tzinfo) -> list[Span]:
        """Whole dates off: until the end of the last one's night, but for hours that begin before or after them."""
        if first > last:
            return []
        midnight = find_minute(zone, last, DAY)
        end = max([midnight, *(end for _, end in self.find_spans(staff, last, zone))])
        # Dates beyond those that are known of are off, too, or too far to reach into them.
        others = [day for day in (first - NIGHT, last + NIGHT) if self.first <= day <= self.last]
        return cut_out(
            [(find_minute(zone, first, 0), end)], [span for day in others for span in self.find_spans(staff, day, zone)]
        )
