"""Local dates in the address of a list: the filters that read them."""

import re
from calendar import monthrange
from datetime import timedelta

from django.contrib import admin, messages
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from appointments.working_time.hours import find_midnight
from clientline import places, wording
from clientline.notations import parse_date, read_typed_date
from clientline.typed_dates import DateNotRead
from payments.totals import find_owing

MONTH = re.compile(r"\d{4}-\d\d", re.ASCII)


class DaysFilter(admin.SimpleListFilter):
    """By local dates of the instant in `column`: a date, a month (`2026-12`), or two (`2026-12-01..2026-12-07`)."""

    template = "admin/day_filter.html"
    column = None

    def has_output(self):
        return True  # any day can be asked for, also where none is proposed

    def choices(self, changelist):
        self.kept = [(name, text) for name, text in changelist.params.items() if name != self.parameter_name]
        return super().choices(changelist)

    def queryset(self, request, queryset):
        dates = self.read(self.value())
        if self.value() and not dates:
            messages.warning(request, _ask_back(self.value()))
        return queryset.filter(_select_days(self.column, *dates)) if dates else queryset

    @classmethod
    def read(cls, text):
        """The first and last date that `text` names; None for nonsense."""
        return _read_dates(text)

    # What the fields of the page show.

    @property
    def dates(self):
        """The days that were asked for, unless a chip says so."""
        named = self.value() not in {str(value) for value, _ in self.lookup_choices}
        dates = _read_dates(self.value()) if named else None
        return wording.write_days(*dates) if dates else ""

    @property
    def day(self):
        dates = self.read(self.value())
        return str(dates[0]) if dates and dates[0] == dates[1] else ""

    @property
    def month(self):
        return self.value() if MONTH.fullmatch(self.value() or "") else ""


class Day(DaysFilter):
    """The visits that begin in a span of days by its name, or on others."""

    title = _("day")
    column = "appointment_date"
    parameter_name = "day"
    # name → first day and number of days, counted from today
    SPANS = {"today": (0, 1), "tomorrow": (1, 1), "week": (0, 7), "last-week": (-7, 7)}

    def lookups(self, request, model_admin):
        names = {
            "today": _("Today"),
            "tomorrow": _("Tomorrow"),
            "week": _("Next 7 days"),
            "last-week": _("Last 7 days"),
        }
        return list(names.items())

    @classmethod
    def read(cls, text):
        """The first and last date that `text` names; None for nonsense."""
        if text in cls.SPANS:
            first, days = cls.SPANS[text]
            start = timezone.localdate() + timedelta(days=first)
            return start, start + timedelta(days=days - 1)
        return _read_dates(text)


class Unpaid(admin.SimpleListFilter):
    """Of chosen days, what is owed for visits that are over, under way or called off."""

    title = gettext_lazy("balance")
    parameter_name = "unpaid"

    def lookups(self, request, model_admin):
        # Never of all days: the balance of every visit that there is would be summed up.
        return [("yes", gettext("Unpaid"))] if Day.read(request.GET.get(Day.parameter_name)) else []

    def queryset(self, request, queryset):
        if self.value() != "yes" or not self.lookup_choices:
            return queryset
        begun = Q(appointment_date__lte=timezone.now()) | ~Q(status="scheduled")
        return find_owing(queryset, True).filter(begun)


class Taken(DaysFilter):
    """The payments whose money came on a date."""

    title = _("day of taking")
    column = "settled_at"
    parameter_name = "taken"

    def lookups(self, request, model_admin):
        return [(str(timezone.localdate()), _("Today"))]


def _read_dates(text):
    first, _dots, last = (text or "").partition("..")
    try:
        if MONTH.fullmatch(first) and not last:
            begins = parse_date(f"{first}-01")
            return begins, begins.replace(day=monthrange(begins.year, begins.month)[1])
        return tuple(read_typed_date(each, places.find_country()) for each in (first, last or first))
    except ValueError:
        return None


def _ask_back(text):
    """What is wrong with a text that `_read_dates` does not read."""
    try:
        for each in text.split(".."):
            read_typed_date(each, places.find_country())
    except DateNotRead as error:
        return str(error)


def _select_days(column, first, last):
    """The rows whose instant in `column` is on local dates, both included."""
    begins, ends = (find_midnight(timezone.get_current_timezone(), day) for day in (first, last + timedelta(days=1)))
    return Q(**{f"{column}__gte": begins, f"{column}__lt": ends})
