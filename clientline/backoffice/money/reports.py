"""The page of reports: what was taken, how full the days were and who did not come; drawn, listed and as CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy

from appointments import reports as attendance
from appointments.periods import KEYS, Period, refuse_unreportable
from clientline import wording
from clientline.admin.forms import DATE_BOUNDS
from clientline.admin.inputs import DayField
from clientline.backoffice.money import charts
from clientline.backoffice.page import render_page
from clientline.backoffice.platform.acting import find_chosen_organization, send_to_choose
from clientline.languages import write_to_keep
from clientline.refusals import FieldRefused
from clientline.web import sheets
from organizations import audit
from organizations.replica import read_behind
from payments import reports as money

BY = {
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "staff": gettext_lazy("Person"),
    "service": gettext_lazy("Service"),
    "payment_method": gettext_lazy("Payment method"),
}


@dataclass(frozen=True)
class Column:
    """`text(figure, currency)` says how it is read on the page; a file holds the figure itself, as the API gives it."""

    name: str
    label: str
    text: Callable


@dataclass(frozen=True)
class Report:
    """`drawn` is the column that the chart shows, `per_unit` what turns its figure into the chart's unit."""

    name: str
    label: str
    about: str
    figures: Callable
    groupings: tuple
    columns: tuple
    drawn: str
    per_unit: int = 1
    unit: str = ""

    def rows(self, period):
        """`(rows, total)`, numbers as numbers."""
        answer = self.figures(period)
        return answer["rows"], answer["total"] | {"key": "", "label": gettext("Total")}


def _write_whole(value, currency):
    return wording.write_number(value)


def _write_hours(minutes, currency):
    return f"{wording.write_number(minutes / 60, 1)} h"


def _write_tick(value):
    """With the decimals that it has."""
    return wording.write_number(value, len(f"{value:.10g}".partition(".")[2]))


def _write_share(value, currency):
    return "–" if value is None else wording.write_percent(value, 1)


def _report_late_rates(period):
    answer = attendance.report_no_shows(period)
    for row in (*answer["rows"], answer["total"]):
        row["late_rate"] = attendance.divide(row["late_cancelled"], row["visits"])
    return answer


REPORTS = {
    report.name: report
    for report in (
        Report(
            "revenue",
            gettext_lazy("Revenue"),
            gettext_lazy("What was taken on the day the money came, less what was refunded on the day it went."),
            money.report_revenue,
            money.GROUPINGS,
            (
                Column("taken", gettext_lazy("Taken"), wording.write_amount),
                Column("refunded", gettext_lazy("Refunded"), wording.write_amount),
                Column("net", gettext_lazy("Net"), wording.write_amount),
                Column("tips", gettext_lazy("Tips"), wording.write_amount),
                Column("rounding", gettext_lazy("Rounding"), wording.write_amount),
            ),
            "net",
        ),
        Report(
            "utilization",
            gettext_lazy("Utilization"),
            gettext_lazy("Booked hours as a share of the hours in which people could be booked."),
            attendance.report_utilization,
            attendance.GROUPINGS,
            (
                Column("booked_minutes", gettext_lazy("Booked"), _write_hours),
                Column("available_minutes", gettext_lazy("Available"), _write_hours),
                Column("utilization", gettext_lazy("Utilization"), _write_share),
            ),
            "utilization",
            per_unit=100,
            unit=" %",
        ),
        Report(
            "no-shows",
            gettext_lazy("No-shows"),
            gettext_lazy(
                "Visits that were not cancelled in time, and how many clients did not come or cancelled too late."
            ),
            _report_late_rates,
            attendance.GROUPINGS,
            (
                Column("visits", gettext_lazy("Visits"), _write_whole),
                Column("completed", gettext_lazy("Completed"), _write_whole),
                Column("no_show", gettext_lazy("No-shows"), _write_whole),
                Column("no_show_rate", gettext_lazy("No-show rate"), _write_share),
                Column("late_cancelled", gettext_lazy("Cancelled late"), _write_whole),
                Column("late_rate", gettext_lazy("Late rate"), _write_share),
            ),
            "no_show_rate",
            per_unit=100,
            unit=" %",
        ),
    )
}


