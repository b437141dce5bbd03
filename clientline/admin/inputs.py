"""The fields of forms as browsers bring them along: native days and clocks, and a search where rows are too many."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clientline.typed_dates import DateNotRead, read_day

COMBOBOX = forms.Script("clientline/combobox.js", defer=True)


class DateInput(forms.DateInput):
    """Shown as the reader's system writes dates, sent as ISO: nothing is left to be misread."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__({"min": "1900-01-01", "max": "2099-12-31"} | (attrs or {}), format="%Y-%m-%d")


class DayField(forms.DateField):
    """What no native field sent as ISO was typed, and is read as the country of the place writes days."""

    widget = DateInput

    def to_python(self, value):
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        try:
            return read_day(value)
        except DateNotRead as error:
            raise ValidationError(str(error), code=error.code) from error

    def prepare_value(self, value):
        """What was typed in the form that native fields show; as it is where nobody can read it."""
        try:
            return read_day(value).isoformat() if isinstance(value, str) else value
        except DateNotRead:
            return value


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

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.fields = (DayField(required=False), self.fields[1])
