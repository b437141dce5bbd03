"""Public holidays of an organization's country and region: proposed by the package `holidays`, closed by people.

It and others disagree about some countries, so nothing is closed by itself.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

import holidays
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from appointments.models import Appointment, TimeOff
from appointments.working_time import absences, roster
from appointments.working_time.hours import NIGHT, Hours, Span, ceil_to_minute, find_midnight, floor_to_minute
from appointments.working_time.stranding import VisitRow
from clientline.folding import fold
from clientline.refusals import FieldRefused, Refused
from organizations.models import Organization

LONGEST_REASON = 200


class HolidaysUnknown(Refused):
    code = "holidays_unknown"
    detail = gettext_lazy("Nobody here knows the public holidays of this country. Enter closures by hand.")


class Holiday(NamedTuple):
    """A public holiday: whether the whole organization is closed already, and the visits that a closure would hit."""

    date: date
    name: str
    is_closed: bool
    visits: list[int]  # ids


class Proposal(NamedTuple):
    region: str  # the one that counted; empty where it is not known of
    language: str
    holidays: list[Holiday]


def propose_holidays(*, organization: Organization, year: int, now: datetime) -> Proposal:
    """The public holidays of a year, in order. Raises FieldRefused without a country, and HolidaysUnknown."""
    region, language, names = _find_holidays(organization, year)
    closed = _find_closed(organization, names)
    hit = _find_hit(organization, names, now)
    found = [Holiday(day, name, day in closed, hit[day]) for day, name in sorted(names.items())]
    return Proposal(region, language, found)


def close_on_holidays(*, organization: Organization, dates: Collection[date], now: datetime) -> list[TimeOff]:
    """Close the whole organization on holidays that people confirmed; what is closed already stays as it is.

    The rows say what they strand. Raises FieldRefused for dates that are none, and what `propose_holidays` does.
    """
    names: dict[date, str] = {}
    for year in {day.year for day in dates}:
        names |= _find_holidays(organization, year)[2]
    if strange := sorted(set(dates) - names.keys()):
        raise FieldRefused(
            "dates", "invalid", gettext("This is no public holiday here: %(day)s.") % {"day": strange[0]}
        )
    closed = _find_closed(organization, dates)
    with transaction.atomic():
        return [_close(organization, day, names[day], now) for day in sorted(set(dates) - closed)]


def _close(organization: Organization, day: date, name: str, now: datetime) -> TimeOff:
    values = {
        "organization": organization,
        "staff": None,
        "whole_days": True,
        "from_date": day,
        "to_date": day,
        "reason": name[:LONGEST_REASON],
        **absences.tell_days_as_instants(organization.zone, day, day),
    }
    return roster.add_row(model=TimeOff, values=values, now=now)


def _find_holidays(organization: Organization, year: int) -> tuple[str, str, dict[date, str]]:
    """The region that counted, the language of the names, and the names by date."""
    country = organization.country
    if not country:
        raise FieldRefused("country", "required", gettext("Say in the organization's settings in which country it is."))
    if country not in holidays.list_supported_countries(include_aliases=True):
        raise HolidaysUnknown
    region = find_region(country, organization.region)
    language = _choose_language(country, organization.language)
    # Always with a language: without one the names are in that of the machine's environment.
    found = holidays.country_holidays(country, subdiv=region or None, years=year, language=language)
    return region, language, {day: found[day] for day in found if day.year == year}


def find_region(country: str, typed: str) -> str:
    """The code of a part of a country that has holidays of its own, also by name or as ISO 3166-2 has it; else ''."""
    codes = holidays.list_supported_countries(include_aliases=True).get(country, ())
    named = getattr(getattr(holidays, country), "subdivisions_aliases", {}) if codes else {}
    known = {f"{country}-{code}": code for code in codes} | named | {code: code for code in codes}
    # A code wins over the same name of another part.
    return {fold(name): code for name, code in known.items()}.get(fold(typed.strip()), "")


def list_regions(country: str) -> list[tuple[str, str]]:
    """(code, name) of the parts of a country that have holidays of their own; nothing where none are known."""
    codes = holidays.list_supported_countries(include_aliases=False).get(country, ())
    named = getattr(getattr(holidays, country), "subdivisions_aliases", {}) if codes else {}
    names = {code: name for name, code in named.items()}
    return sorted(((code, names.get(code, code)) for code in codes), key=lambda region: fold(region[1]))


def _choose_language(country: str, tag: str) -> str:
    """The package's own name of the language that is nearest to a tag; else that of the country, else English."""
    known = holidays.list_localized_countries().get(country, ["en_US"])
    wanted = tag.replace("-", "_")
    near = [name for name in known if name == wanted or name.split("_")[0] == wanted.split("_")[0]]
    if tag and near:
        return wanted if wanted in near else near[0]
    return getattr(holidays, country).default_language or "en_US"


def _find_closed(organization: Organization, dates: Collection[date]) -> set[date]:
    """Those of the dates on which the whole organization is closed in whole days."""
    if not dates:
        return set()
    rows = TimeOff.objects.filter(
        organization=organization, staff=None, whole_days=True, from_date__lte=max(dates), to_date__gte=min(dates)
    )
    closures = list(rows.values_list("from_date", "to_date"))
    return {day for day in dates if any(first and last and first <= day <= last for first, last in closures)}


def _find_hit(organization: Organization, dates: Collection[date], now: datetime) -> dict[date, list[int]]:
    """The coming visits that a closure of each date would hit, with those of its night."""
    zone, by_start = organization.zone, defaultdict(list)
    for row in _list_visits_near(organization, dates, now):
        by_start[organization.find_local_date(row[2])].append(row)
    staff_ids = {staff for rows in by_start.values() for _, staff, _, _ in rows}
    if not staff_ids:
        return {day: [] for day in dates}
    hours = Hours.load(staff_ids, min(dates), max(dates) + NIGHT)
    hit = {}
    for day in dates:
        instants = find_midnight(zone, day), find_midnight(zone, day + NIGHT)
        spans = {staff: hours.find_spans_away(staff, (None, *instants, day, day), zone) for staff in staff_ids}
        near = [row for each in (day - NIGHT, day, day + NIGHT) for row in by_start[each]]
        hit[day] = [pk for pk, staff, start, end in near if _is_hit(spans[staff], start, end)]
    return hit


def _list_visits_near(organization: Organization, dates: Collection[date], now: datetime) -> list[VisitRow]:
    """The coming visits that begin on one of the dates, or on the day before or after it."""
    near = Q(pk__in=[])
    for day in dates:
        begin = find_midnight(organization.zone, day)
        near |= Q(appointment_date__gte=begin - NIGHT, appointment_date__lt=begin + 2 * NIGHT)
    visits = Appointment.objects.filter(
        near, organization=organization, status=Appointment.Status.SCHEDULED, appointment_date__gt=now
    )
    return list(visits.order_by("appointment_date", "id").values_list("id", "staff", "appointment_date", "ends_at"))


def _is_hit(spans: list[Span], start: datetime, end: datetime) -> bool:
    first, last = floor_to_minute(start), ceil_to_minute(end)
    return any(begin < last and stop > first for begin, stop in spans)