class ReportForm(forms.Form):
    """Which days, grouped how. Afterwards `period` holds them."""

    to = DayField(label=gettext_lazy("To"), validators=DATE_BOUNDS)
    group_by = forms.ChoiceField(label=gettext_lazy("By"))
    field_order = ("from", "to", "group_by")

    def __init__(self, data, *, organization, report):
        self.organization = organization
        super().__init__(data, label_suffix="")
        self.fields["group_by"].choices = [(name, BY[name]) for name in report.groupings]

    def clean(self):
        asked = super().clean()
        if not self.errors:
            try:
                refuse_unreportable(asked["from"], asked["to"])
                self.period = Period(self.organization, asked["from"], asked["to"], asked["group_by"])
            except FieldRefused as refusal:
                self.add_error("to", str(refusal))
        return asked


ReportForm.base_fields["from"] = DayField(label=gettext_lazy("From"), validators=DATE_BOUNDS)


def _read_asked(request):
    """The report and the bound form that the address asks for: by default revenue of the last 30 days."""
    report = REPORTS.get(request.GET.get("report"), REPORTS["revenue"])
    today = timezone.localdate()
    given = {
        "from": (today - timedelta(days=29)).isoformat(),
        "to": today.isoformat(),
        "group_by": "day",
    } | request.GET.dict()
    if given["group_by"] in BY and given["group_by"] not in report.groupings:
        given["group_by"] = "day"  # the reader came from a report that can be cut in more ways
    return report, ReportForm(given, organization=find_chosen_organization(request), report=report)


def reports_view(request):
    if not request.user.may("reports", "list"):
        raise PermissionDenied
    if find_chosen_organization(request) is None:
        return send_to_choose(request)
    report, form = _read_asked(request)
    given = {name: form.data[name] for name in form.fields}
    context = {
        "report": report,
        "form": form,
        "tabs": [(each, _link_report(each, given)) for each in REPORTS.values()],
        "presets": [
            (
                label,
                _link_report(report, given | span),
                all(given[name] == value for name, value in span.items()),
            )
            for label, span in _list_presets(timezone.localdate(), given["group_by"])
        ],
    }
    if form.is_valid():
        context |= _draw_report(report, form.period) | {
            "csv_url": _link_report(report, given, "reports_csv") if request.user.may("reports", "export") else None,
            "books": _link_books(form.period, request.user),
        }
    return render_page(request, "reports.html", title=gettext("Reports"), **context)


def _link_books(period, caller):
    """What a bookkeeper takes of these days, by what the buttons say."""
    days = {"from": period.first, "to": period.last}
    days |= {"organization": period.organization.pk} if caller.is_superuser else {}
    labels = {"csv": gettext("Movements"), "datev": "DATEV", "bank": gettext("Bank statement")}
    return [(label, f"{reverse('movements')}?{urlencode(days | {'format': form})}") for form, label in labels.items()]


def reports_csv_view(request):
    if not request.user.may("reports", "export"):
        raise PermissionDenied
    if find_chosen_organization(request) is None:
        return send_to_choose(request)
    report, form = _read_asked(request)
    if not form.is_valid():
        return HttpResponseRedirect(f"{reverse('admin:reports')}?{request.GET.urlencode()}")  # which says why
    period = form.period
    with write_to_keep():  # a file is read by programs
        (rows, total), as_of = read_behind(lambda: report.rows(period), by=request.user)
    names = ("key", "label", *(column.name for column in report.columns))
    name = slugify(f"{report.name} {period.organization.name} {period.first} {period.last}")
    lines = [[sheets.write_cell(row[name]) for name in names] for row in (*rows, total)]
    home = period.organization.pk
    audit.record_event("export", by=request.user, organization_id=home, report=name, as_of=as_of)
    return sheets.download(f"{name}.csv", [names, *lines])


