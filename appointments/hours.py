"""When people work: the week's hours, or a date's special hours in their place, as minutes of absolute time.

Wall-clock times are read in the organization's zone, each on its own date: adding 24 hours to Saturday's
opening would open an hour early on the Sunday of a clock change. Minutes count from the Unix epoch, in UTC.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Self, TypeAlias

from appointments.models import SpecialHours, WorkingHours
from clientline.database.prepared import Asked, Given, Statement, is_one_of, run_in_one_trip
from services.models import DAY_OF_MINUTES

DAY = DAY_OF_MINUTES

Minute: TypeAlias = int  # absolute: since the Unix epoch, in UTC
DayMinute: TypeAlias = int  # of a wall clock: 0 … 1440 on a date
Stretch: TypeAlias = tuple[DayMinute, DayMinute]
Span: TypeAlias = tuple[Minute, Minute]  # up to the second, which is outside
WeeklyRow: TypeAlias = tuple[int, int, time, time]  # the person's id, weekday (0 is Monday), starts, ends
SpecialRow: TypeAlias = tuple[int, date, time | None, time | None]  # the person's id, date, starts, ends; or closed


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
    """The absolute minute at which the clocks of `zone` show `minute` of `day` (0 … 1440).

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
    return shown.date() == day and shown.hour * 60 + shown.minute == minute


def list_grid_starts(zone: tzinfo, day: date, starts: DayMinute, ends: DayMinute, interval: int) -> Sequence[Minute]:
    """The absolute minutes of the starts that `interval` offers between two wall-clock minutes of a day."""
    midnight = find_minute(zone, day, 0)
    # Only a day without a change of clocks may be counted through.
    if find_minute(zone, day, DAY) - midnight == DAY:
        return range(midnight + starts, midnight + ends, interval)
    return [find_minute(zone, day, minute) for minute in range(starts, ends, interval) if is_shown(zone, day, minute)]


def _count_minutes(starts: time, ends: time) -> Stretch:
    """Two times of day as minutes of the day; 00:00 as an end is midnight. `models.minute_range` says it in SQL."""
    return starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute or DAY


@cache
def _prepare_weekly_hours() -> Statement:
    rows = WorkingHours.objects.filter(is_one_of("staff", "staff")).order_by("weekday", "starts")
    return Statement(rows.values_list("staff", "weekday", "starts", "ends"))


@cache
def _prepare_special_hours() -> Statement:
    rows = SpecialHours.objects.filter(is_one_of("staff", "staff"), date__gte=Given("first"), date__lte=Given("last"))
    return Statement(rows.order_by("starts").values_list("staff", "date", "starts", "ends"))


class Hours:
    """The hours of some people on some dates. Two queries, however many."""

    def __init__(self, weekly: Iterable[WeeklyRow], special: Iterable[SpecialRow]) -> None:
        self.weekly: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
        self.special: dict[tuple[int, date], list[Stretch]] = defaultdict(list)
        for staff, weekday, starts, ends in weekly:
            self.weekly[staff, weekday].append(_count_minutes(starts, ends))
        for staff, day, opens, closes in special:
            self.special[staff, day] += [] if opens is None or closes is None else [_count_minutes(opens, closes)]

    @staticmethod
    def prepare_statements(staff_ids: Collection[int], first_day: date, last_day: date) -> tuple[Asked, Asked]:
        """What has to be asked for the rows that hours are made of: see `run_in_one_trip`."""
        values = {"staff": list(staff_ids), "first": first_day, "last": last_day}
        return (_prepare_weekly_hours(), values), (_prepare_special_hours(), values)

    @classmethod
    def load(cls, staff_ids: Collection[int], first_day: date, last_day: date) -> Self:
        """The hours of these people from one date to another, both included."""
        return cls(*run_in_one_trip(*cls.prepare_statements(staff_ids, first_day, last_day)))

    def find_stretches(self, staff: int, day: date) -> Sequence[Stretch]:
        """The stretches somebody works on a date, as wall-clock minutes of the day."""
        special = self.special.get((staff, day))
        return self.weekly.get((staff, day.weekday()), ()) if special is None else special

    def find_windows(self, staff: int, days: Iterable[date], zone: tzinfo) -> list[Span]:
        """The stretches as absolute minutes; those that adjoin are one, also across midnight."""
        joined: list[Span] = []
        for day in days:
            for starts, ends in self.find_stretches(staff, day):
                start, end = find_minute(zone, day, starts), find_minute(zone, day, ends)
                if joined and joined[-1][1] == start:
                    joined[-1] = (joined[-1][0], end)
                # The clocks may skip a whole stretch; then it begins where it ends.
                elif start < end:
                    joined.append((start, end))
        return joined

    def starts(self, staff: int, days: Iterable[date], zone: tzinfo, interval: int) -> list[Minute]:
        """The starts on the grid of each stretch, ascending. The grid begins anew with each."""
        return [
            minute
            for day in days
            for stretch in self.find_stretches(staff, day)
            for minute in list_grid_starts(zone, day, *stretch, interval)
        ]
