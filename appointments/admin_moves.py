"""What can become of a visit, in the admin: one page per move, through the functions the API calls."""

from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from accounts.models import User
from appointments import booking, series
from appointments.refusals import reachable
from clientline.errors import Refused, as_refusal
from clientline.forms import BOUNDS

REASON = {"max_length": 500, "widget": forms.Textarea(attrs={"rows": 2})}


class MoveForm(forms.Form):
    """`guarded` fields are there only for who may use them."""

    guarded = {}

    def __init__(self, *args, caller, visit, **kwargs):
        super().__init__(*args, **kwargs)
        for name, action in self.guarded.items():
            if not caller.may("appointments", action):
                del self.fields[name]
        self.choose(caller, visit)

    def choose(self, caller, visit):
        """Limit the choices to what this caller may name for this visit."""


class RescheduleForm(MoveForm):
    appointment_date = forms.SplitDateTimeField(
        label="New start", widget=admin.widgets.AdminSplitDateTime, validators=BOUNDS
    )
    staff = forms.ModelChoiceField(User.objects.none(), label="With", required=False, empty_label=None)
    overbook = forms.BooleanField(required=False, help_text="Even beside another visit")

    guarded = {"overbook": "overbook"}

    def choose(self, caller, visit):
        people = User.objects.performers_for(caller, "appointments").filter(organization=visit.organization_id)
        self.fields["staff"].queryset = people.filter(is_active=True).order_by("name", "id")
        self.initial = {"appointment_date": visit.appointment_date, "staff": visit.staff_id}


class CancelForm(MoveForm):
    reason = forms.CharField(**REASON)
    waive_fee = forms.BooleanField(required=False, help_text="Charge nothing, however late")
    scope = forms.ChoiceField(choices=[("this", "This visit"), ("following", "This and the later ones of its series")])

    guarded = {"waive_fee": "waive_fee"}

    def choose(self, caller, visit):
        if visit.series is None:
            del self.fields["scope"]


class CompleteForm(MoveForm):
    pass


class NoShowForm(MoveForm):
    waive_fee = forms.BooleanField(required=False, help_text="Charge nothing")

    guarded = {"waive_fee": "waive_fee"}


class CorrectForm(MoveForm):
    reason = forms.CharField(**REASON)

    def clean(self):
        return super().clean() | {"status": self.status}

    def choose(self, caller, visit):
        self.status = "no_show" if visit.status == "completed" else "completed"


@dataclass(frozen=True)
class Move:
    """A page: what its button says, the policy action, the form, the domain function, and when it is offered."""

    label: str
    action: str
    form: type
    perform: callable
    leads_to: tuple
    starts_from: tuple = ("scheduled",)

    def is_open(self, visit, now):
        return visit.status in self.starts_from and bool({visit.status, *reachable(visit, now)} & set(self.leads_to))


MOVES = {
    "complete": Move("Complete", "complete", CompleteForm, booking.complete, ("completed",)),
    "no-show": Move("No-show", "no_show", NoShowForm, booking.mark_no_show, ("no_show",)),
    "reschedule": Move("Reschedule", "reschedule", RescheduleForm, booking.reschedule, ("scheduled",)),
    "cancel": Move("Cancel visit", "cancel", CancelForm, series.cancel, ("cancelled",)),
    "correct": Move(
        "Correct", "correct", CorrectForm, booking.correct, ("completed", "no_show"), ("completed", "no_show")
    ),
}


class MovesMixin:
    """For the visits' admin: the pages of the moves, and buttons for exactly those that are open now."""

    change_form_template = "admin/appointments/appointment/change_form.html"

    def get_urls(self):
        pages = [
            path(
                f"<int:object_id>/{name}/",
                self.admin_site.admin_view(partial(self.move_view, name=name)),
                name=f"appointments_appointment_{name}",
            )
            for name in MOVES
        ]
        return pages + super().get_urls()

    def open_moves(self, request, visit):
        now = timezone.now()
        return [
            (name, move.label)
            for name, move in MOVES.items()
            if move.is_open(visit, now) and self.permitted_rows(request, move.action).filter(pk=visit.pk).exists()
        ]

    def render_change_form(self, request, context, obj=None, **kwargs):
        return super().render_change_form(
            request, context | {"moves": self.open_moves(request, obj) if obj else []}, obj=obj, **kwargs
        )

    def move_view(self, request, object_id, name):
        move = MOVES[name]
        if not self.permits(request, move.action):
            raise PermissionDenied
        rows = self.permitted_rows(request, move.action).select_related("organization", "staff", "service", "client")
        visit = rows.select_for_update(of=("self",), no_key=True).filter(pk=bounded(object_id)).first()
        if visit is None:
            raise Http404
        form = move.form(request.POST if request.method == "POST" else None, caller=request.user, visit=visit)
        if request.method == "POST" and form.is_valid() and self.performed(request, move, visit, form):
            self.message_user(request, f"{move.label}: done.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:appointments_appointment_change", args=[visit.pk]))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"{move.label}: {self.label(visit)}",
            "original": visit,
            "form": form,
            "move": move,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/appointments/appointment/move.html", context)

    def performed(self, request, move, visit, form):
        """Whether the domain did it; what it refused becomes an error of the form."""
        details = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        try:
            with transaction.atomic():
                move.perform(by=request.user, visit=visit, now=timezone.now(), **details)
                self.log_change(request, visit, move.label)
        except (Refused, DatabaseError) as error:
            refusal = as_refusal(error)
            if refusal is None:
                raise
            form.add_error(None, refusal.detail)
            return False
        return True


def bounded(pk):
    """An id PostgreSQL can hold; any other is nobody's."""
    return pk if pk < 2**63 else 0


def plain_history(visit):
    """What happened to the visit, a line for each fact, newest first."""
    facts = visit.history.select_related("by").order_by("-at", "-id")
    return [
        f"{timezone.localtime(fact.at):%Y-%m-%d %H:%M} {fact.action.replace('_', ' ')} by {fact.by or 'the system'}"
        + (f": {fact.reason}" if fact.reason else "")
        for fact in facts
    ]
