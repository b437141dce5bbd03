"""Taking back: a cancelled visit is reopened at its place, and the last move of a visit is undone.

What was done together, to a group or a series, is undone together. Nothing is forgotten: the history tells of the move
and of its undoing, and it is from there that the former values come. Callers hold the visits (`companions`).
"""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.models import User
from appointments import booking, history
from appointments.amendments.alterations import read_terms, record_kept_notes
from appointments.amendments.companions import was_moved_along
from appointments.amendments.rezoning import TIME_GONE, find_instant_showing
from appointments.availability import Need, measure_need_of_visit
from appointments.models import Appointment, AppointmentHistory
from appointments.placing import (
    catch_slot_taken,
    hold_people_and_calendars,
    load_calendar,
    make_time_columns,
    refuse_turned,
    take_slot,
)
from appointments.refusals import ChangedSince, InvalidTransition, NothingToUndo
from appointments.signals import visit_undone
from clientline.database.changes import save_changes
from clientline.refusals import FieldRefused
from clientline.zones import read_wall_clock

UNDO_WITHIN = timedelta(minutes=10)
SCHEDULED_AGAIN: dict[str, Any] = {
    "status": Appointment.Status.SCHEDULED,
    "cancelled_at": None,
    "cancelled_by": None,
    "cancellation_reason": "",
    "cancelled_on_behalf_of": "",
}
Values = dict[str, Any]


def reopen(*, by: User | None, visit: Appointment, now: datetime, reason: str = "") -> Appointment:
    """Make a cancelled visit scheduled again, while its place is free; a waiver of its fee ends.

    Raises InvalidTransition, FieldRefused where one of the two has left, and SLOT_REFUSALS.
    """
    if visit.status != Appointment.Status.CANCELLED:
        raise InvalidTransition(visit, "scheduled", now)
    was_waived, was_at = visit.fee_waived, visit.appointment_date
    with catch_slot_taken():
        again = _restore_cancelled(visit) | {"fee_waived": False, "overbooked": False, "sequence": visit.sequence + 1}
        _put_back(visit, again, now)
        told = {"was": Appointment.Status.CANCELLED.value, "became": visit.status, "reason": reason}
        history.record_fact(visit, "reopened", by=by, now=now, **told)
        history.record_changed(visit, "fee_waived", was_waived, by=by, now=now)
        _remember_other_instant(visit, was_at, by=by, now=now)
        booking.tell_of_visits([visit], "reopened", now)
    return visit


def undo(*, by: User | None, visit: Appointment, now: datetime) -> Appointment:
    """Take back the last move of a visit, with all that it changed, or nothing.

    Only the caller's own move of the last UNDO_WITHIN, after which nothing else happened. Raises NothingToUndo,
    ChangedSince, FieldRefused where somebody has left, and SLOT_REFUSALS.
    """
    visits = [visit, *_lock_moved_along(visit)]
    moves = [(each, _find_last_move(each, by, now)) for each in visits]
    if len({facts[0].at for _, facts in moves}) > 1:
        raise ChangedSince(gettext("Another visit that was moved with this one has changed since."))
    with catch_slot_taken():
        if len(visits) > 1:
            _hold_places(moves)
        for each, facts in _order_moves(moves):
            _take_back(each, facts, by=by, now=now)
        booking.tell_of_visits(visits, "undone", now)
    return visit


def _restore_cancelled(visit: Appointment) -> Values:
    """The columns of a cancelled visit that is scheduled again, where clocks show the time agreed by now.

    Nobody moves cancelled visits when rules or a zone change. Raises FieldRefused where clocks skip that time.
    """
    zone, agreed = visit.organization.zone, visit.agreed_start.replace(tzinfo=None)
    if agreed == read_wall_clock(visit.appointment_date, zone):
        return SCHEDULED_AGAIN
    start = find_instant_showing(agreed, zone)
    if start is None:
        raise FieldRefused("appointment_date", "invalid", TIME_GONE)
    by_how_much = start - visit.appointment_date
    return SCHEDULED_AGAIN | {name: getattr(visit, name) + by_how_much for name in booking.INSTANTS}


def _remember_other_instant(visit: Appointment, was_at: datetime, *, by: User | None, now: datetime) -> None:
    if visit.appointment_date != was_at:
        former = copy(visit)
        former.appointment_date = was_at
        times = {"was": history.write_agreed_time(former), "became": history.write_agreed_time(visit)}
        history.record_fact(visit, "rezoned", by=by, now=now, **times)


