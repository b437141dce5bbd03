"""Visits whose instant no longer shows the time agreed, because the rules of their zone or the zone itself changed.

People agreed on what a clock shows, so the instant gives way. Where it cannot, people have to talk to each other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from appointments import booking
from appointments.models import Appointment
from appointments.placing import hold_calendars
from appointments.refusals import AsksAboutVisits, AwayThen, SlotTaken, VisitsInTheWay
from appointments.working_time.absences import find_absences
from appointments.working_time.hours import (
    NIGHT,
    Hours,
    Span,
    ceil_to_minute,
    find_instant,
    find_minute,
    floor_to_minute,
    is_shown,
)
from clientline import wording, zones
from organizations import homes
from organizations.audit import pause_audit
from organizations.changing import KEEP_INSTANT
from organizations.models import Organization

# The stretches of constant offset come from Python's rules: an instant plus seconds is an instant by any rules, and
# sessions are in UTC. Without %(organization)s, of all.
OF_ONE = "(%(organization)s::bigint IS NULL OR a.organization_id = %(organization)s::bigint)"
STRAYS = f"""
    SELECT a.id, a.organization_id
    FROM appointments a JOIN organizations o ON o.id = a.organization_id
    JOIN unnest(%(zones)s::text[], %(begins)s::timestamptz[], %(ends)s::timestamptz[], %(seconds)s::int[])
        AS span (zone, begins, ends, seconds)
        ON span.zone = o.timezone AND a.appointment_date >= span.begins AND a.appointment_date < span.ends
    WHERE a.status = 'scheduled' AND a.appointment_date > %(now)s AND {OF_ONE}
        AND a.local_start <> (a.appointment_date + span.seconds * interval '1 second')::timestamp
        AND {homes.IS_HERE.format("o.id")}
"""  # noqa: S608 -- ours
FURTHEST = f"""
    SELECT timezone, max(appointment_date) FROM appointments a JOIN organizations o ON o.id = a.organization_id
    WHERE status = 'scheduled' AND appointment_date > %(now)s AND {OF_ONE} GROUP BY timezone
"""  # noqa: S608 -- ours
NOTE = """
    UPDATE organizations SET zone_rules = %(rules)s, visits_to_rezone = coalesce(found.visits, 0)
    FROM organizations same LEFT JOIN unnest(%(ids)s::bigint[], %(visits)s::int[]) AS found (id, visits) USING (id)
    WHERE same.id = organizations.id
        AND (organizations.zone_rules, organizations.visits_to_rezone) <> (%(rules)s, coalesce(found.visits, 0))
"""
FILL = """
    UPDATE appointments SET local_start = (appointment_date + %s * interval '1 second')::timestamp
    WHERE organization_id = %s AND appointment_date >= %s AND appointment_date < %s AND local_start IS NULL
