"""Time off and closures: when they keep somebody away, and what whole days are in instants."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from appointments.models import TimeOff
from appointments.working_time.hours import NIGHT, AwayRow, Hours, Span, find_midnight
from clientline import zones
from clientline.database.changes import differs, save_changes
from clientline.notations import EARLIEST, LATEST
from clientline.refusals import FieldRefused
from organizations import homes
from organizations.models import Organization

DATES, INSTANTS = ("from_date", "to_date"), ("starts_at", "ends_at")


def find_absences(
    *, organization: Organization, staff_ids: Collection[int], hours: Hours, zone: tzinfo
) -> dict[int, list[Span]]:
    """When people are away on the dates of their `hours`, by person; spans may overlap. Closures are everybody's."""
    # Wider than the dates: the night that begins on one of them ends on the next, and whole days go with their hours.
    rows = TimeOff.objects.filter(
        organization=organization,
        starts_at__lt=find_midnight(zone, hours.last) + 2 * NIGHT,
        ends_at__gt=find_midnight(zone, hours.first) - 2 * NIGHT,
    )
    found: Iterable[AwayRow] = rows.values_list("staff", "starts_at", "ends_at", "from_date", "to_date")
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in found:
        for staff in staff_ids if row[0] is None else {row[0]}.intersection(staff_ids):
            spans[staff] += hours.find_spans_away(staff, row, zone)
    return spans


def complete_times(given: dict[str, Any], present: TimeOff | None, zone: tzinfo) -> dict[str, Any]:
    """Values of a new or changed row, with the instants of whole days and without the dates of times.

    Of whole days, instants that are given count for nothing. Raises FieldRefused for what is missing, or too much.
    """
    values = {name: getattr(present, name, None) for name in (*DATES, *INSTANTS)} | given
    if present is not None and present.whole_days and not given.keys() & {"whole_days", *DATES}:
        _refuse_other_instants(present, given)
    if given.get("whole_days", present is not None and present.whole_days):
        first, last = _require(values, DATES)
        if last < first:
            raise FieldRefused("to_date", "invalid", _("The last date is not before the first."))
        return given | tell_days_as_instants(zone, first, last)
    if any(given.get(name) for name in DATES):
        named = next(name for name in DATES if given.get(name))
        raise FieldRefused(
            named, "invalid", _("Dates are for whole days: send `whole_days` as true, or times instead.")
        )
    _require(values, INSTANTS)
    return given | dict.fromkeys(DATES)


def tell_days_as_instants(zone: tzinfo, first: date, last: date) -> dict[str, datetime]:
    """The columns that say in instants when whole days are; a night that goes on after them is not counted."""
    # It is the dates that decide: in every zone the same ones have to be possible, the first and last of all too.
    starts_at = max(find_midnight(zone, first), EARLIEST)
    ends_at = min(find_midnight(zone, last + timedelta(days=1)), LATEST)
    # Clocks may skip a whole date, as Apia's did; no row takes no time.
    return {"starts_at": starts_at, "ends_at": max(ends_at, starts_at + timedelta(minutes=1))}


def move_whole_days(organization: Organization, zone: tzinfo) -> None:
    """Whole days are dates: in another zone they are other instants."""
    # Read back from the dates: instants that stayed in the old zone would be off by hours, and no page would show it.
    rows = TimeOff.objects.filter(organization=organization, whole_days=True).order_by("id")
    for row in rows.select_for_update(no_key=True):
        first, last = _require(vars(row), DATES)
        save_changes(row, tell_days_as_instants(zone, first, last))


def follow_rules(organizations: QuerySet[Organization]) -> None:
    """The same for those at home here, whose rules may be others by now; of zones without any, nobody knows."""
    days = TimeOff.objects.filter(organization=OuterRef("pk"), whole_days=True)
    here = homes.keep_those_here(organizations, "id")
    for found in here.filter(Exists(days), timezone__in=zones.list_readable_zones()):
        with transaction.atomic():
            # Held: by a zone that another one takes the place of meanwhile, the days would be put at wrong midnights.
            organization = Organization.objects.select_for_update(no_key=True).get(pk=found.pk)
            move_whole_days(organization, organization.zone)


def _refuse_other_instants(present: TimeOff, given: dict[str, Any]) -> None:
    for name in INSTANTS:
        if name in given and differs(present, name, given[name]):
            raise FieldRefused(name, "invalid", _("These are whole days: send dates, or `whole_days` as false."))


def _require(values: dict[str, Any], names: Iterable[str]) -> list[Any]:
    refusals = [FieldRefused(name, "required", _("This field is required.")) for name in names if values[name] is None]
    if refusals:
        refusals[0].errors = [error for refusal in refusals for error in refusal.errors]
        raise refusals[0]
    return [values[name] for name in names]
