"""Changing who works when, so that the past stays: reports of dates that are over are the same afterwards.

Weekly hours that held before today go on as two rows: one that keeps what they were until yesterday, and the row
itself from today on. `today` is the organization's.
"""

from copy import copy
from datetime import date, timedelta
from typing import Any, TypeAlias

from django.db import transaction

from accounts.models import User
from appointments.models import SpecialHours, WorkingHours
from clientline.database.changes import differs, save_changes
from clientline.refusals import FieldRefused, Protected

DAY = timedelta(days=1)
CONTENT = ("staff", "weekday", "starts", "ends", "every_second_week")

Period: TypeAlias = tuple[date | None, date | None]  # the first and the last date, where there are any


def change_hours(*, row: WorkingHours, changes: dict[str, Any], today: date) -> WorkingHours:
    """Save `changes` to weekly hours, whose row the caller has locked; it is the row from today on.

    They hold from today at the earliest; where others begin later, the present ones go on until then. Raises
    FieldRefused for hours that would be over already.
    """
    changes = {name: value for name, value in changes.items() if differs(row, name, value)}
    is_other = any(name in CONTENT for name in changes)
    held = _before((row.valid_from, row.valid_until), today)
    earliest = today if is_other or held is None else row.valid_from
    first, last = (changes.get(name, getattr(row, name)) for name in ("valid_from", "valid_until"))
    # Never before today for what held already: dates that are over were worked and reported by the former times.
    if earliest is not None:
        first = max(first or earliest, earliest)
    if held is None or not (is_other or _before((first, last), today) != held):
        save_changes(row, changes | {"valid_from": first})
        return row
    _keep_past(row, changes, first=max(first or today, today), last=last, until=today - DAY)
    return row


def end_hours(*, row: WorkingHours, today: date) -> None:
    """Let weekly hours, whose row the caller has locked, hold no more: what never held is deleted."""
    kept = _before((row.valid_from, row.valid_until), today)
    if kept is None:
        with transaction.atomic():
            row.delete()
    else:
        # It ends and stays: deleted, it would take the hours out of every report of the past.
        save_changes(row, {"valid_until": kept[1]})


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
    if any(_before(period, today) for period in weekly) or special.exists():
        raise Protected("Reports count their working hours. Deactivate the person instead.")


def _before(period: Period, today: date) -> tuple[date | None, date] | None:
    """The part of a period that is over; None where nothing of it is."""
    first, last = period
    yesterday = today - DAY
    return None if first is not None and first > yesterday else (first, min(last or yesterday, yesterday))


def _keep_past(row: WorkingHours, changes: dict[str, Any], *, first: date, last: date | None, until: date) -> None:
    """Save `changes` to a row from `first` on, and what it was in a copy."""
    if last is not None and last < first:
        raise FieldRefused("valid_until", "invalid", "What has been stays: choose yesterday or later.")
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
