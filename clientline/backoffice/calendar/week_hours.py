"""Weekly hours: the team's at a glance, and a whole week of one person on one form, saved at once or not at all."""

from datetime import time
from itertools import pairwise

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse

from accounts.models import MEMBERS, User
from appointments import working_week
from appointments.models import Weekday, WorkingHours
from clientline.admin.forms import refuse_seconds
from clientline.api.fields import is_readable_number
from clientline.backoffice import page
from clientline.backoffice.platform import acting
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused

ROWS, MOST_ROWS = 3, 12  # stretches of a day that can be typed; one more than there are
MOST_PEOPLE = 200
MIDNIGHT = time(0)
WORKDAYS = range(5)


def _name_input(day, row, end):
    return f"{day}-{row}-{end}"


def _make_clock_field(label):
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "aria-label": label})
    return forms.TimeField(required=False, validators=[refuse_seconds], widget=widget)


class WeekForm(forms.Form):
    """`seen` is the digest of the week that was shown."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data=None, *, stretches):
        super().__init__(data)
        self.initial["seen"] = working_week.digest_week(stretches)
        by_day = {day: [each[1:] for each in stretches if each[0] == day] for day in Weekday.values}
        self.rows = range(self.count_rows(max(map(len, by_day.values()))))
        for day, weekday in Weekday.choices:
            for row in self.rows:
                for end, word in (("starts", "from"), ("ends", "to")):
                    self.fields[_name_input(day, row, end)] = _make_clock_field(f"{weekday} {word}")
            for row, (starts, ends) in enumerate(by_day[day]):
                self.initial |= {_name_input(day, row, "starts"): starts, _name_input(day, row, "ends"): ends}

    def count_rows(self, longest):
        typed = [row for row in range(MOST_ROWS) if any(self.data.get(_name_input(d, row, "starts")) for d in range(7))]
        return min(max(ROWS, longest + 1, *(row + 1 for row in typed)), MOST_ROWS) if typed else max(ROWS, longest + 1)

    def list_days_of_week(self):
        """For the template: (weekday's name, its rows of two fields)."""
        return [(weekday, [self.get_pair(day, row) for row in self.rows]) for day, weekday in Weekday.choices]

    def get_pair(self, day, row):
        return self[_name_input(day, row, "starts")], self[_name_input(day, row, "ends")]

    def clean(self):
        for day in Weekday.values:
            whole = [row for row in self.rows if self.is_whole(day, row)]
            for earlier, later in pairwise(sorted(whole, key=lambda row: self.get_times(day, row)[0])):
                _, ends = self.get_times(day, earlier)
                if ends == MIDNIGHT or self.get_times(day, later)[0] < ends:
                    self.add_error(_name_input(day, later, "starts"), "This overlaps other hours of the day.")
        return self.cleaned_data

    def get_times(self, day, row):
        return tuple(self.cleaned_data.get(_name_input(day, row, end)) for end in ("starts", "ends"))

    def is_whole(self, day, row):
        """Whether the row holds a stretch; a half one or one that ends too early gets its error."""
        starts, ends = self.get_times(day, row)
        if starts is None and ends is None:
            return False
        wrong = "starts" if starts is None else "ends" if ends is None or MIDNIGHT != ends <= starts else None
        problem = "It has to end after it starts." if starts and ends else "Give both times."
        if wrong and _name_input(day, row, wrong) not in self.errors:
            self.add_error(_name_input(day, row, wrong), problem)
        return wrong is None

    def read_stretches(self):
        each = ((day, *self.get_times(day, row)) for day in Weekday.values for row in self.rows)
        return [(day, starts, ends) for day, starts, ends in each if starts is not None]


def _copy_monday(data):
    """What was typed, with Monday's hours on the other workdays, too."""
    data = data.copy()
    for row in range(MOST_ROWS):
        for end in ("starts", "ends"):
            for day in WORKDAYS:
                data[_name_input(day, row, end)] = data.get(_name_input(0, row, end), "")
    return data


def week_hours(request):
    """Without `staff` the team's hours; with it, the form of that person's week."""
    if not request.user.may("working_hours", "list"):
        raise PermissionDenied
    if "staff" not in request.GET:
        return _show_team(request)
    staff = _find_to_edit(request)
    if request.method == "POST" and "copy" in request.POST:
        form = WeekForm(_copy_monday(request.POST), stretches=working_week.load_week(staff))
        messages.info(request, "Monday's hours stand on the other workdays, too. They are not saved yet.")
    else:
        form = WeekForm(request.POST if request.method == "POST" else None, stretches=working_week.load_week(staff))
        if request.method == "POST" and form.is_valid() and _try_to_save(request, staff, form):
            return HttpResponseRedirect(reverse("admin:week_hours"))
    return page.render_page(request, "week_hours.html", title=f"Weekly hours of {staff}", staff=staff, form=form)


def _find_to_edit(request):
    """The person whose week is asked for; 404 where it is not the caller's to change."""
    asked = request.GET["staff"]
    people = User.objects.performers_for(request.user, "working_hours")
    organization = acting.find_chosen_organization(request)
    if organization is not None:
        people = people.filter(organization=organization)
    staff = people.filter(pk=asked).first() if is_readable_number(asked) else None
    if staff is None:
        raise Http404
    return staff


def _try_to_save(request, staff, form):
    """Whether the week was replaced; why not becomes an error of the form."""
    try:
        working_week.replace_week(staff=staff, stretches=form.read_stretches(), seen=form.cleaned_data["seen"])
    except working_week.HoursChanged:
        _refuse_changed(staff, form)
    except (Refused, DatabaseError) as error:
        form.add_error(None, read_refusal_or_raise(error).detail)
    else:
        messages.success(request, f"The weekly hours of {staff} are saved.")
        return True
    return False


def _refuse_changed(staff, form):
    """Say what the week is by now; saving what was typed once more then replaces that."""
    present = working_week.load_week(staff)
    week = ", ".join(f"{Weekday(day).label} {starts:%H:%M}–{ends:%H:%M}" for day, starts, ends in present) or "none"
    form.add_error(
        None,
        f"{working_week.HoursChanged.detail} They are now: {week}. Saving again replaces them by what stands here.",
    )
    form.data = form.data.copy()
    form.data["seen"] = working_week.digest_week(present)


def _show_team(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    team = User.objects.filter(MEMBERS, organization=organization, is_active=True).exclude(role=User.Role.CLIENT)
    team = list(team.order_by("name", "id")[:MOST_PEOPLE])
    weeks = {person.pk: {day: [] for day in Weekday.values} for person in team}
    hours = WorkingHours.objects.visible_to(request.user, "working_hours").filter(staff__in=weeks)
    for row in hours.order_by("starts"):
        weeks[row.staff_id][row.weekday].append(row)
    editable = User.objects.performers_for(request.user, "working_hours").filter(pk__in=weeks)
    editable = set(editable.values_list("pk", flat=True))
    people = [(person, list(weeks[person.pk].values()), person.pk in editable) for person in team]
    return page.render_page(
        request,
        "team_hours.html",
        title="Working hours",
        people=people,
        weekdays=[label[:3] for label in Weekday.labels],
    )
