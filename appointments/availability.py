"""Free time is what remains of working hours once time off and booked visits are cut out.

Nothing here writes. Callers get suggestions; only `booking` can make one real, and it asks `sift`, the
function that listing asks too, so the two cannot disagree.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import TypeAlias

from django.db.models import Q
from django.utils.translation import gettext as _

from appointments.models import LONGEST_VISIT, Appointment, TimeOff
from appointments.working_time.hours import (
    DAY,
    NIGHT,
    AwayRow,
    Hours,
    Minute,
    Span,
    ceil_to_minute,
    find_instant,
    find_minute,
    floor_to_minute,
    list_days,
)
from clientline.database.prepared import Asked, Given, Statement, is_one_of, run_in_one_trip
from clientline.refusals import FieldRefused
from organizations.models import Organization
from services.models import DAY_OF_MINUTES, Service
from services.performing import list_performers

LONGEST_SEARCH_DAYS = 31

# In this order: the first stage that leaves no start answers.
OUTSIDE_WORKING_HOURS = "outside_working_hours"
TIME_OFF = "time_off"
OFF_GRID = "off_grid"
TOO_SOON = "too_soon"
TOO_FAR_AHEAD = "too_far_ahead"
SLOT_TAKEN = "slot_taken"
STAGES = (OUTSIDE_WORKING_HOURS, TIME_OFF, OFF_GRID, TOO_SOON, TOO_FAR_AHEAD, SLOT_TAKEN)

# Why a day has nothing to offer, by the stage at which its last start vanished.
REASONS = dict(zip(STAGES, ("closed", "time_off", "closed", "too_soon", "too_far_ahead", "fully_booked"), strict=True))


BusyRow: TypeAlias = tuple[int, datetime, datetime]  # the person's id, busy from, busy until
Cut: TypeAlias = Callable[[list[Minute]], list[Minute]]


@dataclass(frozen=True)
class Need:
    """What a visit takes: minutes of service, and minutes kept free around it."""

    duration: int
    buffer_before: int = 0
    buffer_after: int = 0


def measure_need(service: Service, duration: int | None = None) -> Need:
    """What a booking of the service takes. Raises FieldRefused where nobody says how long."""
    minutes = duration or service.duration
    if minutes is None:
        raise FieldRefused(
            "duration",
            "required",
            _("%(service)s has no duration of its own: say how many minutes.") % {"service": service},
        )
    return Need(minutes, service.buffer_before, service.buffer_after)


def measure_need_of_visit(visit: Appointment) -> Need:
    """What a booked visit takes; it keeps its length and buffers, whatever became of the service."""
    spans = (
        visit.ends_at - visit.appointment_date,
        visit.appointment_date - visit.busy_from,
        visit.busy_until - visit.ends_at,
    )
    return Need(*(span // timedelta(minutes=1) for span in spans))


@cache
def _prepare_time_off() -> Statement:
    """What touches [begin, end): of these people, and closures of the organization."""
    rows = TimeOff.objects.filter(
        Q(is_one_of("staff", "staff")) | Q(staff=None),
        organization=Given("organization"),
        starts_at__lt=Given("end"),
        ends_at__gt=Given("begin"),
    )
    return Statement(rows.values_list("staff", "starts_at", "ends_at", "from_date", "to_date"))


@cache
def _prepare_busy_visits() -> Statement:
    """Visits that keep one of these people busy at some moment of [begin, end).

    The bounds on `appointment_date` follow from `busy_until - busy_from <= 1 day`; with them a plain
    btree answers, where the range operator would read far more of the GiST index.
    """
    rows = Appointment.objects.exclude(status="cancelled").filter(
        is_one_of("staff", "staff"),
        appointment_date__gt=Given("earliest"),
        appointment_date__lt=Given("latest"),
        busy_from__lt=Given("end"),
        busy_until__gt=Given("begin"),
    )
    return Statement(rows.exclude(pk=Given("exclude")).values_list("staff", "busy_from", "busy_until"))


class Calendar:
    """What decides about the starts of some people on some local dates. Four queries in one trip, however many.

    `exclude` is the id of a visit that stands in nobody's way. `holds` go before the four in the same trip; `held` are
    the rows of each. Starts, spans and bounds are absolute minutes; `days` are local dates.
    """

    def __init__(
        self,
        *,
        organization: Organization,
        staff_ids: Collection[int],
        first_day: date,
        last_day: date,
        need: Need,
        now: datetime,
        exclude: int | None = None,
        holds: Sequence[Asked] = (),
    ) -> None:
        self.organization, self.need, self.now = organization, need, now
        self.staff_ids, self.exclude = list(staff_ids), exclude
        self.zone = organization.zone
        self.days = list_days(first_day, last_day)
        # A visit lasts a day at most, so it may reach two dates beyond the one it starts on.
        self.reached = last_day + timedelta(days=2)
        self.begin, self.end = find_minute(self.zone, first_day, 0), find_minute(self.zone, last_day, DAY)
        hours = Hours.prepare_statements(self.staff_ids, first_day, self.reached)
        asked = [*hours, self._ask_time_off(), self._ask_visits()]
        *self.held, weekly, special, away, visits = run_in_one_trip(*holds, *asked)
        self.hours = Hours.read(weekly, special, first_day, self.reached)
        self._offered: dict[int, list[Minute]] = {}
        self.away = self.forbid_by_time_off(away)
        self.busy = self.forbid_by_visits(visits)

    def reload(self, *, after: Asked) -> None:
        """Look again at what others may have booked until (statement, values) `after` was done."""
        # Visits alone: hours and time off are under no lock, so a second look would be no more certain than the first.
        _, visits = run_in_one_trip(after, self._ask_visits())
        self.busy = self.forbid_by_visits(visits)

    def _ask_time_off(self) -> Asked:
        """What to run for the rows of `forbid_by_time_off`."""
        return _prepare_time_off(), {
            "staff": self.staff_ids,
            "organization": self.organization.pk,
            # Of whole days, the night may go on after they ended; what is found too much forbids nothing.
            "begin": find_instant(self.begin) - 2 * NIGHT,
            "end": find_instant(self.end + self.need.duration),
        }

    def forbid_by_time_off(self, rows: Iterable[AwayRow]) -> dict[int, list[Span]]:
        """The starts that time off and closures forbid, by person."""
        forbidden: dict[int, list[Span]] = defaultdict(list)
        for row in rows:
            for pk in self.staff_ids if row[0] is None else (row[0],):
                for begin, end in self.hours.find_spans_away(pk, row, self.zone):
                    # Without the buffers: people may prepare and clean up in time off, only not receive anybody.
                    forbidden[pk].append((begin - self.need.duration, end))
        # _keep_outside() wants them by their begin; a closure and an absence come in any order.
        return {pk: sorted(spans) for pk, spans in forbidden.items()}

    @property
    def reach(self) -> tuple[int, int]:
        """How many minutes a visit is busy before its start, and from then on."""
        return self.need.buffer_before, self.need.duration + self.need.buffer_after

    def _ask_visits(self) -> Asked:
        """What to run for the rows of `forbid_by_visits`."""
        before, after = self.reach
        begin, end = find_instant(self.begin - before), find_instant(self.end + after)
        return _prepare_busy_visits(), {
            "staff": self.staff_ids,
            "begin": begin,
            "end": end,
            "earliest": begin - LONGEST_VISIT,
            "latest": end + LONGEST_VISIT,
            # Always a number, as the statement is prepared with one; no visit has the id 0.
            "exclude": self.exclude or 0,
        }

    def forbid_by_visits(self, rows: Iterable[BusyRow]) -> dict[int, list[Span]]:
        """The starts that other visits forbid, by person: busy ranges may touch, not overlap."""
        before, after = self.reach
        forbidden: dict[int, list[Span]] = defaultdict(list)
        for staff, busy_from, busy_until in rows:
            # Outwards to whole minutes: a visit that psql placed at half a minute would lose that half to its
            # neighbour.
            forbidden[staff].append((floor_to_minute(busy_from) - after, ceil_to_minute(busy_until) + before))
        return {pk: sorted(spans) for pk, spans in forbidden.items()}

    @cached_property
    def earliest(self) -> Minute:
        """The first start that leaves a client's notice."""
        return ceil_to_minute(self.now + timedelta(minutes=self.organization.min_notice))

    @cached_property
    def horizon(self) -> Minute:
        """Where the first date begins that is too far ahead."""
        # By their dates, not by 24 hours each: between here and there the clocks may change, and people count days.
        today = self.now.astimezone(self.zone).date()
        return find_minute(self.zone, today + timedelta(days=self.organization.max_advance_days + 1), 0)

    def find_offered(self, staff: int) -> list[Minute]:
        """The starts on the grid of somebody's hours, whether free or not."""
        if staff not in self._offered:
            interval = self.organization.slot_interval
            self._offered[staff] = self.hours.find_starts(staff, self.days[0], self.days[-1], self.zone, interval)
        return self._offered[staff]

    def sift(self, staff: int, starts: list[Minute], ignoring: Collection[str] = ()) -> list[list[Minute]]:
        """What remains of ascending `starts` after each of STAGES, in their order; those in `ignoring` cut nothing."""
        remaining = []
        for stage, cut in zip(STAGES, self.cuts(staff), strict=True):
            # The order decides what people are told: the first stage that leaves nothing gives the reason.
            starts = starts if stage in ignoring else cut(starts)
            remaining.append(starts)
        return remaining

    def cuts(self, staff: int) -> tuple[Cut, ...]:
        """One function per stage: ascending starts → those it leaves."""
        return (
            lambda starts: _keep_inside(starts, self.find_windows(staff)),
            lambda starts: _keep_outside(starts, self.away.get(staff, ())),
            lambda starts: _keep_offered(starts, self.find_offered(staff)),
            lambda starts: starts[bisect_left(starts, self.earliest) :],
            lambda starts: starts[: bisect_left(starts, self.horizon)],
            lambda starts: _keep_outside(starts, self.busy.get(staff, ())),
        )

    def find_windows(self, staff: int) -> list[Span]:
        """Between which starts a whole visit lies inside somebody's hours."""
        stretches = self.hours.find_windows(staff, self.days[0], self.reached, self.zone)
        return [(begin, end - self.need.duration) for begin, end in stretches]

    def find_refusal(self, staff: int, start: Minute, ignoring: Collection[str] = ()) -> str | None:
        """The stage that refuses this start, or None when it is free."""
        remaining = self.sift(staff, [start], ignoring)
        return next((stage for stage, left in zip(STAGES, remaining, strict=True) if not left), None)

    def find_openings(self, ignoring: Collection[str] = ()) -> tuple[dict[Minute, list[int]], dict[date, str]]:
        """Who is free at which start (a dict by ascending start), and why each date without one has none.

        `ignoring` are those of STAGES that cut nothing.
        """
        sifted = {staff: [self.find_offered(staff)] for staff in self.staff_ids}
        for staff, remaining in sifted.items():
            # They are the grid: sifted against itself, all of it would be left.
            remaining += self.sift(staff, remaining[0], ignoring=(OFF_GRID, *ignoring))
        slots: dict[Minute, list[int]] = defaultdict(list)
        for staff, remaining in sifted.items():
            for start in remaining[-1]:
                slots[start].append(staff)
        slots = dict(sorted(slots.items()))
        starts = list(slots)
        empty = [day for day in self.days if not self.count(starts, day)]
        return slots, {day: self.explain_empty_date(sifted.values(), day) for day in empty}

    def count(self, starts: list[Minute], day: date) -> int:
        """How many of the ascending starts fall on a date."""
        # From midnight to midnight: a day on which the clocks change has 1380 or 1500 minutes.
        return bisect_left(starts, find_minute(self.zone, day, DAY)) - bisect_left(
            starts, find_minute(self.zone, day, 0)
        )

    def explain_empty_date(self, sifted: Iterable[list[list[Minute]]], day: date) -> str:
        """Where the date's last start vanished, whoever's it was."""
        lasted = max((sum(self.count(starts, day) > 0 for starts in lists) for lists in sifted), default=0)
        return REASONS[STAGES[max(lasted, 1) - 1]]


