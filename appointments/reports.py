"""How an organization's time was used, and how often clients did not come. Nothing is stored twice: rows are counted.

Local days are turned into instants first and joined as ranges; converting every visit to local time is
three times slower.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import User
from appointments.lateness import CANCELLED_LATE_SQL
from appointments.periods import Period, Report
from appointments.working_time.absences import find_absences
from appointments.working_time.hours import NIGHT, Hours, Minute, Span, cut_out, floor_to_minute

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
    """Working hours less time off, by person or by stretch of time. Three queries, however many people and days.

    Whoever left counts up to their last day. A night counts on the dates on which it is.
    """
    last_days = _find_last_days(period)
    hours = Hours.load(list(last_days), period.first, period.last)
    zone = period.organization.zone
    away = find_absences(organization=period.organization, staff_ids=list(last_days), hours=hours, zone=zone)
    buckets = _list_buckets(period)
    minutes: dict[int | str | None, int] = defaultdict(int)
    for staff, last in last_days.items():
        windows = hours.find_windows(staff, period.first, last, zone)
        for key, there in _share_out(cut_out(windows, away.get(staff, ())), buckets):
            minutes[staff if period.group_by == "staff" else key] += there
    return {key: total for key, total in minutes.items() if total}


def _find_last_days(period: Period) -> dict[int, date]:
    """For everybody who was of the team for a part of the period, the last date on which they were."""
    team = User.objects.filter(organization=period.organization, is_superuser=False)
    team = team.filter(Q(is_active=True) & ~Q(role="client") | Q(works_until__gte=period.first - NIGHT))
    people = team.values_list("id", "works_until")
    return {pk: min(last or period.last, period.last) for pk, last in people}


def _list_buckets(period: Period) -> list[tuple[str | None, Minute, Minute]]:
    """The period's stretches of time by key; what is not reported by time has one without a key."""
    if period.group_by in REFERENCES:
        return [(None, floor_to_minute(period.begins), floor_to_minute(period.ends))]
    return [
        (bucket.key, floor_to_minute(bucket.begins), floor_to_minute(bucket.ends)) for bucket in period.list_buckets()
    ]


def _share_out(
    spans: list[Span], buckets: Iterable[tuple[str | None, Minute, Minute]]
) -> Iterator[tuple[str | None, int]]:
    """Keys of ascending buckets, each with minutes of the ascending spans that lie in it."""
    position = 0
    for key, first, end in buckets:
        while position < len(spans) and spans[position][1] <= first:
            position += 1
        for begin, stop in islice(spans, position, None):
            if begin >= end:
                break
            yield key, min(stop, end) - max(begin, first)
