"""Weekly hours that hold for a time, or from a later day on, as rows below the form of a person's week."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from appointments.models import Weekday, find_parity
from appointments.working_time.asking_back import LONGEST_USUAL, measure_hours
from clientline.admin.forms import DATE_BOUNDS, refuse_seconds
from clientline.admin.inputs import DateInput, DayField

PREFIX = "dated"
MOST_ROWS = 50


def make_clock_field(label):
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "aria-label": label})
    return forms.TimeField(required=False, validators=[refuse_seconds], widget=widget)


def list_weeks(today):
    """Every week, or every second; said from this week, because nobody counts weeks from 2000."""
    this, other = find_parity(today), 1 - find_parity(today)
    return [
        ("", gettext("every week")),
        (this, gettext("this week and every second")),
        (other, gettext("next week and every second")),
    ]


def make_weeks_field(label, today):
    """Which weeks: None, 0 or 1."""
    widget = forms.Select(attrs={"aria-label": label})
    return forms.TypedChoiceField(
        required=False, choices=list_weeks(today), coerce=int, empty_value=None, widget=widget
    )


def ask_about_length(starts, ends):
    """What to ask back about unusually long hours, or None."""
    length = LONGEST_USUAL.seconds // 3600
    long = measure_hours(starts, ends) > LONGEST_USUAL
    return (
        gettext("These are more than %(hours)s hours. Save again if they are meant.") % {"hours": length}
        if long
        else None
    )


def _make_date_field(label):
    return DayField(required=False, validators=DATE_BOUNDS, widget=DateInput({"aria-label": label}))


class DatedHoursForm(forms.Form):
    """One row. Without times it ends: what never held is gone. `long` names the unusually long hours that are meant."""

    row = forms.IntegerField(required=False, widget=forms.HiddenInput)
    long = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        days = [("", gettext("Day")), *Weekday.choices]
        self.fields["weekday"] = forms.TypedChoiceField(
            required=False,
            choices=days,
            coerce=int,
            empty_value=None,
            widget=forms.Select(attrs={"aria-label": gettext("Day")}),
        )
        self.fields["starts"], self.fields["ends"] = make_clock_field(gettext("From")), make_clock_field(gettext("To"))
        self.fields["every_second_week"] = make_weeks_field(gettext("In which weeks"), today)
        self.fields["valid_from"] = _make_date_field(gettext("From this date on"))
        self.fields["valid_until"] = _make_date_field(gettext("Until this date"))

    def clean(self):
        values = super().clean()
        starts, ends = values.get("starts"), values.get("ends")
        if not self.errors and self.has_times(starts, ends):
            if values.get("weekday") is None:
                self.add_error("weekday", gettext("Choose the day of the week."))
            self.ask_about_length(starts, ends)
        return values

    def has_times(self, starts, ends):
        """Whether it holds hours; half of them get their error."""
        if (starts is None) != (ends is None):
            self.add_error("starts" if starts is None else "ends", gettext("Give both times."))
        return starts is not None and ends is not None

    def ask_about_length(self, starts, ends):
        told, asked = f"{starts:%H:%M}-{ends:%H:%M}", ask_about_length(starts, ends)
        if asked is None or not {"starts", "ends"} & set(self.changed_data) or self.cleaned_data["long"] == told:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("long")] = told
        self.add_error("ends", ValidationError(asked, code="long"))

    def read_values(self):
        """The columns, or None where the row is to end."""
        if self.cleaned_data.get("starts") is None:
            return None
        return {name: value for name, value in self.cleaned_data.items() if name not in ("row", "long")}


class DatedHoursFormSet(forms.formset_factory(DatedHoursForm, extra=1, max_num=MOST_ROWS, absolute_max=2 * MOST_ROWS)):
    def read_changes(self):
        """(the row's id or None for a new one, its columns or None where it is to end) of what somebody changed."""
        changed = [form for form in self.forms if form.has_changed()]
        return [(form.cleaned_data.get("row"), form.read_values()) for form in changed]


def make_dated_hours(data, rows, today):
    """The rows that there are, and an empty one."""
    names = ("weekday", "starts", "ends", "every_second_week", "valid_from", "valid_until")
    initial = [{"row": row.pk} | {name: getattr(row, name) for name in names} for row in rows]
    return DatedHoursFormSet(data, initial=initial, prefix=PREFIX, form_kwargs={"today": today})