def _keep_inside(starts: list[Minute], windows: Iterable[Span]) -> list[Minute]:
    """The starts that lie in one of the ascending, disjoint windows, bounds included."""
    kept: list[Minute] = []
    for first, last in windows:
        # Right of the last start, which is one itself: the visit that ends as the hours do is the one that is asked for
        # most.
        kept += starts[bisect_left(starts, first) : bisect_right(starts, last)]
    return kept


def _keep_outside(starts: list[Minute], spans: Iterable[Span]) -> list[Minute]:
    """The starts that lie strictly inside none of the spans, which ascend by their begin."""
    kept: list[Minute] = []
    position = 0
    for begin, end in spans:
        # Spans may overlap, as absences and closures do, so the position never goes back.
        left = max(position, bisect_right(starts, begin))
        kept += starts[position:left]
        position = max(left, bisect_left(starts, end))
    return kept + starts[position:]


def _keep_offered(starts: list[Minute], offered: Iterable[Minute]) -> list[Minute]:
    """The starts that are offered."""
    offered = set(offered)
    return [start for start in starts if start in offered]


@dataclass(frozen=True)
class Openings:
    """An answer to `search`.

    `people` are names by id; `slots` are (start, end, ids of who is free) by ascending start, both in the
    organization's zone; `days` are (date, number of starts, one of REASONS or None) for every date asked for.
    """

    service: Service
    duration: int  # minutes
    people: dict[int, str]
    slots: list[tuple[datetime, datetime, list[int]]]
    days: list[tuple[date, int, str | None]]
    for_clients: tuple[datetime, datetime]  # from when, and until when, clients may book