def _link_report(report, given, name="reports"):
    return f"{reverse(f'admin:{name}')}?{urlencode({'report': report.name} | given)}"


def _list_presets(today, group_by):
    """`(label, parameters)` of the usual stretches of time. A year is read by months, the others by days."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    end_of_last = month - timedelta(days=1)
    spans = (
        (gettext("This month"), month, today, "day"),
        (gettext("Last month"), end_of_last.replace(day=1), end_of_last, "day"),
        (gettext("Last 30 days"), today - timedelta(days=29), today, "day"),
        (gettext("This year"), year, today, "month"),
    )
    for label, first, last, by in spans:
        span = {"from": first.isoformat(), "to": last.isoformat()}
        yield label, span | ({"group_by": by} if group_by in KEYS else {})


def _draw_report(report, period):
    """The context of a report's chart and table."""
    rows, total = report.rows(period)
    by_time = period.group_by in KEYS
    points = [_make_point(report, period, row) for row in rows]
    chart = (
        charts.draw_columns(points, lambda value: f"{_write_tick(value)}{report.unit}")
        if by_time
        else charts.draw_bars(points)
    )
    return {
        "period": period,
        "chart": chart | {"is_upright": by_time, "summary": _summarize(report, period, points)},
        "columns": report.columns,
        "heading": BY[period.group_by],
        "rows": [(_write_long_label(period.group_by, row), _write_texts(report, period, row)) for row in rows],
        "total": _write_texts(report, period, total),
        "figures": zip(report.columns, _write_texts(report, period, total), strict=True),
        "is_empty": not any(total[column.name] for column in report.columns if column.name != "available_minutes"),
    }


def _write_texts(report, period, row):
    currency = period.organization.currency
    return [column.text(row[column.name], currency) for column in report.columns]


def _make_point(report, period, row):
    value = row[report.drawn]
    read = dict(zip((column.name for column in report.columns), _write_texts(report, period, row), strict=True))
    parts = ", ".join(f"{wording.write_within(column.label)} {read[column.name]}" for column in report.columns)
    return charts.Point(
        label=_write_short_label(period.group_by, row),
        value=None if value is None else float(value) * report.per_unit,
        text=read[report.drawn],
        title=f"{_write_long_label(period.group_by, row)}: {parts}",
    )


def _summarize(report, period, points):
    """The chart in a sentence, for who cannot see it."""
    highest = max(points, key=lambda point: point.value or 0, default=None)
    told = {
        "report": report.label,
        "by": wording.write_within(BY[period.group_by]),
        "first": wording.write_date(period.first),
        "last": wording.write_date(period.last),
        "highest": highest and highest.title,
    }
    if highest is None or not highest.value:
        return gettext("%(report)s by %(by)s, %(first)s to %(last)s. Nothing to show.") % told
    return gettext("%(report)s by %(by)s, %(first)s to %(last)s. Highest: %(highest)s.") % told


def _write_short_label(group_by, row):
    """How the axis names a bar."""
    if group_by == "day":
        day = date.fromisoformat(row["key"])
        return wording.write_bare_day(day)
    if group_by == "week":
        return row["key"].partition("-")[2]
    if group_by == "month":
        return wording.write_month(_read_month(row["key"]), "MMM")
    return row["label"]


def _read_month(key):
    return date.fromisoformat(f"{key}-01")


def _write_long_label(group_by, row):
    """How the table names a row."""
    if group_by == "day":
        return wording.write_date(date.fromisoformat(row["key"]))
    if group_by == "week":
        year, _, week = row["key"].partition("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
        told = {"week": int(week), "day": wording.write_bare_date(monday)}
        return gettext("Week %(week)s, from %(day)s") % told
    if group_by == "month":
        return wording.write_month(_read_month(row["key"]), "MMMM y")
    return row["label"]
