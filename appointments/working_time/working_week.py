"""The weekly hours of one person from a date on, read and replaced as a whole.

The week is what holds today and for good. Hours that hold for a time, or begin later, are others: they are changed one
by one, together with the week.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from hashlib import sha256
from itertools import combinations
from typing import Any, TypeAlias

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from appointments.models import WorkingHours
from appointments.ranges import CYCLE
from appointments.working_time import roster, stranding
from appointments.working_time.hours import DAY, Span, count_minutes
from clientline.refusals import FieldRefused, Refused

# Weekday (0 is Monday) on which they begin, starts, ends, and 0 or 1 where they hold every second week.
WeeklyStretch: TypeAlias = tuple[int, time, time, int | None]
# The id of weekly hours, None of new ones, with their columns; or None where they are to end.
Change: TypeAlias = tuple[int | None, dict[str, Any] | None]


class HoursChanged(Refused):
    code = "hours_changed"
    detail = gettext_lazy("Somebody else changed these hours meanwhile.")


def load_with_others(staff: User, today: date) -> tuple[list[WeeklyStretch], list[WorkingHours]]:
    """The week, and the hours of today or later that are not of it: for a time, or from a later date on."""
    hours = WorkingHours.objects.filter(staff=staff).holding_from(today)
    rows = list(hours.order_by("weekday", "starts", "every_second_week", "id"))
    others = [row for row in rows if row.valid_until or (row.valid_from and row.valid_from > today)]
    return [_describe(row) for row in rows if row not in others], others


def digest_week(stretches: Iterable[WeeklyStretch], others: Iterable[WorkingHours] = ()) -> str:
    """Tells one week, with the hours beside it, from another."""
    told = [
        f"{weekday} {starts:%H:%M:%S} {ends:%H:%M:%S} {second}" for weekday, starts, ends, second in _sort(stretches)
    ]
    told += [f"{row.pk} {_describe(row)} {row.valid_from} {row.valid_until}" for row in others]
    return sha256("|".join(told).encode()).hexdigest()


def replace_week(
    *,
    staff: User,
    stretches: Collection[WeeklyStretch],
    seen: str,
    now: datetime,
    first: date | None = None,
    others: Collection[Change] = (),
) -> list[int]:
    """Make `stretches` the person's week from the date `first` on (None: today), all or nothing.

    `others` are changes of hours that are not of the week. `seen` is the digest of what was shown. Returns the ids of
    the visits that this strands. Raises HoursChanged where that is another by now, and FieldRefused for a date that is
    over. The constraints refuse stretches that overlap.
    """
    today = staff.organization.find_local_date(now)
    first = first or today
    if first < today:
        raise FieldRefused("first", "invalid", _("What has been stays: choose today or later."))
    with stranding.watch(organization=staff.organization, now=now, staff_ids=[staff.pk]) as stranded:
        # Two savers wait for each other.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=staff.pk)
        week, beside = load_with_others(staff, today)
        if digest_week(week, beside) != seen:
            raise HoursChanged
        known = {row.pk: row for row in beside}
        present = {_describe(row): row for row in _find_week(staff, today)}
        # Ended before the others come: the constraint against overlaps looks at each row at once.
        for stretch in _sort(present.keys() - set(stretches)):
            roster.end_hours(row=present[stretch], today=first)
        _end_others([known[pk] for pk, values in others if pk in known and values is None], today)
        WorkingHours.objects.bulk_create(
            _make_row(staff, stretch, first) for stretch in _sort(set(stretches) - present.keys())
        )
        _change_others(staff, known, [(pk, values) for pk, values in others if values is not None], today)
    return stranded


def _end_others(rows: Iterable[WorkingHours], today: date) -> None:
    for row in rows:
        roster.end_hours(row=row, today=today)


def _change_others(
    staff: User, known: dict[int, WorkingHours], changes: Iterable[tuple[int | None, dict[str, Any]]], today: date
) -> None:
    for pk, values in changes:
        if pk in known:
            roster.change_hours(row=known[pk], changes=values, today=today)
        else:
            first = max(values["valid_from"] or today, today)
            row = WorkingHours(organization_id=staff.organization_id, staff=staff, **values | {"valid_from": first})
            row.save(force_insert=True)


def find_overlaps(stretches: Collection[WeeklyStretch]) -> list[tuple[int, int]]:
    """The positions of stretches that overlap in some week, as the database would refuse them."""
    spans = [_find_spans_of_cycle(stretch) for stretch in stretches]
    return [
        (one, other)
        for (one, mine), (other, theirs) in combinations(enumerate(spans), 2)
        if any(a < d and c < b for a, b in mine for c, d in theirs)
    ]


def _find_week(staff: User, today: date) -> QuerySet[WorkingHours]:
    begun = Q(valid_from=None) | Q(valid_from__lte=today)
    return WorkingHours.objects.filter(begun, staff=staff, valid_until=None)


def _describe(row: WorkingHours) -> WeeklyStretch:
    return row.weekday, row.starts, row.ends, row.every_second_week


def _make_row(staff: User, stretch: WeeklyStretch, first: date) -> WorkingHours:
    names = ("weekday", "starts", "ends", "every_second_week")
    row = WorkingHours(organization_id=staff.organization_id, staff=staff, valid_from=first)
    for name, value in zip(names, stretch, strict=True):
        setattr(row, name, value)
    return row


def _sort(stretches: Iterable[WeeklyStretch]) -> list[WeeklyStretch]:
    return sorted(stretches, key=lambda each: (*each[:3], -1 if each[3] is None else each[3]))


def _find_spans_of_cycle(stretch: WeeklyStretch) -> list[Span]:
    """The minutes of the fourteen days; what goes on behind their end is there twice, as its begin, too."""
    weekday, starts, ends, second = stretch
    begin, end = count_minutes(starts, ends)
    days = [7 * week + weekday for week in ((0, 1) if second is None else (second,))]
    return [(day * DAY + begin + shift, day * DAY + end + shift) for day in days for shift in (-CYCLE, 0)]