def _lock_moved_along(visit: Appointment) -> QuerySet[Appointment]:
    along = Appointment.objects.filter(was_moved_along(visit), organization=visit.organization_id).exclude(pk=visit.pk)
    return along.order_by("id").select_for_update(no_key=True, of=("self",))


def _find_last_move(visit: Appointment, by: User | None, now: datetime) -> list[AppointmentHistory]:
    """The facts of the last move, the one that names it first. Raises NothingToUndo and ChangedSince."""
    facts = list(visit.history.select_related("by").order_by("-at", "-id"))
    if not any(fact.action in UNDOABLE for fact in facts) or facts[0].action == "undone":
        raise NothingToUndo
    last = [fact for fact in facts if (fact.at, fact.by_id) == (facts[0].at, facts[0].by_id)][::-1]
    if last[0].action == "undone":
        raise NothingToUndo
    if last[0].action not in UNDOABLE or last[0].by_id != (by.pk if by else None):
        raise ChangedSince(gettext("Since then: %(fact)s.") % {"fact": history.describe_history(visit)[0]["text"]})
    if now - last[0].at > UNDO_WITHIN:
        raise NothingToUndo(gettext("What was done last is too long ago to be undone."))
    return last


def _hold_places(moves: list[tuple[Appointment, list[AppointmentHistory]]]) -> None:
    """Everybody concerned, before the first visit goes back: one after the other, two undoings could cross."""
    places = [placed for visit, facts in moves for placed in (visit, _restore(visit, facts))]
    people = {pk for placed in places for pk in (placed.client_id, placed.staff_id)}
    hold_people_and_calendars(people, {placed.staff_id for placed in places})


def _order_moves(
    moves: list[tuple[Appointment, list[AppointmentHistory]]],
) -> Iterable[tuple[Appointment, list[AppointmentHistory]]]:
    """So that none goes back to where the next one still is: what goes back to a later time, the last one first."""
    visit, facts = moves[0]
    later = _restore(visit, facts).appointment_date > visit.appointment_date
    return sorted(moves, key=lambda move: (move[0].appointment_date, move[0].pk), reverse=later)


def _take_back(visit: Appointment, facts: list[AppointmentHistory], *, by: User | None, now: datetime) -> None:
    move, values, was = facts[0], _find_former_values(visit, facts), copy(visit)
    if move.action in TOLD_TO_CALENDARS and {fact.action for fact in facts} != OF_THE_PRICE:
        values["sequence"] = visit.sequence + 1  # it counts on: calendars know the move
    _put_back(visit, values, now)
    history.record_fact(visit, "undone", by=by, now=now, was=move.action, became=visit.status)
    record_kept_notes(was, visit, by=by, now=now)
    for fact in facts:
        if fact.action not in TOLD_BY_UNDONE:
            history.record_fact(visit, fact.action, by=by, now=now, was=fact.became, became=fact.was)
    if move.action == "cancelled":
        _remember_other_instant(visit, was.appointment_date, by=by, now=now)
    _put_notes_back(visit, facts)
    visit_undone.send(sender=Appointment, visit=visit, since=move.at, now=now)


def _put_notes_back(visit: Appointment, facts: list[AppointmentHistory]) -> None:
    """In a change of its own: of one with the hand-over, the audit would tell what was noted for both clients."""
    for fact in facts:
        if fact.action == "notes_kept":
            save_changes(visit, {"notes": fact.reason})


def _restore(visit: Appointment, facts: list[AppointmentHistory]) -> Appointment:
    """The visit as it was before these facts, unsaved."""
    former = copy(visit)
    for name, value in _find_former_values(visit, facts).items():
        setattr(former, name, value)
    return former


def _find_former_values(visit: Appointment, facts: list[AppointmentHistory]) -> Values:
    values: Values = {}
    former = copy(visit)
    for fact in facts:
        found = FORMER_VALUES[fact.action](former, fact.was) if fact.action in FORMER_VALUES else {}
        # One upon the other: the end is counted from the start and the length that were found before.
        for name, value in found.items():
            setattr(former, name, value)
        values |= found
    return values


