"""How an organization's time was used, and how often clients did not come. Nothing is stored twice: rows are counted.

Local days are turned into instants first and joined as ranges; converting every visit to local time is
three times slower.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, tzinfo
from typing import Any

from django.db import connection

from accounts.models import User
from appointments.availability import AwayRow
from appointments.hours import Hours, Minute, Span, Stretch, ceil_to_minute, find_minute, floor_to_minute
from appointments.lateness import CANCELLED_LATE_SQL
from appointments.models import TimeOff
from appointments.periods import Period, Report

GROUPINGS = ("day", "week", "month", "staff", "service")

# Rows of (key, label, figures…): by stretches of time, or by what a visit refers to.
BY_TIME = """
    SELECT bucket.key, bucket.key, {figures}
    FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS bucket (key, begins, ends)
    LEFT JOIN appointments visit ON visit.organization_id = %s
        AND visit.appointment_date >= bucket.begins AND visit.appointment_date < bucket.ends
    GROUP BY bucket.key, bucket.begins ORDER BY bucket.begins
"""
BY_REFERENCE = """
    SELECT figure.id, label.name, {columns}
    FROM (
        SELECT visit.{column} AS id, {figures} FROM appointments visit
        WHERE visit.organization_id = %s AND visit.appointment_date >= %s AND visit.appointment_date < %s
        GROUP BY visit.{column}
    ) figure JOIN {table} label ON label.id = figure.id
    ORDER BY label.name, figure.id
"""
REFERENCES = {"staff": ("staff_id", "users"), "service": ("service_id", "services")}

BOOKED_MINUTES = {
    "booked_minutes": "coalesce(extract(epoch FROM"
    " sum(visit.ends_at - visit.appointment_date) FILTER (WHERE visit.status <> 'cancelled')) / 60, 0)::int"
}
ATTENDANCE = {
    "visits": f"count(visit.id) FILTER (WHERE visit.status <> 'cancelled' OR {CANCELLED_LATE_SQL})::int",
    "completed": "count(visit.id) FILTER (WHERE visit.status = 'completed')::int",
    "no_show": "count(visit.id) FILTER (WHERE visit.status = 'no_show')::int",
    "late_cancelled": f"count(visit.id) FILTER (WHERE {CANCELLED_LATE_SQL})::int",
}


def _count_visits(period: Period, figures: dict[str, str]) -> list[dict[str, Any]]:
    """Rows as dicts of key, label and the figures, which are SQL aggregates over `visit` by name."""
    if period.group_by in REFERENCES:
        column, table = REFERENCES[period.group_by]
        named = ", ".join(f"{sql} AS {name}" for name, sql in figures.items())
        columns = ", ".join(f"figure.{name}" for name in figures)
        sql = BY_REFERENCE.format(column=column, table=table, figures=named, columns=columns)
        values: list[Any] = [period.organization.pk, period.begins, period.ends]
    else:
        buckets = period.list_buckets()
        sql = BY_TIME.format(figures=", ".join(figures.values()))
        keys, _, begins, ends = map(list, zip(*buckets, strict=True))
        values = [keys, begins, ends, period.organization.pk]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [dict(zip(("key", "label", *figures), row, strict=True)) for row in cursor.fetchall()]


def _sum_figures(rows: Iterable[dict[str, Any]], names: Iterable[str]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in names}


def divide(part: int, whole: int) -> float | None:
    """A share with four decimals; None of nothing."""
    return round(part / whole, 4) if whole else None


def report_no_shows(period: Period) -> Report:
    """Visits that were not cancelled in time, and what became of them."""
    rows = _count_visits(period, ATTENDANCE)
    total = _sum_figures(rows, ATTENDANCE)
    for row in (*rows, total):
        row["no_show_rate"] = divide(row["no_show"], row["completed"] + row["no_show"])
    return period.answer(rows, total)


def report_utilization(period: Period) -> Report:
    """Minutes booked against minutes people were there to be booked."""
    rows = _count_visits(period, BOOKED_MINUTES)
    available = _count_available_minutes(period)
    if period.group_by == "staff":
        rows = _add_idle_people(rows, available)
    everybody = sum(available.values())
    for row in rows:
        # A service has no hours of its own: its share is of everybody's.
        row["available_minutes"] = everybody if period.group_by == "service" else available.get(row["key"], 0)
    total = _sum_figures(rows, BOOKED_MINUTES) | {"available_minutes": everybody}
    for row in (*rows, total):
        row["utilization"] = divide(row["booked_minutes"], row["available_minutes"])
    return period.answer(rows, total)


def _add_idle_people(rows: list[dict[str, Any]], available: dict[Any, int]) -> list[dict[str, Any]]:
    """Those who worked but had no visit belong in the report, too."""
    idle = set(available) - {row["key"] for row in rows}
    people = User.objects.filter(pk__in=idle).values_list("id", "name")
    rows += [{"key": pk, "label": name, "booked_minutes": 0} for pk, name in people]
    return sorted(rows, key=lambda row: (row["label"], row["key"]))


def _count_available_minutes(period: Period) -> dict[int | str | None, int]:
    """Working hours less time off, by person or by stretch of time. Three queries, however many people and days."""
    team = User.objects.filter(organization=period.organization, is_active=True, is_superuser=False)
    staff_ids = list(team.exclude(role="client").values_list("id", flat=True))
    hours = Hours.load(staff_ids, period.first, period.last)
    away = _find_time_off(period, staff_ids)
    key_of, zone = period.key_of(), period.organization.zone
    minutes: dict[int | str | None, int] = defaultdict(int)
    for staff in staff_ids:
        for day in period.days:
            minutes[staff if period.group_by == "staff" else key_of(day)] += _count_worked_minutes(
                hours.find_stretches(staff, day), away[staff], zone, day
            )
    return {key: total for key, total in minutes.items() if total}


def _count_worked_minutes(stretches: Iterable[Stretch], away: Iterable[Span], zone: tzinfo, day: date) -> int:
    """The minutes of the stretches of one day that no time off covers."""
    total = 0
    for starts, ends in stretches:
        start, end = find_minute(zone, day, starts), find_minute(zone, day, ends)
        total += max(end - start, 0) - sum(max(min(b, end) - max(a, start), 0) for a, b in away)
    return total


def _find_time_off(period: Period, staff_ids: Collection[int]) -> dict[int, list[Span]]:
    """Disjoint ascending spans of absolute minutes by person; closures are everybody's."""
    rows = TimeOff.objects.filter(
        organization=period.organization, starts_at__lt=period.ends, ends_at__gt=period.begins
    ).order_by("starts_at")
    found: Iterable[AwayRow] = rows.values_list("staff", "starts_at", "ends_at")
    spans: dict[int, list[Span]] = {staff: [] for staff in staff_ids}
    for staff, starts_at, ends_at in found:
        # A closure meets absences, so spans are joined: what is off twice may not be taken off twice.
        for pk in staff_ids if staff is None else (staff,):
            if pk in spans:
                _join_span(spans[pk], floor_to_minute(starts_at), ceil_to_minute(ends_at))
    return spans


def _join_span(spans: list[Span], start: Minute, end: Minute) -> None:
    if spans and start <= spans[-1][1]:
        spans[-1] = (spans[-1][0], max(spans[-1][1], end))
    else:
        spans.append((start, end))
