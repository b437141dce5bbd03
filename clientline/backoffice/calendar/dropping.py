"""What is dropped on a board: a visit at another time, person or length, and a time that is blocked.

Answers are JSON, a refusal like a form that comes back: with 200, and `code`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django import forms
from django.contrib import admin
from django.db import DatabaseError, transaction
from django.http import JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from appointments import availability, booking
from appointments.amendments import alterations
from appointments.availability import measure_need_of_visit
from appointments.models import Appointment, TimeOff
from appointments.placing import make_time_columns
from appointments.refusals import SLOT_REFUSALS, SlotTaken
from appointments.working_time import roster
from appointments.working_time.hours import is_shown
from clientline import places, wording
from clientline.admin.forms import refuse_seconds
from clientline.api.filters import DateFormField
from clientline.backoffice.appointments.free_times import LAST_DAY, LOOK_AHEAD_DAYS
from clientline.backoffice.platform import acting
from clientline.database.refusals import read_refusal_or_raise
from clientline.notations import is_readable_number
from clientline.refusals import DETAILS, FieldRefused, Refused
from organizations import audit
from services.models import DAY_OF_MINUTES

MOST_NAMED = 3  # visits in the way


class SpotForm(forms.Form):
    """Where something was dropped, as the board's script says it."""

    date = DateFormField()
    time = forms.TimeField(validators=[refuse_seconds])
    fold = forms.BooleanField(required=False)  # the second of two like times
    staff = forms.ModelChoiceField(User.objects.none())
    duration = forms.IntegerField(required=False, min_value=1, max_value=DAY_OF_MINUTES)

    def __init__(self, *args, people, zone, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["staff"].queryset, self.zone = people, zone

    def clean(self):
        values = super().clean()
        if {"date", "time"} <= values.keys():
            day, clock = values["date"], values["time"]
            if not is_shown(self.zone, day, clock.hour * 60 + clock.minute):
                self.add_error("time", _("The clocks skip this time on that day."))
            values["start"] = datetime.combine(day, clock.replace(fold=bool(values["fold"])), self.zone)
        return values

    def tell_error(self):
        return next(iter(self.errors.values()))[0]


@require_POST
def move_view(request):
    """Move a visit, or give it another length; what is in the way is named, with the next free time."""
    visit = _find_visit(request)
    if visit is None:
        return _answer_refusal("not_found", _("This visit is not there any more."))
    places.enter(visit.organization)
    people = User.objects.performers_for(request.user, "appointments").filter(organization=visit.organization_id)
    spot = SpotForm(request.POST, people=people, zone=visit.organization.zone)
    if not spot.is_valid():
        return _answer_refusal("validation_error", spot.tell_error())
    if request.POST.get("version") != str(visit.version):
        return _answer_refusal("version_mismatch", _tell_changed(visit, request.POST.get("version", "")))
    values = spot.cleaned_data
    try:
        with transaction.atomic():
            told = _move(request, visit, values)
    except (Refused, DatabaseError) as error:
        return _answer_slot_refusal(request, visit, values, read_refusal_or_raise(error))
    undo = reverse("admin:appointments_appointment_undo", args=[visit.pk])
    return JsonResponse({"told": told, "undo": {"url": undo, "label": _("Undo")}})


def _find_visit(request):
    """The visit that is named, locked; None where the caller may not move it."""
    named = request.POST.get("visit", "")
    if not (is_readable_number(named) and request.user.may("appointments", "reschedule")):
        return None
    visits = Appointment.objects.visible_to(request.user, "appointments", "reschedule")
    visits = visits.select_related("organization", "staff", "service", "client")
    return visits.select_for_update(of=("self",), no_key=True).filter(pk=named).first()


def _move(request, visit, values):
    """Move or change the visit, and say what was done. Raises what the domain does."""
    doing = {"by": request.user, "visit": visit, "now": timezone.now()}
    doing["overbook"] = "overbook" in request.POST and request.user.may("appointments", "overbook")
    note = admin.site.get_model_admin(Appointment).log_change
    if values["duration"]:
        alterations.change_visit(duration=values["duration"], **doing)
        note(request, visit, "Change")
        return _("{client}: {length} now").format(client=visit.client, length=wording.write_length(values["duration"]))
    booking.reschedule(appointment_date=values["start"], staff=values["staff"], **doing)
    note(request, visit, "Reschedule")
    moment = wording.write_moment(visit.appointment_date)
    return _("Moved to {moment} with {staff}").format(moment=moment, staff=visit.staff)


def _tell_changed(visit, version):
    editors = audit.find_editors_since(visit, int(version)) if is_readable_number(version) else []
    told = {
        "editors": get_text_list(editors, _("and")),
        "moment": wording.write_moment(visit.appointment_date),
        "staff": visit.staff,
    }
    if editors:
        return _("This visit was changed meanwhile by %(editors)s. It stands at %(moment)s with %(staff)s.") % told
    return _("This visit was changed meanwhile. It stands at %(moment)s with %(staff)s.") % told


def _answer_refusal(code, told, **more):
    return JsonResponse({"code": code, "told": told} | more)


def _answer_slot_refusal(request, visit, values, refusal):
    """Why it cannot be there, who is in the way, and what could be done instead."""
    told = refusal.errors[0]["detail"] if isinstance(refusal, FieldRefused) else refusal.detail
    if refusal.code not in SLOT_REFUSALS:
        return _answer_refusal(refusal.code, told)
    start, staff = values["start"], values["staff"]
    choices = []
    if not values["duration"] and (free := _find_next_free(visit, start, staff)):
        spot = {"date": f"{free:%Y-%m-%d}", "time": f"{free:%H:%M}", "fold": "1" if free.fold else ""}
        choices.append({"label": _("Move to {time}").format(time=_tell_time(free, start)), "values": spot})
    if refusal.code == SlotTaken.code and request.user.may("appointments", "overbook"):
        choices.append({"label": _("Place it beside"), "values": {"overbook": "1"}})
    hit = _find_in_the_way(request.user, visit, values) if refusal.code == SlotTaken.code else []
    return _answer_refusal(refusal.code, told, in_the_way=_link_visits(hit), choices=choices)


def _tell_time(free, start):
    return wording.write_clock(free) if free.date() == start.date() else wording.write_local_moment(free)


def _find_next_free(visit, start, staff):
    """The next start that anybody could book for this visit with this person; None where there is none soon."""
    day, zone = start.date(), visit.organization.zone
    last = min(day + timedelta(days=LOOK_AHEAD_DAYS), LAST_DAY)
    asked = {"service": visit.service, "first_day": day, "last_day": last, "staff_ids": [staff.pk], "moved": visit}
    try:
        openings = availability.search(now=timezone.now(), **asked)
    except FieldRefused:
        return None
    return next((free.astimezone(zone) for free, _, _ in openings.slots if free > start), None)


def _find_in_the_way(caller, visit, values):
    need = measure_need_of_visit(visit)
    if values["duration"]:
        need = replace(need, duration=values["duration"])
    taken = make_time_columns(visit.appointment_date if values["duration"] else values["start"], need)
    others = Appointment.objects.visible_to(caller, "appointments").exclude(status="cancelled").exclude(pk=visit.pk)
    others = others.filter(staff=values["staff"], busy_from__lt=taken["busy_until"], busy_until__gt=taken["busy_from"])
    return others.select_related("client", "service").order_by("appointment_date")[:MOST_NAMED]


def _link_visits(visits):
    return [
        {
            "label": f"{_write_span(each.appointment_date, each.ends_at)} {each.client}, {each.service}",
            "url": reverse("admin:appointments_appointment_change", args=[each.pk]),
        }
        for each in visits
    ]


def _write_span(starts, ends):
    return wording.write_clocks(timezone.localtime(starts), timezone.localtime(ends))


@require_POST
def block_view(request):
    """Somebody is away for a while; visits that stand there are named first."""
    organization = acting.find_chosen_organization(request)
    if organization is None or not request.user.may("time_off", "create"):
        return _answer_refusal("permission_denied", DETAILS[403])
    people = User.objects.performers_for(request.user, "time_off").filter(organization=organization)
    spot = SpotForm(request.POST, people=people, zone=organization.zone)
    if not spot.is_valid() or not spot.cleaned_data["duration"]:
        return _answer_refusal("validation_error", spot.tell_error() if spot.errors else _("How long is not said."))
    staff, start = spot.cleaned_data["staff"], spot.cleaned_data["start"].astimezone(timezone.get_fixed_timezone(0))
    span = {"starts_at": start, "ends_at": start + timedelta(minutes=spot.cleaned_data["duration"])}
    if "anyway" not in request.POST and (hit := _find_under_way(request.user, staff, span)):
        told = _("Visits stand there. Blocking moves none of them.")
        anyway = [{"label": _("Block all the same"), "values": {"anyway": "1"}}]
        return _answer_refusal("visits_hit", told, in_the_way=_link_visits(hit), choices=anyway)
    return JsonResponse(_block(request, organization, staff, span))


def _find_under_way(caller, staff, span):
    visits = Appointment.objects.visible_to(caller, "appointments").filter(staff=staff, status="scheduled")
    visits = visits.under_way(span["starts_at"], span["ends_at"]).select_related("client", "service")
    return list(visits.order_by("appointment_date")[:MOST_NAMED])


def _block(request, organization, staff, span):
    values = {"organization": organization, "staff": staff, "whole_days": False, **span}
    row = roster.add_row(model=TimeOff, values=values, now=timezone.now())
    admin.site.get_model_admin(TimeOff).log_addition(request, row, [{"added": {}}])
    starts, ends = (wording.write_clock(timezone.localtime(each, organization.zone)) for each in span.values())
    undo = {"url": reverse("admin:appointments_timeoff_delete", args=[row.pk]), "label": _("Undo"), "body": "post=yes"}
    return {"told": _("Blocked: {staff}, {starts}–{ends}").format(staff=staff, starts=starts, ends=ends), "undo": undo}
