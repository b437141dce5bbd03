"""What a booked visit is: another service, length or client, at the time and with the person it has."""

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField

from accounts.models import User
from appointments import booking, history
from appointments.availability import Need, measure_need, measure_need_of_visit
from appointments.models import Appointment
from appointments.placing import (
    catch_slot_taken,
    load_calendar,
    make_time_columns,
    refuse_turned,
    refuse_unstorable_times,
    take_slot,
)
from appointments.signals import client_of_visit_changing
from clientline.currencies import refuse_fractions
from clientline.database.changes import save_changes
from services.models import Service

Values = dict[str, Any]
TERMS = (*booking.POLICY_SNAPSHOT, "tax_rate")
NONE = "none"
BUFFERS = ("buffer_before", "buffer_after")


def change_visit(
    *,
    by: User | None,
    visit: Appointment,
    now: datetime,
    service: Service | None = None,
    duration: int | None = None,
    client: User | None = None,
    price: Decimal | None = None,
    overbook: bool = False,
) -> Appointment:
    """Change what a scheduled visit is, with the refusals of a booking; what is None stays.

    Another service brings its length, buffers and tax. Another service or client brings the price of this moment, and
    each change but that of the price alone the policy; a longer visit keeps the price that was agreed. Who changes
    hands leaves series and group, and the notes to the history. Expects the row to be locked. Raises InvalidTransition,
    FieldRefused, SLOT_REFUSALS, and what the apps above say of another client.
    """
    booking.refuse_unless_scheduled(visit, "scheduled", now)
    new_service = service if service and service.pk != visit.service_id else None
    new_client = client if client and client.pk != visit.client_id else None
    booking.refuse_to_meet(
        service=new_service or visit.service, staff=visit.staff, client=new_client, performing=new_service is not None
    )
    refuse_fractions("price", price, visit.organization.currency)
    need = _measure_changed_need(visit, new_service, duration)
    refuse_unstorable_times(visit.appointment_date, need)
    values = _list_values(visit, new_service, new_client, need, price)
    if not any(getattr(visit, name) != value for name, value in values.items()):
        return visit
    if new_client:
        client_of_visit_changing.send(sender=Appointment, visit=visit, client=new_client)
    with catch_slot_taken():
        values |= _take_room(visit, new_client, need, by=by, overbook=overbook, now=now)
        is_another = {name for name, value in values.items() if getattr(visit, name) != value} != {"price"}
        if is_another:
            values["sequence"] = visit.sequence + 1  # calendars show what it is, and till when
        was = copy(visit)
        save_changes(visit, values)
        _record_changes(was, visit, by=by, now=now)
        booking.tell_of_visits([visit], "changed" if is_another else "repriced", now)
    return visit


def _measure_changed_need(visit: Appointment, service: Service | None, duration: int | None) -> Need:
    if service:
        return measure_need(service, duration)
    present = measure_need_of_visit(visit)
    return Need(duration or present.duration, present.buffer_before, present.buffer_after)


def _list_values(
    visit: Appointment, service: Service | None, client: User | None, need: Need, price: Decimal | None
) -> Values:
    """The columns as they are to be, the present ones among them."""
    placed = make_time_columns(visit.appointment_date, need)
    values: Values = {name: placed[name] for name in ("ends_at", "busy_from", "busy_until")}
    asked_anew = booking.freeze_terms(service or visit.service)
    if service or client:
        values |= asked_anew
    elif values["ends_at"] != visit.ends_at:
        values |= {name: asked_anew[name] for name in booking.POLICY_SNAPSHOT}
    if price is not None:
        values["price"] = price
    if service:
        values["service_id"] = service.pk
    if client:
        values |= {"client_id": client.pk, "series": None, "group": None, "notes": ""}
    return values


def _take_room(
    visit: Appointment, client: User | None, need: Need, *, by: User | None, overbook: bool, now: datetime
) -> Values:
    """Hold a new client, and the calendar where more time is taken or a visit beside may be beside no longer."""
    placed = make_time_columns(visit.appointment_date, need)
    grows = placed["busy_from"] < visit.busy_from or placed["busy_until"] > visit.busy_until
    if not (grows or client or visit.overbooked):
        return {}
    around = visit.organization, [visit.staff_id], visit.appointment_date, need, now, visit.pk
    calendar = load_calendar(*around, held=[client.pk] if client else [])
    if client:
        refuse_turned(calendar, client=client)
        # Its person stays, and is not among those held.
        calendar.staff_ids = [visit.staff_id]
    if not (grows or visit.overbooked):
        return {}
    stays = visit.overbooked and not grows
    _, overbooked = take_slot(
        calendar,
        visit.appointment_date,
        free_hand=booking.may_act(by, "bend_rules"),
        named=visit.staff_id,
        overbook=overbook or stays,
    )
    return {"overbooked": overbooked}


def _record_changes(was: Appointment, visit: Appointment, *, by: User | None, now: datetime) -> None:
    """One fact that it was changed, then one for each thing that is another: `undoing` reads them."""
    history.record_fact(visit, "changed", by=by, now=now)
    record_kept_notes(was, visit, by=by, now=now)
    for action, read in TOLD.items():
        if read(was) != read(visit):
            history.record_fact(visit, action, by=by, now=now, was=read(was), became=read(visit))


def record_kept_notes(was: Appointment, visit: Appointment, *, by: User | None, now: datetime) -> None:
    """Remember what was noted for whoever had the visit; before the hand-over, which tells that it is theirs."""
    if was.client_id != visit.client_id and was.notes:
        history.record_fact(visit, "notes_kept", by=by, now=now, reason=was.notes)


def _write_length(visit: Appointment) -> str:
    return str((visit.ends_at - visit.appointment_date) // timedelta(minutes=1))


def _write_terms(visit: Appointment) -> str:
    need = measure_need_of_visit(visit)
    terms = {name: _write_term(name, getattr(visit, name)) for name in TERMS}
    buffers = {name: getattr(need, name) for name in BUFFERS}
    return ", ".join(f"{name} {value}" for name, value in (terms | buffers).items())


def _write_term(name: str, value: object) -> str:
    if value is None:
        return NONE
    is_percent = isinstance(Appointment._meta.get_field(name), DecimalField)
    return f"{Decimal(str(value)):.2f}" if is_percent else str(value)


def read_terms(text: str) -> tuple[Values, Values]:
    """The columns and the buffers that a fact about another policy tells."""
    told = dict(part.split(" ", 1) for part in text.split(", "))
    columns = {
        name: None if told[name] == NONE else Appointment._meta.get_field(name).to_python(told[name])  # type: ignore[union-attr]  # a column
        for name in TERMS
    }
    return columns, {name: int(told[name]) for name in BUFFERS}


# What is new here needs its way back in `undoing.FORMER_VALUES`: undoing would else leave it, without a word.
TOLD: dict[str, Callable[[Appointment], str]] = {
    "service_changed": lambda visit: str(visit.service_id),
    "duration_changed": _write_length,
    "client_changed": lambda visit: str(visit.client_id),
    "price_changed": lambda visit: str(Decimal(visit.price).quantize(Decimal("0.01"))),
    "terms_changed": _write_terms,
    "series_changed": lambda visit: str(visit.series or ""),
    "group_changed": lambda visit: str(visit.group or ""),
    "overbooked_changed": lambda visit: "true" if visit.overbooked else "false",
}
