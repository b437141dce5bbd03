"""Weekly hours: the team's at a glance, and a whole week of one person on one form, saved at once or not at all."""

from datetime import time

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import MEMBERS, User
from appointments.models import Weekday, WorkingHours
from appointments.working_time import working_week
from appointments.working_time.asking_back import VisitsHit, ask_about_visits
from clientline import wording
from clientline.admin.forms import DATE_BOUNDS
from clientline.admin.inputs import DayField
from clientline.backoffice import page
from clientline.backoffice.calendar.dated_hours import (
    ask_about_length,
    make_clock_field,
    make_dated_hours,
    make_weeks_field,
)
from clientline.backoffice.platform import acting
from clientline.database.refusals import read_refusal_or_raise
from clientline.notations import is_readable_number
from clientline.refusals import FieldRefused, Refused

ROWS, MOST_ROWS = 3, 12  # stretches of a day that can be typed; one more than there are
MOST_PEOPLE = 200
PARTS = ("starts", "ends", "weeks")
LABELS = {"starts": gettext_lazy("%(weekday)s from"), "ends": gettext_lazy("%(weekday)s to")}
WORKDAYS = range(5)
A_NIGHT = time(18), time(2)


def _name_input(day, row, end):
    return f"{day}-{row}-{end}"


class WeekForm(forms.Form):
    """`seen` is the digest of the week that was shown, `long` names the unusually long hours that are meant."""

    seen = forms.CharField(widget=forms.HiddenInput)
    long = forms.CharField(required=False, widget=forms.HiddenInput)
    first = DayField(
        required=False,
        validators=DATE_BOUNDS,
        label=gettext_lazy("From this day on"),
    )

    def __init__(self, data=None, *, stretches, others, today):
        super().__init__(data)
        self.initial |= {"seen": working_week.digest_week(stretches, others), "first": today}
        by_day = {day: [each[1:] for each in stretches if each[0] == day] for day in Weekday.values}
        self.standing = {each[:3] for each in stretches}
        self.rows = range(self.count_rows(max(map(len, by_day.values()))))
        for day, weekday in Weekday.choices:
            for row in self.rows:
                for end, label in LABELS.items():
                    self.fields[_name_input(day, row, end)] = make_clock_field(label % {"weekday": weekday})
                weeks = gettext("%(weekday)s, in which weeks") % {"weekday": weekday}
                self.fields[_name_input(day, row, "weeks")] = make_weeks_field(weeks, today)
            for row, values in enumerate(by_day[day]):
                self.initial |= {_name_input(day, row, part): value for part, value in zip(PARTS, values, strict=True)}

    def count_rows(self, longest):
        typed = [row for row in range(MOST_ROWS) if any(self.data.get(_name_input(d, row, "starts")) for d in range(7))]
        return min(max(ROWS, longest + 1, *(row + 1 for row in typed)), MOST_ROWS) if typed else max(ROWS, longest + 1)

    def list_days_of_week(self):
        """For the template: (weekday's name, its rows of three fields)."""
        days = wording.order_weekdays()
        return [(Weekday(day).label, [self.get_row(day, row) for row in self.rows]) for day in days]

    def get_row(self, day, row):
        return [self[_name_input(day, row, part)] for part in PARTS]

    def clean(self):
        whole = [(day, row) for day in Weekday.values for row in self.rows if self.is_whole(day, row)]
        whole.sort(key=lambda place: (place[0], self.get_values(*place)[0]))
        stretches = [(day, *self.get_values(day, row)) for day, row in whole]
        for _, later in working_week.find_overlaps(stretches):
            self.add_error(_name_input(*whole[later], "starts"), gettext("This overlaps other hours."))
        self.ask_about_long_hours(whole, stretches)
        return self.cleaned_data

    def ask_about_long_hours(self, whole, stretches):
        """New hours of more than LONGEST_USUAL are sent once more, or were meant for the same day."""
        new = [(n, each) for n, each in enumerate(stretches) if each[:3] not in self.standing]
        found = [n for n, (_, starts, ends, _) in new if ask_about_length(starts, ends)]
        told = " ".join(f"{day} {starts:%H:%M}-{ends:%H:%M}" for day, starts, ends, _ in (stretches[n] for n in found))
        if not found or self.data.get("long") == told:
            return
        for n in found:
            self.add_error(_name_input(*whole[n], "ends"), ask_about_length(*stretches[n][1:3]))
        self.data = self.data.copy()
        self.data["long"] = told

    def get_values(self, day, row):
        """Starts, ends, and in which weeks."""
        return tuple(self.cleaned_data.get(_name_input(day, row, part)) for part in PARTS)

    def is_whole(self, day, row):
        """Whether the row holds a stretch; a half one gets its error."""
        starts, ends, _ = self.get_values(day, row)
        if starts is None and ends is None:
            return False
        wrong = "starts" if starts is None else "ends" if ends is None else None
        if wrong and _name_input(day, row, wrong) not in self.errors:
            self.add_error(_name_input(day, row, wrong), gettext("Give both times."))
        return wrong is None

    def read_stretches(self):
        each = ((day, *self.get_values(day, row)) for day in Weekday.values for row in self.rows)
        return [stretch for stretch in each if stretch[1] is not None]


