"""Visits that are stranded: their person was to be there then, and no longer is.

Who books outside of hours on purpose strands nobody, so what is stored is what a change left behind: `watch` compares
the coming visits before and after it, and remembers what came to be in the way. What is moved, or has none of that in
the way any more, is stranded no longer; what was booked on purpose does not count then either.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, tzinfo
from functools import cache, partial
from typing import TypeAlias

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from appointments.models import Appointment, TimeOff
from appointments.working_time.absences import find_absences
from appointments.working_time.hours import NIGHT, Hours, Span, ceil_to_minute, find_midnight, floor_to_minute
from organizations.models import Organization

OUTSIDE_HOURS, AWAY, LEFT = "outside_hours", "away", "left"

Problems: TypeAlias = dict[int, set[str]]  # by a visit's id, why its person is not there
Days: TypeAlias = tuple[date, date] | None  # the first and last local date on which visits may be concerned; None: any
VisitRow: TypeAlias = tuple[int, int, datetime, datetime]  # ids of the visit and its person, start, end


@contextmanager
def watch(
    *,
    organization: Organization,
    now: datetime,
    staff_ids: Collection[int] | None = None,
    days: Days = None,
    zone_after: tzinfo | None = None,
) -> Iterator[list[int]]:
    """Inside, hours, time off or the zone change; afterwards the list holds the ids of the visits that this stranded.

    `staff_ids` None means everybody; `zone_after` is the zone that the organization is about to get.
    """
    stranded: list[int] = []
    with transaction.atomic():
        coming = _find_coming(organization, now, staff_ids, days)
        before = find_problems(organization, coming, organization.zone)
        yield stranded
        after = find_problems(organization, coming, zone_after or organization.zone)
        new = {pk: problems - before.get(pk, problems) for pk, problems in after.items()}
        stranded += [pk for pk, problems in new.items() if problems]
        _note_reasons(coming, after, new)


@contextmanager
def watch_person(*, person: User, now: datetime) -> Iterator[None]:
    """Inside, somebody's last day changes; afterwards their `strands` are the ids of the visits that this stranded."""
    with watch(organization=person.organization, now=now, staff_ids=[person.pk]) as stranded:
        yield
    person.strands = stranded  # type: ignore[attr-defined]  # read by whoever answers


def review(*, organization: Organization, staff_ids: Collection[int], now: datetime) -> None:
    """Find out which visits of people who came back are stranded no longer."""
    coming = _find_coming(organization, now, staff_ids, None)
    problems = find_problems(organization, coming, organization.zone)
    _note_reasons(coming, problems, {}, kept=())


def find_problems(organization: Organization, visits: QuerySet[Appointment], zone: tzinfo) -> Problems:
    """Why the people of these visits are not there by the clocks of `zone`; an empty set for those who are."""
    rows: list[VisitRow] = list(visits.values_list("id", "staff", "appointment_date", "ends_at"))
    if not rows:
        return {}
    staff_ids = {staff for _, staff, _, _ in rows}
    first = min(start for *_, start, _ in rows).astimezone(zone).date()
    last = max(end for *_, end in rows).astimezone(zone).date()
    hours = Hours.load(staff_ids, first, last)
    away = find_absences(organization=organization, staff_ids=staff_ids, hours=hours, zone=zone)
    # Of the dates of each visit alone: most of those between the first visit and the last, years later, have none.
    find_windows = cache(partial(hours.find_windows, zone=zone))
    problems: Problems = {}
    for pk, staff, start, end in rows:
        visit = floor_to_minute(start), ceil_to_minute(end)
        windows = find_windows(staff, start.astimezone(zone).date(), end.astimezone(zone).date())
        problems[pk] = set() if any(_covers(window, visit) for window in windows) else {OUTSIDE_HOURS}
        if any(_overlaps(span, visit) for span in away.get(staff, ())):
            problems[pk].add(AWAY)
    return problems


def strand_visits_of(*, staff: int, now: datetime) -> list[int]:
    """Mark all coming visits of somebody who leaves. Returns their ids."""
    visits = Appointment.objects.filter(staff=staff, status=Appointment.Status.SCHEDULED, appointment_date__gt=now)
    reasons = {pk: {LEFT, *by.split()} for pk, by in visits.values_list("id", "stranded_by")}
    _save_reasons(reasons)
    return list(reasons)


def fill_in(organization: Organization, now: datetime) -> None:
    """Mark the visits of an older version's file as the migration does: by time off, and by who is deactivated."""
    away = TimeOff.objects.filter(
        Q(staff=None) | Q(staff=OuterRef("staff")),
        organization=organization,
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("appointment_date"),
    )
    coming = _find_coming(organization, now, None, None)
    coming.filter(Q(staff__is_active=False) | Exists(away)).update(stranded=True)


def _find_coming(
    organization: Organization, now: datetime, staff_ids: Collection[int] | None, days: Days
) -> QuerySet[Appointment]:
    visits = Appointment.objects.filter(
        organization=organization, status=Appointment.Status.SCHEDULED, appointment_date__gt=now
    )
    if staff_ids is not None:
        visits = visits.filter(staff__in=staff_ids)
    if days is None:
        return visits
    # A day more on either side: a night reaches beyond its date, and a visit lasts up to a day.
    begin, end = (
        find_midnight(organization.zone, days[0]) - NIGHT,
        find_midnight(organization.zone, days[1]) + 2 * NIGHT,
    )
    return visits.filter(appointment_date__gte=begin, appointment_date__lt=end)


def _note_reasons(
    visits: QuerySet[Appointment], problems: Problems, new: Problems, kept: Collection[str] = (LEFT,)
) -> None:
    """Save what strands visits by now: what did before and still is in the way, and what is `new` there.

    `kept` stays whatever the hours are: who left strands visits by that alone.
    """
    reasons: Problems = {pk: set(found) for pk, found in new.items() if found}
    known = visits.filter(stranded=True).values_list("id", "stranded_by", "staff__is_active")
    for pk, by, is_active in known:
        # Of before reasons were remembered: anything that is in the way may be it.
        before = set(by.split()) or {OUTSIDE_HOURS, AWAY, *(() if is_active else (LEFT,))}
        # One that was booked in this moment was not looked at: it stays as it is.
        reasons[pk] = before & {*problems.get(pk, before), *kept} | reasons.get(pk, set())
    _save_reasons(reasons)


def _save_reasons(reasons: Problems) -> None:
    together: dict[str, list[int]] = defaultdict(list)
    for pk, by in reasons.items():
        together[" ".join(sorted(by))].append(pk)
    for told, ids in together.items():
        Appointment.objects.filter(pk__in=ids).update(stranded=bool(told), stranded_by=told)


def _covers(window: Span, visit: Span) -> bool:
    return window[0] <= visit[0] and visit[1] <= window[1]


def _overlaps(span: Span, visit: Span) -> bool:
    return span[0] < visit[1] and visit[0] < span[1]
