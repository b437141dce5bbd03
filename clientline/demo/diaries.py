"""When each person of the demo can be visited: weekly hours, special days and time off, as minutes and as rows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from appointments.models import SpecialHours, TimeOff, WorkingHours
from appointments.working_time.hours import DAY
from clientline.demo.trades import count_minutes

OPEN_SATURDAY = ((count_minutes(10), count_minutes(14)),)
OPEN_TODAY = ((count_minutes(10), count_minutes(13)), (count_minutes(13.5), count_minutes(18)))


@dataclass(frozen=True)
class Absence:
    first: date
    reason: str
    days: int = 1
    hours: tuple = (0, DAY)  # of each day, in wall-clock minutes

    def list_dates(self):
        return [self.first + timedelta(days=offset) for offset in range(self.days)]

    def row(self, zone, **columns):
        starts, ends = self.hours
        return TimeOff(
            starts_at=_make_moment(self.first, starts, zone),
            ends_at=_make_moment(self.list_dates()[-1], ends, zone),
            reason=self.reason,
            **columns,
        )


class Diary:
    """The working time of one person, in wall-clock minutes of each date."""

    def __init__(self, person, zone, *, week, special, absences, closures):
        self.person = person
        self.zone = zone
        self.week = week  # weekday → intervals
        self.special = special  # date → intervals that replace the weekday's; none on a holiday
        self.absences = absences
        self.away = defaultdict(list)
        for absence in (*closures, *absences):
            for day in absence.list_dates():
                self.away[day].append(absence.hours)

    def find_hours(self, day):
        return self.special.get(day, self.week.get(day.weekday(), ()))

    def find_end_of_absence(self, day, start, end):
        """The minute when the time off ends that [start, end) meets, or None."""
        return next((ends for starts, ends in self.away.get(day, ()) if start < ends and end > starts), None)

    def find_start(self, day):
        """The instant that minutes of working time count from: twelve hours before noon, also when clocks change."""
        return datetime.combine(day, time(12), self.zone).astimezone(UTC) - timedelta(hours=12)

    def make_working_hours(self):
        return [
            WorkingHours(**self.columns(), weekday=weekday, starts=_make_time(opens), ends=_make_time(closes))
            for weekday, intervals in sorted(self.week.items())
            for opens, closes in intervals
        ]

    def make_special_hours(self):
        return [
            SpecialHours(
                **self.columns(),
                date=day,
                starts=opens and _make_time(opens),
                ends=closes and _make_time(closes),
            )
            for day, intervals in sorted(self.special.items())
            for opens, closes in intervals or [(None, None)]
        ]

    def make_time_off(self):
        return [absence.row(self.zone, **self.columns()) for absence in self.absences]

    def columns(self):
        person = self.person
        return {"organization_id": person.organization_id, "staff_id": person.pk, "created_at": person.created_at}


def draw_special(rng, today):
    """Holidays behind and ahead, and a Saturday on which everybody works: date → intervals."""
    saturday = today + timedelta(days=14 + (5 - today.weekday()) % 7)
    special = {saturday: OPEN_SATURDAY, _draw_workday(rng, today, -45, -14): (), _draw_workday(rng, today, 22, 45): ()}
    if today.weekday() >= 5:
        special[today] = OPEN_TODAY  # whoever looks at the weekend should find somebody at work
    return special


def draw_training(rng, today):
    """An afternoon on which the whole organization is closed."""
    return Absence(_draw_workday(rng, today, 8, 20), "Team training", hours=(count_minutes(13), count_minutes(18)))


def draw_absences(rng, today):
    """One person's holiday, behind or ahead but never now, and for some a doctor's appointment."""
    away = rng.choice((rng.randrange(-60, -20), rng.randrange(8, 45)))
    absences = [Absence(today + timedelta(days=away), "Holiday", days=rng.randrange(5, 13))]
    if rng.random() < 0.4:
        soon = _draw_workday(rng, today, 2, 15)
        absences.append(Absence(soon, "Doctor's appointment", hours=(count_minutes(11), count_minutes(12.5))))
    return absences


def _draw_workday(rng, today, earliest, latest):
    """A date so many days from today; at the weekend, the Monday after."""
    day = today + timedelta(days=rng.randrange(earliest, latest))
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= 5 else 0)


def _make_time(minutes):
    return time(*divmod(minutes % DAY, 60))


def _make_moment(day, minutes, zone):
    return datetime.combine(day + timedelta(days=minutes // DAY), _make_time(minutes), zone).astimezone(UTC)
