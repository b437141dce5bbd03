"""Booking: the only writer of a visit's time and status. `placing` says how a slot is taken.

The functions that change a visit expect its row to be locked by the caller: row first, then calendars.
`by` is who does it; None is a command, which may do all.
"""

from collections.abc import Callable, Collection
from copy import copy
from datetime import datetime, tzinfo
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from appointments import history
from appointments.availability import Calendar, Need, measure_need, measure_need_of_visit
from appointments.lateness import find_cutoff, is_late
from appointments.models import Appointment, Side
from appointments.placing import (
    catch_slot_taken,
    ensure_transaction,
    load_calendar,
    make_time_columns,
    prepare_visit_insertion,
    refuse_sides,
    refuse_too_many_ahead,
    refuse_turned,
    refuse_unstorable_times,
    take_slot,
)
from appointments.refusals import DoesNotPerform, InvalidTransition, SlotTaken, TooLate
from appointments.signals import visit_cancelled, visits_changed
from clientline.currencies import refuse_fractions
from clientline.database.changes import differs, save_changes
from clientline.refusals import FieldRefused
from clientline.zones import read_wall_clock
from services.models import Service
from services.performing import ask_whether_performs, list_performers, performs

INSTANTS = ("appointment_date", "ends_at", "busy_from", "busy_until")
NOT_ARRIVED = {"arrived_at": None, "in_service_at": None}
# What a move may change, by the fact that tells it; `undoing.FORMER_VALUES` has the way back of each.
TOLD_OF_PLACES: dict[str, Callable[[Appointment], object]] = {
    "rescheduled": history.write_agreed_time,
    "reassigned": attrgetter("staff_id"),
    "arrived_changed": lambda visit: history.write_moment(visit.arrived_at),
    "in_service_changed": lambda visit: history.write_moment(visit.in_service_at),
}
POLICY_SNAPSHOT = ("cancellation_notice", "cancellation_grace", "late_cancellation_fee", "no_show_fee")


def may_act(by: User | None, action: str) -> bool:
    """Whether `by` may do this to any visit at all. None, a command, may."""
    return by is None or by.may("appointments", action)


def book(
    *,
    by: User | None,
    client: User,
    service: Service,
    appointment_date: datetime,
    now: datetime,
    staff: User | None = None,
    among: Collection[int] | None = None,
    duration: int | None = None,
    price: Decimal | None = None,
    notes: str = "",
    internal_notes: str = "",
    overbook: bool = False,
    series: UUID | None = None,
    group: UUID | None = None,
) -> Appointment:
    """Save a scheduled visit with the price, length, buffers and policy of this moment.

    Without `staff`, whoever is free `among` these ids (default: all performers) and has least to do gets it.
    `duration` (minutes) and `price` default to the service's. `overbook` books beside another visit if need
    be. Raises FieldRefused and SLOT_REFUSALS.
    """
    refuse_sides(client=client, staff=staff)
    refuse_to_meet(service=service, staff=None)  # whether they perform it is asked with their calendar
    refuse_fractions("price", price, service.organization.currency)
    need = measure_need(service, duration)
    refuse_unstorable_times(appointment_date, need)
    visit = Appointment(
        organization=service.organization,
        client=client,
        staff=staff,
        service=service,
        notes=notes,
        internal_notes=internal_notes,
        series=series,
        group=group,
        created_by=by,
        created_at=now,
        **freeze_terms(service, price),
        **make_time_columns(appointment_date, need, service.organization.zone),
    )
    candidates = [staff.pk] if staff else among or list_performers(service)
    # No savepoint of its own: the INSERT says ON CONFLICT DO NOTHING, so a race that is lost leaves the caller's
    # transaction whole. An INSERT that raised would abort it, and with it the visits of a series booked before.
    with ensure_transaction():
        limit_visits_ahead(by, client, 1, now)
        calendar = _hold_and_load_calendar(visit, staff, candidates, need, now)
        _save_booked(visit, calendar, by=by, now=now, overbook=overbook)
    return visit


def limit_visits_ahead(by: User | None, client: User, more: int, now: datetime) -> None:
    """Raises TooManyAhead where the rules hold for `by`, and the client may not have so many `more`."""
    if not may_act(by, "bend_rules"):
        refuse_too_many_ahead(client, more, now)