def search(
    *,
    service: Service,
    first_day: date,
    last_day: date,
    now: datetime,
    staff_ids: Collection[int] = (),
    duration: int | None = None,
    moved: Appointment | None = None,
    any_day: bool = False,
) -> Openings:
    """The free times of a service on local dates, both included, with those named or whoever performs it.

    `duration` is in minutes. A visit that is `moved` stands in nobody's way and keeps its length, buffers and person,
    whatever became of them. `any_day` offers what is too soon or too far ahead for clients, too. Raises FieldRefused.
    """
    _refuse_span(first_day, last_day, duration)
    if not (moved or service.is_active):
        raise FieldRefused("service", "inactive", _("%(name)s is not active.") % {"name": service})
    people = _choose_people(service, staff_ids, moved)
    calendar = Calendar(
        organization=service.organization,
        staff_ids=list(people),
        first_day=first_day,
        last_day=last_day,
        need=measure_need_of_visit(moved) if moved else measure_need(service, duration),
        now=now,
        exclude=moved.pk if moved else None,
    )
    return _collect_openings(service, people, calendar, (TOO_SOON, TOO_FAR_AHEAD) if any_day else ())


def _refuse_span(first_day: date, last_day: date, duration: int | None) -> None:
    if not 1 <= (last_day - first_day).days + 1 <= LONGEST_SEARCH_DAYS:
        raise FieldRefused("to", "invalid", _("Ask for 1 to %(most)s days.") % {"most": LONGEST_SEARCH_DAYS})
    if (duration or 0) > DAY_OF_MINUTES:
        raise FieldRefused("duration", "invalid", _("At most %(most)s minutes.") % {"most": DAY_OF_MINUTES})


def _choose_people(service: Service, staff_ids: Collection[int], moved: Appointment | None) -> dict[int, str]:
    """The names of those asked for, or of everybody who may be booked, by ascending id. Raises FieldRefused."""
    people = list_performers(service)
    if moved and moved.staff.is_active:
        people |= {moved.staff_id: moved.staff.name}
    if set(staff_ids) - set(people):
        raise FieldRefused("staff", "does_not_exist", _("There is no row with this id."))
    return {pk: people[pk] for pk in sorted(set(staff_ids) or people)}


def _collect_openings(
    service: Service, people: dict[int, str], calendar: Calendar, ignoring: Collection[str]
) -> Openings:
    slots, reasons = calendar.find_openings(ignoring)
    starts, duration, zone = list(slots), calendar.need.duration, calendar.zone
    return Openings(
        service,
        duration,
        people,
        [(find_instant(start, zone), find_instant(start + duration, zone), free) for start, free in slots.items()],
        [(day, calendar.count(starts, day), reasons.get(day)) for day in calendar.days],
        (find_instant(calendar.earliest, zone), find_instant(calendar.horizon, zone)),
    )
