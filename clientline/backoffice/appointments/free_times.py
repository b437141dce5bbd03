"""When: a day, and on it one of the free times that everybody is offered, or one typed by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.timezone import make_aware
from django.utils.translation import gettext, gettext_lazy

from appointments.availability import search
from appointments.refusals import SlotTaken
from appointments.working_time.hours import is_shown
from clientline import places, wording
from clientline.admin.forms import DATE_BOUNDS, Refusable, refuse_seconds
from clientline.admin.inputs import ClockInput, DayField
from clientline.notations import LATEST, parse_instant, read_typed_date
from clientline.refusals import FieldRefused

LOOK_AHEAD_DAYS = 13  # where the next free day is looked for
NOT_FOR_CLIENTS = gettext_lazy("%(time)s (not for clients)")  # too soon, over, or too far ahead
TYPE_ANOTHER = gettext_lazy("Type another time to book all the same.")
LAST_DAY = LATEST.date() - timedelta(days=1)
REASONS = {
    "closed": gettext_lazy("Nobody works on this day."),
    "time_off": gettext_lazy("Everybody is off on this day."),
    "too_soon": gettext_lazy("This day is too soon, or over."),
    "too_far_ahead": gettext_lazy("This day is further ahead than clients may book."),
    "fully_booked": gettext_lazy("This day is fully booked."),
}


class FreeTimes:
    """The free times of a day as choices, or `sentence`, which says why there are none.

    Who has a `free_hand` is offered what clients may not book, too, marked so.
    """

    def __init__(self, *, service, day, staff=None, duration=None, moved=None, free_hand=False):
        self.choices, self.sentence, self.free_hand = [], "", free_hand
        try:
            openings = search(
                service=service,
                first_day=day,
                last_day=min(day + timedelta(days=LOOK_AHEAD_DAYS), LAST_DAY),
                staff_ids=[staff.pk] if staff else (),
                duration=duration,
                moved=moved,
                now=timezone.now(),
                any_day=free_hand,
            )
        except FieldRefused as refusal:
            self.sentence = self.explain_plainly(refusal, service, staff)
        else:
            self.offer(openings, day)

    def offer(self, openings, day):
        starts = [start for start, _, _ in openings.slots]
        earliest, horizon = openings.for_clients
        self.choices = [
            (
                each.isoformat(),
                wording.write_clock(each)
                if earliest <= each < horizon
                else NOT_FOR_CLIENTS % {"time": wording.write_clock(each)},
            )
            for each in starts
            if each.date() == day
        ]
        if not self.choices:
            (_, _, reason), *_ = openings.days
            told = (REASONS[reason], _tell_next_day(starts), *([TYPE_ANOTHER] if self.free_hand else []))
            self.sentence = " ".join(map(str, told))

    def explain_plainly(self, refusal, service, staff):
        [error] = refusal.errors
        if error["field"] != "staff":
            return error["detail"]
        return gettext("%(staff)s does not perform %(service)s.") % {"staff": staff, "service": service}


def _tell_next_day(starts):
    if not starts:
        return gettext("Nothing is free in the %(days)s days after it either.") % {"days": LOOK_AHEAD_DAYS}
    first = starts[0]
    said = {"day": wording.write_short_date(first), "time": wording.write_clock(first)}
    return gettext("The next free time is %(day)s at %(time)s.") % said


@dataclass(frozen=True)
class NoTimes:
    """In place of FreeTimes where too little is known to ask for them."""

    sentence: str
    choices: tuple = ()


@dataclass(frozen=True)
class Anyway:
    """A button that does knowingly what was refused: it sends the form again with `value` for `name`."""

    name: str
    value: str
    label: str
    warning: str


class WhenForm(Refusable, forms.Form):
    """Gives `appointment_date`. `overbook` names the time and person for whom a double booking was asked for."""

    date = DayField(label=gettext_lazy("Day"), validators=DATE_BOUNDS)
    # Not completed: after Back, the browser would choose the time that stands where the one just taken stood.
    slot = forms.CharField(
        label=gettext_lazy("Free times"),
        required=False,
        max_length=40,
        widget=forms.RadioSelect(attrs={"autocomplete": "off"}),
    )
    time = forms.TimeField(
        label=gettext_lazy("Another time"), required=False, widget=ClockInput, validators=[refuse_seconds]
    )
    overbook = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    anyway = None

    def show(self):
        """Offer the free times. Called before a page is drawn: a booking that succeeds needs none."""
        raise NotImplementedError

    @property
    def zone(self):
        """The organization's, in which times are typed."""
        raise NotImplementedError

    def start(self):
        """What was chosen or typed, None where the fields have said what is wrong."""
        values = self.cleaned_data
        if not {"date", "slot"} <= values.keys() or "time" in self.errors:
            return None
        try:
            return self.read_chosen_or_typed(values["slot"], values["date"], values.get("time"))
        except ValueError as error:
            self.add_error("slot", str(error))
            return None

    def read_chosen_or_typed(self, slot, day, clock):
        if slot and clock:
            raise ValueError("Choose a free time or type another one, not both.")
        if not slot and not clock:
            raise ValueError("Choose a free time, or type another one.")
        return self.read_chosen(slot, day) if slot else self.read_typed(day, clock)

    def make_token(self):
        """The time and person of this booking: what was asked for knowingly holds for no other."""
        start, staff = self.cleaned_data.get("appointment_date"), self.cleaned_data.get("staff")
        return f"{start and start.isoformat()} {staff.pk if staff else 'anyone'}"

    def confirms(self, name):
        return self.cleaned_data.get(name) == self.make_token()

    def add_refusal(self, refusal):
        super().add_refusal(refusal)
        if refusal.code == SlotTaken.code and "overbook" in self.fields and self.cleaned_data.get("staff"):
            warning = gettext("%(staff)s has another visit then. Both will stand in the calendar.")
            warning %= {"staff": self.cleaned_data["staff"]}
            self.anyway = Anyway("overbook", self.make_token(), gettext("Book anyway beside the other visit"), warning)

    def read_chosen(self, slot, day):
        try:
            start = parse_instant(slot)
        except ValueError as error:
            raise ValueError("Choose one of the free times.") from error
        if start.astimezone(self.zone).date() != day:
            raise ValueError("The day was changed: choose one of its times.")
        return start

    def read_typed(self, day, clock):
        if not is_shown(self.zone, day, clock.hour * 60 + clock.minute):
            raise ValueError("The clocks skip this time on that day.")
        return make_aware(datetime.combine(day, clock), self.zone)

    def offer(self, times, organization=None):
        """Show these free times; one typed that is among them is chosen."""
        abroad = organization and organization.pk != self.caller.organization_id
        self.foreign_zone = organization.timezone if abroad else ""
        self.sentence = times.sentence
        self.fields["slot"].widget.choices = [*times.choices, ("", gettext("another time:"))] if times.choices else []
        if not self.is_bound and not self.initial.get("slot"):
            self.choose_typed([value for value, _ in times.choices])

    def choose_typed(self, slots):
        typed = str(self.initial.get("time"))[:5]
        if slot := next((each for each in slots if f"{parse_instant(each):%H:%M}" == typed), None):
            self.initial |= {"slot": slot, "time": None}


def read_named_day(value):
    """The date that `value`, a text or a date, names; None for nonsense."""
    try:
        return read_typed_date(str(value), places.find_country())
    except ValueError:
        return None
