"""Moves of several visits at once: of one and the later ones of its series, or of all of its group; all or none.

Callers hold the visits first, see `companions`. Only what is scheduled moves along.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from appointments import booking
from appointments.amendments.companions import FOLLOWING, GROUP, SCOPES
from appointments.models import Appointment
from appointments.placing import hold_people_and_calendars
from appointments.refusals import SLOT_REFUSALS, OutsideWorkingHours
from appointments.working_time.hours import find_instant, find_minute, is_shown
from clientline import wording
from clientline.refusals import Forbidden


class Place(NamedTuple):
    visit: Appointment
    start: datetime
    staff: User | None  # None: whoever has it


def cancel_together(
    *, by: User | None, visit: Appointment, now: datetime, scope: str = "this", **details: Any
) -> Appointment:
    """Cancel a visit, with scope "following" also the later ones of its series, with "group" all of its group."""
    # All or none: of a series that is cancelled by half nobody knows for which half a fee is due.
    with transaction.atomic():
        booking.cancel(by=by, visit=visit, now=now, **details)
        for other in _lock_others(visit, by, scope, "cancel"):
            booking.cancel(by=by, visit=other, now=now, **details)
    return visit


def reschedule_together(
    *,
    by: User | None,
    visit: Appointment,
    appointment_date: datetime,
    now: datetime,
    staff: User | None = None,
    scope: str = "this",
    overbook: bool = False,
) -> Appointment:
    """Move a visit, with scope "following" also the later ones of its series, with "group" all of its group.

    A series moves by the same days and clock time, a group by the same span, so that it stays as it is. `staff` gets
    the later ones of the series, and of the group what the same person had. Raises what `booking.reschedule` does.
    """
    others = list(_lock_others(visit, by, scope, "reschedule"))
    if not others:
        return booking.reschedule(
            by=by, visit=visit, appointment_date=appointment_date, staff=staff, overbook=overbook, now=now
        )
    with transaction.atomic():
        places = [Place(visit, appointment_date, staff)]
        find_start = _follow_clock if scope == FOLLOWING else _keep_distance
        for other in others:
            takes_over = staff if scope == FOLLOWING or other.staff_id == visit.staff_id else None
            places.append(Place(other, find_start(visit, appointment_date, other), takes_over))
        _hold_places(places)
        for place in _order_places(places):
            _move(place, visit, by=by, overbook=overbook, now=now)
    return visit


def _lock_others(visit: Appointment, by: User | None, scope: str, action: str) -> QuerySet[Appointment]:
    """What is scheduled beside the visit in this scope, locked. Raises Forbidden for a group that is others', too."""
    if scope not in SCOPES:
        return Appointment.objects.none()
    here = {"organization": visit.organization_id, "status": Appointment.Status.SCHEDULED}
    others = Appointment.objects.filter(SCOPES[scope](visit), **here).exclude(pk=visit.pk)
    # Narrowed to what `by` may move: by the series alone, staff would cancel the visits of a colleague who took over.
    permitted = Appointment.objects.visible_to(by, "appointments", action) if by else Appointment.objects.all()
    mine = others.filter(pk__in=permitted.values("pk"))
    if scope == GROUP and mine.count() < others.count():
        raise Forbidden(_("Others give visits of this group, too: only who may change them all moves it as one."))
    return (
        mine.select_related("organization", "staff", "service")
        .select_for_update(no_key=True, of=("self",))
        .order_by("id")
    )


def _follow_clock(visit: Appointment, start: datetime, other: Appointment) -> datetime:
    """As many days and as much clock time later as the visit. Raises OutsideWorkingHours where no clock shows it."""
    zone = visit.organization.zone
    if start == visit.appointment_date:
        return other.appointment_date
    was, becomes = (instant.astimezone(zone).replace(tzinfo=None) for instant in (visit.appointment_date, start))
    wanted = other.appointment_date.astimezone(zone).replace(tzinfo=None) + (becomes - was)
    minute = wanted.hour * 60 + wanted.minute
    if not is_shown(zone, wanted.date(), minute):
        raise OutsideWorkingHours(f"{wanted.date()}: {_('The clocks skip this time on that date.')}")
    return find_instant(find_minute(zone, wanted.date(), minute))


def _keep_distance(visit: Appointment, start: datetime, other: Appointment) -> datetime:
    return other.appointment_date + (start - visit.appointment_date)


def _hold_places(places: Iterable[Place]) -> None:
    """Everybody concerned, before the first visit moves: one after the other, two such moves could cross."""
    staff = {pk for place in places for pk in (place.visit.staff_id, place.staff and place.staff.pk) if pk}
    hold_people_and_calendars(staff, staff)


def _order_places(places: list[Place]) -> list[Place]:
    """So that none moves to where the next one still is."""
    later = places[0].start - places[0].visit.appointment_date > timedelta(0)
    return sorted(places, key=lambda place: (place.visit.appointment_date, place.visit.pk), reverse=later)


def _move(place: Place, named: Appointment, *, by: User | None, overbook: bool, now: datetime) -> None:
    """Raises what `booking.reschedule` does, with the date where it is about another visit than the named one."""
    try:
        booking.reschedule(
            by=by, visit=place.visit, appointment_date=place.start, staff=place.staff, overbook=overbook, now=now
        )
    except tuple(SLOT_REFUSALS.values()) as refusal:
        if place.visit.pk == named.pk:
            raise
        local = place.start.astimezone(named.organization.zone)
        raise type(refusal)(
            f"{wording.write_shared_moment(local)}: {refusal.detail}", appointment=place.visit.pk
        ) from refusal