def _save_booked(visit: Appointment, calendar: Calendar, *, by: User | None, now: datetime, overbook: bool) -> None:
    """Give the visit its person, whom it may name, and save it. Raises SLOT_REFUSALS."""
    visit.staff_id, visit.overbooked = take_slot(
        calendar,
        visit.appointment_date,
        free_hand=may_act(by, "bend_rules"),
        named=visit.staff_id,
        overbook=overbook,
    )
    # The calendar's lock holds back whoever takes it, not psql: the constraint has the last word.
    if not prepare_visit_insertion().save(visit):
        raise SlotTaken
    history.record_fact(visit, "booked", by=by, now=now, became=history.write_agreed_time(visit))
    history.record_changed(visit, "overbooked", False, by=by, now=now)
    tell_of_visits([visit], "booked", now)


def tell_of_visits(visits: list[Appointment], happened: str, now: datetime) -> None:
    """Let the apps above hear of it, in this transaction."""
    visits_changed.send(sender=Appointment, visits=visits, happened=happened, now=now)


def _hold_and_load_calendar(
    visit: Appointment, staff: User | None, candidates: Collection[int], need: Need, now: datetime
) -> Calendar:
    """What decides about a new visit. Whoever may have it is held from here on. Raises FieldRefused."""
    around = visit.organization, candidates, visit.appointment_date, need, now
    besides = [ask_whether_performs(staff, visit.service)] if staff else []
    calendar = load_calendar(*around, held=[visit.client_id, *candidates], to_hold=visit.staff_id, besides=besides)
    performers = calendar.held.pop() if staff else None
    refuse_turned(calendar, client=visit.client, staff=staff)
    if staff and not performers:
        raise DoesNotPerform(staff, visit.service)
    return calendar


def freeze_terms(service: Service, price: Decimal | None = None) -> dict[str, Any]:
    """The price and the policy of this moment: later changes to either touch no booked visit."""
    policy = {name: getattr(service.organization, name) for name in POLICY_SNAPSHOT}
    return policy | {"price": service.price or 0 if price is None else price, "tax_rate": service.tax_rate}


def reschedule(
    *,
    by: User | None,
    visit: Appointment,
    appointment_date: datetime,
    now: datetime,
    staff: User | None = None,
    overbook: bool = False,
) -> Appointment:
    """Move a scheduled visit to another time or person; its length and buffers stay.

    Raises InvalidTransition, TooLate, FieldRefused and SLOT_REFUSALS.
    """
    refuse_unless_scheduled(visit, "scheduled", now)
    _refuse_after_cutoff(by, visit, now)
    staff = staff or visit.staff
    # Of the visit, not of its service, which may be shorter or longer by now: what was promised keeps its length.
    need, zone = measure_need_of_visit(visit), visit.organization.zone
    placed = make_time_columns(appointment_date, need, zone) | {"staff": staff}
    # Also where only the clocks' reading differs: moving to the same instant agrees on the time that is shown now.
    if not any(differs(visit, name, placed[name]) for name in ("appointment_date", "local_start", "staff")):
        return visit
    refuse_to_meet(service=visit.service, staff=staff, performing=staff.pk != visit.staff_id)
    newcomer = [staff.pk] if staff.pk != visit.staff_id else []
    refuse_unstorable_times(appointment_date, need)
    with catch_slot_taken():
        calendar = load_calendar(visit.organization, [staff.pk], appointment_date, need, now, visit.pk, held=newcomer)
        if newcomer:
            refuse_turned(calendar, staff=staff)
        # The old calendar, too: two moves into each other's place would meet at the constraint, and deadlock there.
        _, overbooked = take_slot(
            calendar,
            appointment_date,
            free_hand=may_act(by, "bend_rules"),
            named=staff.pk,
            overbook=overbook,
            also_lock=[visit.staff_id],
        )
        save_placed(
            visit,
            placed | {"overbooked": overbooked, "stranded": False, "stranded_by": "", "sequence": visit.sequence + 1},
            by=by,
            now=now,
        )
        tell_of_visits([visit], "moved", now)
    return visit


def save_placed(visit: Appointment, changes: dict[str, Any], *, by: User | None, now: datetime) -> None:
    """Save another time or person, and remember what of it is another. Who comes another day has not arrived yet."""
    was, zone = copy(visit), visit.organization.zone
    start = changes.get("appointment_date", visit.appointment_date)
    if start.astimezone(zone).date() != visit.appointment_date.astimezone(zone).date():
        changes = changes | NOT_ARRIVED
    save_changes(visit, changes)
    for action, read in TOLD_OF_PLACES.items():
        if read(was) != read(visit):
            history.record_fact(visit, action, by=by, now=now, was=read(was), became=read(visit))
    for name in ("overbooked", "stranded"):
        history.record_changed(visit, name, getattr(was, name), by=by, now=now)