def _put_back(visit: Appointment, values: Values, now: datetime) -> None:
    """Save former values; where they take a place in somebody's calendar, only while it is free.

    Raises FieldRefused and SLOT_REFUSALS.
    """
    former = copy(visit)
    for name, value in values.items():
        setattr(former, name, value)
    if _takes_place(visit, former):
        named, start = former.staff_id, former.appointment_date
        around = visit.organization, [named], start, measure_need_of_visit(former), now, visit.pk
        calendar = load_calendar(*around, held=[former.client_id, named])
        refuse_turned(calendar, client=former.client, staff=former.staff)
        told = {"named": named, "overbook": former.overbooked, "also_lock": [visit.staff_id]}
        # Free hand, whoever undoes: hours and notice were left when the visit was placed there, or not at all.
        _, overbooked = take_slot(calendar, start, free_hand=True, **told)
        values = values | {"overbooked": overbooked}
    elif former.client_id != visit.client_id:
        _hold_client(former, now)
    save_changes(visit, values)


def _hold_client(former: Appointment, now: datetime) -> None:
    """Whom a visit goes back to: it and its notes must not go to somebody who is erased in this moment."""
    around = former.organization, [former.staff_id], former.appointment_date, measure_need_of_visit(former), now
    refuse_turned(load_calendar(*around, former.pk, held=[former.client_id]), client=former.client)


def _takes_place(visit: Appointment, former: Appointment) -> bool:
    """Whether its person is kept busy at a time at which they are not yet."""
    if former.status == Appointment.Status.CANCELLED:
        return False
    grown = former.busy_from < visit.busy_from or former.busy_until > visit.busy_until
    return visit.status == Appointment.Status.CANCELLED or former.staff_id != visit.staff_id or grown


def _was_at(visit: Appointment, was: str) -> Values:
    start, need = history.parse_agreed_time(was), measure_need_of_visit(visit)
    return make_time_columns(start.astimezone(visit.organization.zone), need, visit.organization.zone)


def _restore_length(visit: Appointment, was: str) -> Values:
    return _place_again(visit, replace(measure_need_of_visit(visit), duration=int(was)))


def _restore_terms(visit: Appointment, was: str) -> Values:
    columns, buffers = read_terms(was)
    return columns | _place_again(visit, replace(measure_need_of_visit(visit), **buffers))


def _place_again(visit: Appointment, need: Need) -> Values:
    placed = make_time_columns(visit.appointment_date, need)
    return {name: placed[name] for name in ("ends_at", "busy_from", "busy_until")}


def _read_moment(was: str) -> datetime | None:
    return datetime.fromisoformat(was) if was else None


# By a fact's action, what the columns were before it.
FORMER_VALUES: dict[str, Callable[[Appointment, str], Values]] = {
    "completed": lambda visit, was: {"status": was},
    "no_show": lambda visit, was: {"status": was},
    "cancelled": lambda visit, was: _restore_cancelled(visit),
    "rescheduled": _was_at,
    "reassigned": lambda visit, was: {"staff_id": int(was)},
    "arrived": lambda visit, was: {"arrived_at": None},
    "in_service": lambda visit, was: {"in_service_at": None},
    "arrived_changed": lambda visit, was: {"arrived_at": _read_moment(was)},
    "in_service_changed": lambda visit, was: {"in_service_at": _read_moment(was)},
    "service_changed": lambda visit, was: {"service_id": int(was)},
    "duration_changed": _restore_length,
    "client_changed": lambda visit, was: {"client_id": int(was), "notes": ""},
    "price_changed": lambda visit, was: {"price": Decimal(was)},
    "terms_changed": _restore_terms,
    "series_changed": lambda visit, was: {"series": UUID(was)},
    "group_changed": lambda visit, was: {"group": UUID(was)},
    "fee_waived_changed": lambda visit, was: {"fee_waived": was == "true"},
    "overbooked_changed": lambda visit, was: {"overbooked": was == "true"},
    "stranded_changed": lambda visit, was: {"stranded": was == "true"},
}
OF_THE_PRICE = {"changed", "price_changed"}  # a change of nothing else, of which neither calendars nor clients heard
TOLD_TO_CALENDARS = ("cancelled", "rescheduled", "reassigned", "changed")
# By the first fact of a move, what it was.
UNDOABLE = ("completed", "no_show", "cancelled", "rescheduled", "reassigned", "arrived", "in_service", "changed")
# What `undone` says enough of; the rest the history tells the other way round.
MARKS = ("arrived", "in_service", "arrived_changed", "in_service_changed")
TOLD_BY_UNDONE = ("completed", "no_show", "cancelled", "changed", "notes_kept", *MARKS)