def _copy_monday(data):
    """What was typed, with Monday's hours on the other workdays, too."""
    data = data.copy()
    for row in range(MOST_ROWS):
        for part in PARTS:
            for day in WORKDAYS:
                data[_name_input(day, row, part)] = data.get(_name_input(0, row, part), "")
    return data


def week_hours(request):
    """Without `staff` the team's hours; with it, the form of that person's week."""
    if not request.user.may("working_hours", "list"):
        raise PermissionDenied
    if "staff" not in request.GET:
        return _show_team(request)
    staff = _find_to_edit(request)
    today = staff.organization.find_local_date(timezone.now())
    stretches, others = working_week.load_with_others(staff, today)
    week = {"stretches": stretches, "others": others, "today": today}
    data = request.POST if request.method == "POST" else None
    dated = make_dated_hours(data, others, today)
    hit = None
    if request.method == "POST" and "copy" in request.POST:
        form = WeekForm(_copy_monday(request.POST), **week)
        messages.info(request, gettext("Monday's hours stand on the other workdays, too. They are not saved yet."))
    else:
        form = WeekForm(data, **week)
        if request.method == "POST" and all([form.is_valid(), dated.is_valid()]):
            hit = _try_to_save(request, staff, form, dated)
            if hit is None and form.is_valid():
                return HttpResponseRedirect(reverse("admin:week_hours"))
    context = {"staff": staff, "form": form, "hit": hit, "dated": dated, "night": wording.write_clocks(*A_NIGHT)}
    return page.render_page(
        request, "week_hours.html", title=gettext("Weekly hours of %(staff)s") % {"staff": staff}, **context
    )


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


def _try_to_save(request, staff, form, dated):
    """Replace the week. What is against it becomes an error of the form; visits that this strands are returned."""
    try:
        with transaction.atomic():
            stranded = working_week.replace_week(
                staff=staff,
                stretches=form.read_stretches(),
                others=dated.read_changes(),
                seen=form.cleaned_data["seen"],
                first=form.cleaned_data["first"],
                now=timezone.now(),
            )
            ask_about_visits(request.user, request.POST.get("anyway"), stranded)
    except working_week.HoursChanged:
        _refuse_changed(staff, form)
    except VisitsHit as hit:
        form.add_error(None, hit.detail)
        return hit
    except FieldRefused as refusal:
        named = {error["field"] for error in refusal.errors}
        form.add_error("first" if named == {"first"} else None, refusal.detail)
    except (Refused, DatabaseError) as error:
        form.add_error(None, read_refusal_or_raise(error).detail)
    else:
        messages.success(request, gettext("The weekly hours of %(staff)s are saved.") % {"staff": staff})
    return None


def _refuse_changed(staff, form):
    """Say what the week is by now; saving what was typed once more then replaces that."""
    present, others = working_week.load_with_others(staff, staff.organization.find_local_date(timezone.now()))
    week = ", ".join(f"{Weekday(day).label} {wording.write_clocks(starts, ends)}" for day, starts, ends, _ in present)
    told = gettext("%(changed)s They are now: %(week)s. Saving again replaces them by what stands here.")
    form.add_error(None, told % {"changed": working_week.HoursChanged.detail, "week": week or gettext("none")})
    form.data = form.data.copy()
    form.data["seen"] = working_week.digest_week(present, others)


def _show_team(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    team = User.objects.filter(MEMBERS, organization=organization, is_active=True).exclude(role=User.Role.CLIENT)
    team = list(team.order_by("name", "id")[:MOST_PEOPLE])
    weeks = {person.pk: {day: [] for day in wording.order_weekdays()} for person in team}
    hours = WorkingHours.objects.visible_to(request.user, "working_hours").filter(staff__in=weeks)
    hours = hours.holding_from(organization.find_local_date(timezone.now()))
    for row in hours.order_by("starts"):
        weeks[row.staff_id][row.weekday].append(row)
    editable = User.objects.performers_for(request.user, "working_hours").filter(pk__in=weeks)
    editable = set(editable.values_list("pk", flat=True))
    people = [(person, list(weeks[person.pk].values()), person.pk in editable) for person in team]
    return page.render_page(
        request,
        "team_hours.html",
        title=gettext("Working hours"),
        people=people,
        weekdays=wording.list_weekdays(),
    )