def keep_agreed_time(
    *, by: User | None, visit: Appointment, appointment_date: datetime, zone: tzinfo, now: datetime
) -> Appointment:
    """Move a visit to the instant at which the clocks of `zone` show the time agreed, which is the same time to people.

    What it overlaps knowingly it may go on to overlap. The caller holds its row and its person's calendar; `visit`
    is left as it was where another is in the way. Raises SlotTaken.
    """
    # A copy: the savepoint takes the row back, but not what was set on the object.
    was, moved, by_how_much = history.write_agreed_time(visit), copy(visit), appointment_date - visit.appointment_date
    with catch_slot_taken():
        changes = {name: getattr(visit, name) + by_how_much for name in INSTANTS}
        changes |= {"local_start": read_wall_clock(appointment_date, zone), "sequence": visit.sequence + 1}
        save_changes(moved, changes)
        history.record_fact(moved, "rezoned", by=by, now=now, was=was, became=history.write_agreed_time(moved, zone))
        _tell_of_rezoned([moved], zone, now)
    return moved


def keep_instants(*, by: User | None, visits: list[Appointment], zone: tzinfo, now: datetime) -> None:
    """Take what the clocks of `zone` show for these visits, which stay where they are, for the time agreed.

    The history tells of both times. The caller holds their rows.
    """
    facts = []
    for visit in visits:
        was = history.write_agreed_time(visit)
        visit.local_start, visit.version = read_wall_clock(visit.appointment_date, zone), visit.version + 1
        visit.sequence += 1
        became = history.write_agreed_time(visit, zone)
        facts.append(history.make_fact(visit, "rezoned", by=by, now=now, was=was, became=became, reason=""))
    # Past save_changes(), for a year of visits in few statements; so the version is counted by hand above.
    Appointment.objects.bulk_update(visits, ["local_start", "version", "sequence"], batch_size=1000)
    history.save_facts(facts)
    _tell_of_rezoned(visits, zone, now)


def _tell_of_rezoned(visits: list[Appointment], zone: tzinfo, now: datetime) -> None:
    """Let the apps above hear of visits whose organization may be about to get this zone."""
    for visit in visits:
        # Its row is saved last. By the old zone's nights an SMS would be planned that is due by night, and so left out.
        visit.organization = copy(visit.organization)
        visit.organization.timezone = str(zone)
    tell_of_visits(visits, "rezoned", now)


def cancel(
    *,
    by: User | None,
    visit: Appointment,
    now: datetime,
    reason: str = "",
    waive_fee: bool = False,
    on_behalf_of: str | None = None,
) -> Appointment:
    """Free the slot. Staff and above say why, and whose doing it is: the organization's, unless they say the client's.

    Only the client's costs a fee, and only theirs is a late cancellation. Raises InvalidTransition, TooLate,
    FieldRefused.
    """
    refuse_unless_scheduled(visit, "cancelled", now)
    _refuse_after_cutoff(by, visit, now)
    if not reason and may_act(by, "bend_rules"):
        raise FieldRefused("reason", "required", _("Say why the visit is cancelled."))
    changes = {
        "status": Appointment.Status.CANCELLED,
        "cancelled_at": now,
        "cancelled_by": by,
        "cancellation_reason": reason,
        "cancelled_on_behalf_of": on_behalf_of or guess_side(by),
        "sequence": visit.sequence + 1,
        "fee_waived": waive_fee,
    }
    # What hears of it writes in this transaction: both are saved, or neither.
    with transaction.atomic():
        _change_status(visit, changes, by=by, now=now, reason=reason)
        visit_cancelled.send(sender=Appointment, visit=visit, now=now)
    return visit


def guess_side(by: User | None) -> str:
    """On whose behalf somebody cancels who does not say so."""
    return Side.ORGANIZATION if may_act(by, "bend_rules") else Side.CLIENT


def complete(*, by: User | None, visit: Appointment, now: datetime) -> Appointment:
    """Raises InvalidTransition, also before the visit's start."""
    refuse_unless_scheduled(visit, "completed", now)
    _refuse_before_start(visit, "completed", now)
    return _change_status(visit, {"status": Appointment.Status.COMPLETED}, by=by, now=now)