"""
TIME_GONE = gettext_lazy("The clocks skip this time on that date.")


class Outcome(NamedTuple):
    moved: list[Appointment]  # as they are now
    stuck: list[tuple[Appointment, str]]  # and why


# Looking


def find_stray_parameters(now: datetime, organization: Organization | None = None) -> dict[str, Any]:
    """The values for STRAYS: which offset each zone keeps from when until when, as far ahead as there are visits.

    Of a zone without rules nobody knows what its clocks show: its visits stay.
    """
    asked: dict[str, Any] = {"now": now, "organization": organization and organization.pk}
    with connection.cursor() as cursor:
        cursor.execute(FURTHEST, asked)
        found = [(name, last + zones.SECOND) for name, last in cursor.fetchall() if name in zones.list_readable_zones()]
    spans = [(name, *span) for name, last in found for span in zones.split_by_offset(zones.find_zone(name), now, last)]
    names, begins, ends, offsets = map(list, zip(*spans, strict=True)) if spans else ([], [], [], [])
    seconds = [int(offset.total_seconds()) for offset in offsets]
    return asked | {"zones": names, "begins": begins, "ends": ends, "seconds": seconds}


def find_strays(*, now: datetime, organization: Organization | None = None) -> dict[int, int]:
    """The coming visits that do not show the time agreed, by id → the id of their organization."""
    with connection.cursor() as cursor:
        cursor.execute(STRAYS, find_stray_parameters(now, organization))
        return dict(cursor.fetchall())


def count_strays(*, now: datetime) -> dict[int, int]:
    """Count the strays by the rules in force, and note for each organization how many there are. Returns them all."""
    found = find_strays(now=now)
    counts = Counter(found.values())
    # It tells of nothing that anybody did.
    with pause_audit(), connection.cursor() as cursor:
        cursor.execute(NOTE, {"rules": zones.RULES, "ids": list(counts), "visits": list(counts.values())})
    return found


def find_due() -> QuerySet[Organization]:
    """The organizations at home here that nobody has looked at by the rules in force."""
    return homes.keep_those_here(Organization.objects.exclude(zone_rules=zones.RULES), "id")


def fill_in_agreed_times(organization: Organization) -> None:
    """Take for the times agreed, where nothing is said of them, what the clocks of this machine showed until now."""
    visits = Appointment.objects.filter(organization=organization, local_start=None)
    first, last = visits.aggregate(first=Min("appointment_date"), last=Max("appointment_date")).values()
    if first is None:
        return
    zone = zones.find_machine_zone(organization.timezone)
    with connection.cursor() as cursor:
        for begin, end, offset in zones.split_by_offset(zone, first, last + zones.SECOND):
            cursor.execute(FILL, [offset.total_seconds(), organization.pk, begin, end])


# Moving


def rezone_strays(*, now: datetime, by: User | None = None) -> Iterator[Outcome]:
    """Move all strays that can be moved, each person's in a transaction of its own. Yields Outcomes.

    Running twice at once does no harm: the second waits for the rows, and finds them in place.
    """
    ids = list(find_strays(now=now))
    people = Appointment.objects.filter(pk__in=ids).values_list("organization", "staff").distinct()
    for organization, staff in people.order_by("organization", "staff"):
        with transaction.atomic():
            # Rows before the calendar, as everywhere: who moves a visit holds its row and waits for the calendar.
            # What was found may have moved meanwhile, so it is looked at again under the locks.
            visits = _lock_visits(Appointment.objects.filter(pk__in=ids, organization=organization, staff=staff))
            hold_calendars([staff])
            zone = Organization.objects.get(pk=organization).zone
            found = [visit for visit in visits if _is_stray(visit, zone, now)]
            yield _put_right(found, zone, by=by, now=now)


def _lock_visits(visits: QuerySet[Appointment]) -> list[Appointment]:
    """The rows, by id, until the transaction ends. Before any calendar: see `placing`."""
    # Only the visits' own rows: of the joined ones a lock would hold up every booking of the organization.
    rows = visits.select_related("organization", "client", "staff", "service").order_by("id")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def _is_coming(visit: Appointment, now: datetime) -> bool:
    return visit.status == Appointment.Status.SCHEDULED and visit.appointment_date > now


def _is_stray(visit: Appointment, zone: tzinfo, now: datetime) -> bool:
    shown = zones.read_wall_clock(visit.appointment_date, zone)
    return _is_coming(visit, now) and visit.local_start is not None and visit.local_start != shown


def _put_right(
    visits: list[Appointment], zone: tzinfo, *, by: User | None, now: datetime, heeding_time_off: bool = True
) -> Outcome:
    """Move visits, whose rows and calendars are held, to where the clocks of `zone` show their time. An Outcome.

    They are of one organization. `heeding_time_off`, nobody is moved into it.
    """
    targets = {visit: find_instant_showing(_read_agreed_clock(visit), zone) for visit in visits}
    away = _find_times_off(targets, zone) if heeding_time_off else {}
    stuck = {
        visit: why for visit in visits if (why := _find_refusal(visit, targets[visit], away.get(visit.staff_id, ())))
    }
    free = {visit: start for visit, start in targets.items() if start is not None and visit not in stuck}
    waiting = _sort_by_way(free)
    moved: list[Appointment] = []
    while waiting:
        left = []
        for visit in waiting:
            try:
                moved.append(
                    booking.keep_agreed_time(by=by, visit=visit, appointment_date=free[visit], zone=zone, now=now)
                )
            except SlotTaken:
                left.append(visit)
        if len(left) == len(waiting):
            break
        waiting = left  # what was in their way may have moved, too
    stuck |= dict.fromkeys(waiting, str(SlotTaken.detail))
    return Outcome(moved, sorted(stuck.items(), key=lambda each: (each[0].appointment_date, each[0].pk)))


def find_instant_showing(local: datetime, zone: tzinfo) -> datetime | None:
    """The first instant at which the clocks show this; None where they skip it."""
    minute = local.hour * 60 + local.minute
    if not is_shown(zone, local.date(), minute):
        return None
    return find_instant(find_minute(zone, local.date(), minute)) + timedelta(
        seconds=local.second, microseconds=local.microsecond
    )


def _sort_by_way(targets: dict[Appointment, datetime]) -> list[Appointment]:
    """Nobody waits for a place that the next one is about to leave."""
    earlier = [visit for visit, start in targets.items() if start < visit.appointment_date]
    later = [visit for visit, start in targets.items() if start >= visit.appointment_date]
    by_time = attrgetter("appointment_date", "pk")
    return sorted(earlier, key=by_time) + sorted(later, key=by_time, reverse=True)


def _find_times_off(targets: dict[Appointment, datetime | None], zone: tzinfo) -> dict[int, list[Span]]:
    """When the people of these visits are away about their new starts, by person."""
    dates = [start.astimezone(zone).date() for start in targets.values() if start is not None]
    if not dates:
        return {}
    staff_ids = {visit.staff_id for visit in targets}
    hours = Hours.load(staff_ids, min(dates), max(dates) + 2 * NIGHT)
    organization = next(iter(targets)).organization
    return find_absences(organization=organization, staff_ids=staff_ids, hours=hours, zone=zone)


def _find_refusal(visit: Appointment, start: datetime | None, away: Iterable[Span]) -> str | None:
    """Why a visit cannot move to an instant, whoever else is booked; None where nothing is against it."""
    if start is None:
        return str(TIME_GONE)
    begin, end = floor_to_minute(start), ceil_to_minute(start + (visit.ends_at - visit.appointment_date))
    return str(AwayThen.detail) if any(first < end and last > begin for first, last in away) else None


# Another zone


def follow_zone(organization: Organization, zone: tzinfo, wish: str | None, *, by: User | None, now: datetime) -> None:
    """What coming visits do when their organization's zone becomes `zone`; its row is locked.

    A booking of this very moment may still bring the old zone's time: `find_strays` finds it. Raises AsksAboutVisits,
    where there are visits and no wish, and VisitsInTheWay.
    """
    coming = _find_coming(organization, zone, now)
    first = coming.select_related("organization").order_by("appointment_date", "id").first()
    if wish is None and first is not None:
        raise AsksAboutVisits(coming.count(), _write_example(first, zone))
    if wish == KEEP_INSTANT:
        _keep_instants(organization, zone, by=by, now=now)
    elif first is not None:
        visits = _find_moving(zone, _hold_coming_visits(coming))
        if stuck := _put_right(visits, zone, by=by, now=now, heeding_time_off=False).stuck:
            raise VisitsInTheWay(stuck)


def _keep_instants(organization: Organization, zone: tzinfo, *, by: User | None, now: datetime) -> None:
    """Also of what is cancelled: who reopens it finds it beside the others. Of that nothing is told to anybody."""
    status = Appointment.Status
    ahead = Appointment.objects.filter(organization=organization, appointment_date__gt=now)
    # Held with the others, before any calendar: who reopens one has its row, and waits for the calendar.
    visits = _hold_coming_visits(ahead.filter(status__in=[status.SCHEDULED, status.CANCELLED]))
    scheduled = [visit for visit in visits if visit.status == status.SCHEDULED]
    booking.keep_instants(by=by, visits=scheduled, zone=zone, now=now)
    cancelled = [visit for visit in visits if visit.status == status.CANCELLED]
    for visit in cancelled:
        visit.local_start = zones.read_wall_clock(visit.appointment_date, zone)
    Appointment.objects.bulk_update(cancelled, ["local_start"], batch_size=1000)


def _find_coming(organization: Organization, zone: tzinfo, now: datetime) -> QuerySet[Appointment]:
    """The visits to come by the present clocks or by those of `zone`, where a time that seemed over may lie ahead."""
    visits = Appointment.objects.filter(organization=organization, status=Appointment.Status.SCHEDULED)
    # Whose client is there takes place now, whatever the clocks say.
    seems_over = Q(local_start__gt=zones.read_wall_clock(now, zone), arrived_at=None)
    return visits.filter(Q(appointment_date__gt=now) | seems_over, appointment_date__gt=now - zones.FURTHEST_APART)


def _write_example(visit: Appointment, zone: tzinfo) -> str:
    """What either wish means for a visit, in a sentence."""
    agreed, shown = visit.agreed_start, zones.read_wall_clock(visit.appointment_date, zone)
    return _(
        "The next one, number %(number)s, was agreed for %(agreed)s: it stays at that time, or it is at %(shown)s."
    ) % {
        "number": visit.pk,
        "agreed": wording.write_shared_moment(agreed),
        "shown": wording.write_shared_moment(shown),
    }


def _hold_coming_visits(coming: QuerySet[Appointment]) -> list[Appointment]:
    """The visits, locked, while nobody is placed with anybody who gives one; also those that came while we waited."""
    # Locked twice: while we wait for the calendars, visits come that the first look did not see.
    visits = _lock_visits(coming)
    hold_calendars([visit.staff_id for visit in visits])
    return _lock_visits(coming)


def _find_moving(zone: tzinfo, visits: list[Appointment]) -> list[Appointment]:
    """Those which the clocks of `zone` show at another time than was agreed."""
    return [
        visit for visit in visits if _read_agreed_clock(visit) != zones.read_wall_clock(visit.appointment_date, zone)
    ]


def _read_agreed_clock(visit: Appointment) -> datetime:
    """The time agreed, also where psql left it out."""
    return visit.agreed_start.replace(tzinfo=None)
