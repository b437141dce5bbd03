"""Changing who works when: which visits that strands is said, and the past stays as reports have it.

Weekly hours that held before today go on as two rows: one that keeps what they were until yesterday, and the row
itself from today on. `today` is the organization's.
"""

from contextlib import AbstractContextManager
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from appointments.models import SpecialHours, TimeOff, WorkingHours
from appointments.working_time import stranding
from clientline.database.changes import differs, save_changes
from clientline.refusals import FieldRefused, Protected

DAY = timedelta(days=1)
CONTENT = ("staff", "weekday", "starts", "ends", "every_second_week")

Row = TypeVar("Row", WorkingHours, SpecialHours, TimeOff)
Period: TypeAlias = tuple[date | None, date | None]  # the first and the last date, where there are any


def add_row(*, model: type[Row], values: dict[str, Any], now: datetime) -> Row:
    """Save new hours or time off; `strands` of the row are the ids of the visits that it strands."""
    with _watch(model(**values), now=now) as stranded:
        row = model._default_manager.create(**values)
    row.strands = stranded
    return row


def change_row(*, row: Row, changes: dict[str, Any], now: datetime) -> Row:
    """Save `changes` to hours or time off, whose row the caller has locked. Says what it strands as `add_row` does.

    Raises what `change_hours` does.
    """
    changes = {name: value for name, value in changes.items() if differs(row, name, value)}
    if not changes:
        return row
    wanted = copy(row)
    for name, value in changes.items():
        setattr(wanted, name, value)
    with _watch(row, wanted, now=now) as stranded:
        if isinstance(row, WorkingHours):
            change_hours(row=row, changes=changes, today=row.organization.find_local_date(now))
        else:
            save_changes(row, changes)
    row.strands = stranded
    return row


def remove_row(*, row: Row, now: datetime) -> list[int]:
    """Delete hours or time off, whose row the caller has locked; weekly hours that held only end. Returns the visits
    that this strands.
    """
    with _watch(row, now=now) as stranded:
        if isinstance(row, WorkingHours):
            end_hours(row=row, today=row.organization.find_local_date(now))
        else:
            row.delete()
    return stranded


def change_hours(*, row: WorkingHours, changes: dict[str, Any], today: date) -> WorkingHours:
    """Save `changes` to weekly hours, whose row the caller has locked; it is the row from today on.

    They hold from today at the earliest; where others begin later, the present ones go on until then. Raises
    FieldRefused for hours that would be over already.
    """
    changes = {name: value for name, value in changes.items() if differs(row, name, value)}
    is_other = any(name in CONTENT for name in changes)
    held = _is_before((row.valid_from, row.valid_until), today)
    earliest = today if is_other or held is None else row.valid_from
    first, last = (changes.get(name, getattr(row, name)) for name in ("valid_from", "valid_until"))
    # Never before today for what held already: dates that are over were worked and reported by the former times.
    if earliest is not None:
        first = max(first or earliest, earliest)
    if held is None or not (is_other or _is_before((first, last), today) != held):
        save_changes(row, changes | {"valid_from": first})
        return row
    _keep_past(row, changes, first=max(first or today, today), last=last, until=today - DAY)
    return row


def end_hours(*, row: WorkingHours, today: date) -> None:
    """Let weekly hours, whose row the caller has locked, hold no more: what never held is deleted."""
    kept = _is_before((row.valid_from, row.valid_until), today)
    if kept is None:
        with transaction.atomic():
            row.delete()
    else:
        # It ends and stays: deleted, it would take the hours out of every report of the past.
        save_changes(row, {"valid_until": kept[1]})


def _watch(*rows: Row, now: datetime) -> AbstractContextManager[list[int]]:
    """Watch the visits that these rows may concern, each as it is or as it is to be."""
    staff_ids: list[int | None] = [row.staff_id for row in rows]  # None of a closure
    named = [staff for staff in staff_ids if staff is not None]
    days = [day for row in rows for day in _find_days(row)]
    return stranding.watch(
        organization=rows[0].organization,
        now=now,
        staff_ids=None if None in staff_ids else named,
        days=(min(days), max(days)) if days else None,
    )


def _find_days(row: Row) -> list[date]:
    """The dates that a row is about; none for weekly hours."""
    if isinstance(row, SpecialHours):
        return [row.date]
    if isinstance(row, TimeOff):
        return [row.organization.find_local_date(instant) for instant in (row.starts_at, row.ends_at)]
    return []


def rejoin(*, person: User, today: date) -> None:
    """Let the hours of somebody who comes back hold from today on: in the meantime they were not there."""
    gone = person.works_until
    if gone is not None and gone >= today - DAY:
        return
    with transaction.atomic():
        for row in WorkingHours.objects.filter(staff=person).select_for_update(no_key=True):
            _leave_gap(row, gone, today)
        meanwhile = SpecialHours.objects.filter(staff=person, date__lt=today, starts__isnull=False)
        # A special date in the gap would count as worked by somebody who was not there.
        (meanwhile if gone is None else meanwhile.filter(date__gt=gone)).delete()


def refuse_to_forget(*, person: User, today: date) -> None:
    """Raise Protected where reports of the past count the hours of somebody who is to be deleted."""
    if person.created_at.astimezone(person.organization.zone).date() >= today:
        return
    weekly = WorkingHours.objects.filter(staff=person).values_list("valid_from", "valid_until")
    special = SpecialHours.objects.filter(staff=person, date__lt=today, starts__isnull=False)
    if any(_is_before(period, today) for period in weekly) or special.exists():
        raise Protected(_("Reports count their working hours. Deactivate the person instead."))


def _is_before(period: Period, today: date) -> tuple[date | None, date] | None:
    """The part of a period that is over; None where nothing of it is."""
    first, last = period
    yesterday = today - DAY
    return None if first is not None and first > yesterday else (first, min(last or yesterday, yesterday))


def _keep_past(row: WorkingHours, changes: dict[str, Any], *, first: date, last: date | None, until: date) -> None:
    """Save `changes` to a row from `first` on, and what it was in a copy."""
    if last is not None and last < first:
        raise FieldRefused("valid_until", "invalid", _("What has been stays: choose yesterday or later."))
    is_other = any(name in CONTENT for name in changes)
    kept = _copy_until(row, first - DAY if is_other else until)
    with transaction.atomic():
        # The row first: until it begins later, the copy would overlap it.
        save_changes(row, changes | {"valid_from": first})
        if kept is not None:
            kept.save(force_insert=True)


def _copy_until(row: WorkingHours, last: date) -> WorkingHours | None:
    """An unsaved row that keeps what this one is until a date; None where it never held until then."""
    if row.valid_from is not None and row.valid_from > last:
        return None
    kept = copy(row)
    kept.pk, kept._state = None, copy(row._state)
    kept._state.adding = True
    kept.valid_until = min(row.valid_until or last, last)
    return kept


def _leave_gap(row: WorkingHours, gone: date | None, today: date) -> None:
    """Let a row hold until the date `gone` (None: not at all so far), and from today on."""
    kept = _copy_until(row, gone) if gone else None
    if row.valid_until is not None and row.valid_until < today:  # it is over, so only its end may lie in the gap
        if kept is None:
            row.delete()
        else:
            save_changes(row, {"valid_until": kept.valid_until})
        return
    save_changes(row, {"valid_from": max(row.valid_from or today, today)})
    if kept is not None:
        kept.save(force_insert=True)