def mark_no_show(*, by: User | None, visit: Appointment, now: datetime, waive_fee: bool = False) -> Appointment:
    """Raises InvalidTransition, also before the visit's start."""
    refuse_unless_scheduled(visit, "no_show", now)
    _refuse_before_start(visit, "no_show", now)
    return _change_status(visit, {"status": Appointment.Status.NO_SHOW, "fee_waived": waive_fee}, by=by, now=now)


def correct(
    *, by: User | None, visit: Appointment, status: str, reason: str, now: datetime, waive_fee: bool | None = None
) -> Appointment:
    """Turn completed into no-show or back. Raises InvalidTransition."""
    if {visit.status, status} != {Appointment.Status.COMPLETED, Appointment.Status.NO_SHOW}:
        raise InvalidTransition(visit, status, now)
    # None leaves the waiver as it is; False would charge after all.
    changes = {"status": status} | ({} if waive_fee is None else {"fee_waived": waive_fee})
    return _change_status(visit, changes, by=by, now=now, action="corrected", reason=reason)


def _change_status(
    visit: Appointment,
    changes: dict[str, Any],
    *,
    by: User | None,
    now: datetime,
    action: str | None = None,
    reason: str = "",
) -> Appointment:
    """Save a change of status and remember it, and whether its fee is waived."""
    was, was_waived = visit.status, visit.fee_waived
    with transaction.atomic():
        save_changes(visit, changes)
        history.record_fact(visit, action or visit.status, by=by, now=now, was=was, became=visit.status, reason=reason)
        history.record_changed(visit, "fee_waived", was_waived, by=by, now=now)
        tell_of_visits([visit], action or visit.status, now)
    return visit


def revise(
    *, by: User | None, visit: Appointment, changes: dict[str, Any], now: datetime, reason: str = ""
) -> Appointment:
    """Save notes, price and fee waiver; the last two are remembered, the price with the `reason` of a discount.

    Raises InvalidTransition and FieldRefused.
    """
    price = changes.get("price", visit.price)
    if price != visit.price:
        refuse_fractions("price", price, visit.organization.currency)
        if visit.status == Appointment.Status.CANCELLED:
            raise InvalidTransition(visit, "cancelled", now)
    was = {"price": visit.price, "fee_waived": visit.fee_waived}
    with transaction.atomic():
        save_changes(visit, changes)
        for name, value in was.items():
            history.record_changed(visit, name, value, by=by, now=now, reason=reason if name == "price" else "")
    return visit


def hand_over(*, by: User | None, client: User, to: User, now: datetime, reason: str) -> int:
    """Make all visits of a client another's. Returns how many; their payments go with them."""
    with transaction.atomic():
        # In id order, like everybody who locks several visits, and without a calendar: no time changes.
        rows = Appointment.objects.filter(client=client).select_for_update(no_key=True, of=("self",))
        visits = list(rows.order_by("id"))
        # Past save_changes(), so the version is counted here: an ETag from before must not match any more.
        Appointment.objects.filter(pk__in=[visit.pk for visit in visits]).update(client=to, version=F("version") + 1)
        history.record_facts(visits, "client_changed", by=by, now=now, was=client.pk, became=to.pk, reason=reason)
    return len(visits)


def _refuse_after_cutoff(by: User | None, visit: Appointment, now: datetime) -> None:
    if not may_act(by, "bend_rules") and is_late(visit, now):
        raise TooLate(find_cutoff(visit))


def refuse_unless_scheduled(visit: Appointment, to: str, now: datetime) -> None:
    """Raises InvalidTransition, which names the status that was wanted."""
    if visit.status != Appointment.Status.SCHEDULED:
        raise InvalidTransition(visit, to, now)


def _refuse_before_start(visit: Appointment, to: str, now: datetime) -> None:
    if now < visit.appointment_date:
        raise InvalidTransition(visit, to, now)


def refuse_to_meet(
    *, service: Service, staff: User | None, client: User | None = None, performing: bool = True
) -> None:
    """Whatever the time: these may not meet. Raises FieldRefused."""
    refuse_sides(client=client, staff=staff)
    if performing and not service.is_active:
        raise FieldRefused("service", "inactive", _("%(name)s is not active.") % {"name": service})
    if staff and performing and not performs(staff, service):
        raise DoesNotPerform(staff, service)
