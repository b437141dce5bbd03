"""The fields of forms as browsers bring them along: native days and clocks, and a search where rows are too many."""

from django import forms
from django.utils.translation import gettext_lazy as _

COMBOBOX = forms.Script("clientline/combobox.js", defer=True)


class DateInput(forms.DateInput):
    """Shown as the reader's system writes dates, sent as ISO: nothing is left to be misread."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__({"min": "1900-01-01", "max": "2099-12-31"} | (attrs or {}), format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%H:%M")


class DayAndClockInput(forms.SplitDateTimeWidget):
    """A day and a clock under one name, each with one of its own for who hears them."""

    def __init__(self, attrs=None):
        super().__init__(attrs)
        self.widgets = [DateInput({"aria-label": _("Day")}), ClockInput({"aria-label": _("Time")})]


class DayAndClockField(forms.SplitDateTimeField):
    widget = DayAndClockInput
