"""Local dates in the address of a list: the filters that read them."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone

from appointments.hours import find_midnight
from clientline.api.fields import parse_date
from payments.balances import add_balance


class Day(admin.SimpleListFilter):
    """The visits that begin in a span of days, on a date, or from one date to another (`2026-12-01..2026-12-07`)."""

    title = "day"
    parameter_name = "day"
    # name → first day and number of days, counted from today
    SPANS = {"today": (0, 1), "tomorrow": (1, 1), "week": (0, 7), "last-week": (-7, 7)}

    def lookups(self, request, model_admin):
        return [("today", "Today"), ("tomorrow", "Tomorrow"), ("week", "Next 7 days"), ("last-week", "Last 7 days")]

    def queryset(self, request, queryset):
        dates = self.read(self.value())
        return queryset.filter(_select_days("appointment_date", *dates)) if dates else queryset

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

    title = "balance"
    parameter_name = "unpaid"

    def lookups(self, request, model_admin):
        # Never of all days: the balance of every visit that there is would be summed up.
        return [("yes", "Unpaid")] if Day.read(request.GET.get(Day.parameter_name)) else []

    def queryset(self, request, queryset):
        if self.value() != "yes" or not self.lookup_choices:
            return queryset
        begun = Q(appointment_date__lte=timezone.now()) | ~Q(status="scheduled")
        return add_balance(queryset).filter(begun, due__gt=0)


class Taken(admin.SimpleListFilter):
    """The payments whose money came on a date."""

    title = "day of taking"
    parameter_name = "taken"

    def lookups(self, request, model_admin):
        return [(str(timezone.localdate()), "Today")]

    def queryset(self, request, queryset):
        dates = _read_dates(self.value())
        return queryset.filter(_select_days("settled_at", *dates)) if dates else queryset


def _read_dates(text):
    first, _, last = (text or "").partition("..")
    try:
        return parse_date(first), parse_date(last or first)
    except ValueError:
        return None


def _select_days(column, first, last):
    """The rows whose instant in `column` is on local dates, both included."""
    begins, ends = (find_midnight(timezone.get_current_timezone(), day) for day in (first, last + timedelta(days=1)))
    return Q(**{f"{column}__gte": begins, f"{column}__lt": ends})
