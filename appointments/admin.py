from datetime import timedelta

from django import forms
from django.contrib import admin
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.working_time import absences, roster, stranding
from appointments.working_time.asking_back import (
    LONGEST_USUAL,
    SHOWN,
    LongHours,
    VisitsHit,
    ask_about_visits,
    find_shown,
    measure_hours,
)
from clientline import wording
from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.lists import ChoicesFilter
from clientline.notations import is_readable_number

EVERYBODY = _("Everybody (closed)")


def _find_today(organization):
    return organization.find_local_date(timezone.now())


class HoursMixin:
    """What the three tables of hours share. The visits that a change strands are listed before it is saved.

    They are looked for once the row is saved, so that the database has judged its values; VisitsHit undoes that.
    """

    change_form_template = "admin/backoffice/absence.html"
    delete_confirmation_template = "admin/backoffice/hours_delete.html"
    list_filter = (("staff", ChoicesFilter), ("organization", ChoicesFilter))
    list_select_related = ("staff", "organization")
    search_fields = ("staff__name",)
    autocomplete_fields = ("organization", "staff")
    ordering = ("-id",)

    def get_nouns(self, request):
        return _("entry"), _("entries")

    def get_changeform_initial_data(self, request):
        staff = request.GET.get("staff", "")
        return {"staff": staff} if is_readable_number(staff) else {}

    def create(self, request, values):
        row = roster.add_row(model=self.model, values=self.complete(values), now=timezone.now())
        self.show_first(request, row, values)
        return row

    def update(self, request, row, changes):
        row = roster.change_row(row=row, changes=self.complete(changes, row), now=timezone.now())
        self.show_first(request, row, changes)
        return row

    def delete_model(self, request, obj):
        roster.remove_row(row=obj, now=timezone.now())

    def complete(self, values, row=None):
        """The values of columns, from those of the form."""
        return values

    def show_first(self, request, row, changes):
        """Raise what asks back, unless it was asked already and is to be saved anyway."""
        self.ask_about_length(request, row, changes)
        ask_about_visits(request.user, request.POST.get("anyway"), {*(row.strands or ()), *self.find_hit(row, changes)})

    def find_hit(self, row, changes):
        """The ids of visits to show beside those that the change strands."""
        return ()

    def ask_about_length(self, request, row, changes):
        starts, ends = getattr(row, "starts", None), getattr(row, "ends", None)
        if starts is None or not {"starts", "ends"} & set(changes) or request.POST.get("long") == "yes":
            return
        if measure_hours(starts, ends) > LONGEST_USUAL:
            raise LongHours(starts, ends)

    def render_change_form(self, request, context, **kwargs):
        refusal = request.call.refusal
        context["hit"] = refusal if isinstance(refusal, VisitsHit) else None
        context["long"] = isinstance(refusal, LongHours) or request.POST.get("long") == "yes"
        return super().render_change_form(request, context, **kwargs)

    def delete_view(self, request, object_id, extra_context=None):
        """The page that asks first lists the visits that this would strand."""
        shown = self.foresee(request, object_id) if request.method == "GET" else []
        return super().delete_view(request, object_id, (extra_context or {}) | {"hit": shown})

    def foresee(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self.has_delete_permission(request, row):
            return []
        with transaction.atomic():
            stranded = roster.remove_row(row=row, now=timezone.now())
            transaction.set_rollback(True)
        return find_shown(request.user, stranded)[:SHOWN]


@admin.register(WorkingHours)
class WorkingHoursAdmin(HoursMixin, ClientLineModelAdmin):
    resource = "working_hours"
    list_display = (
        "staff",
        "weekday",
        "starts",
        "ends",
        "every_second_week",
        "valid_from",
        "valid_until",
        "organization",
    )
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "working_hours")}
    add_fields = change_fields = (
        "organization",
        "staff",
        "weekday",
        "starts",
        "ends",
        "every_second_week",
        "valid_from",
        "valid_until",
    )

    def get_changeform_initial_data(self, request):
        return super().get_changeform_initial_data(request) | {"valid_from": _find_today(request.user.organization)}

    def get_queryset(self, request):
        """In the list, what is over is shown on request."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name == self.name_page("changelist")
        return (
            rows.holding_from(_find_today(request.user.organization)) if is_list and "all" not in request.GET else rows
        )


@admin.register(SpecialHours)
class SpecialHoursAdmin(HoursMixin, ClientLineModelAdmin):
    resource = "special_hours"
    list_display = ("staff", "date", "starts", "ends", "organization")
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "special_hours")}
    add_fields = change_fields = ("organization", "staff", "date", "starts", "ends")


class AwayFilter(ChoicesFilter):
    """Of time off that names nobody it says whose it is."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.empty_value_display = EVERYBODY


@admin.register(TimeOff)
class TimeOffAdmin(HoursMixin, ClientLineModelAdmin):
    resource = "time_off"
    list_display = ("when", "who", "reason", "organization")
    list_filter = (("staff", AwayFilter), ("organization", ChoicesFilter))
    ordering = ("-ends_at", "-id")  # there is an index of the ends
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "time_off")}
    deciding = ("staff", "whole_days", *absences.DATES, *absences.INSTANTS)
    add_fields = change_fields = ("organization", *deciding, "reason")
    labels = {"from_date": _("First day"), "to_date": _("Last day"), "starts_at": _("From"), "ends_at": _("Until")}
    help_texts = {
        "whole_days": _("All hours that begin on these days are off, with their nights"),
        "to_date": _("Included"),
    }

    def changelist_view(self, request, extra_context=None):
        tools = [(_("Public holidays"), reverse("admin:holidays"))] if request.user.may("time_off", "close") else []
        return super().changelist_view(request, {"list_tools": tools} | (extra_context or {}))

    @admin.display(description=_("when"))
    def when(self, away):
        if away.whole_days:
            return wording.write_days(away.from_date, away.to_date)
        return f"{wording.write_moment(away.starts_at)} – {wording.write_moment(away.ends_at)}"

    @admin.display(description=_("staff"))
    def who(self, away):
        return away.staff or EVERYBODY

    def get_changeform_initial_data(self, request):
        return super().get_changeform_initial_data(request) | {"whole_days": True}

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name in absences.INSTANTS:
            kwargs |= {"required": False}
        if db_field.name == "whole_days":
            kwargs |= {"widget": forms.CheckboxInput({"role": "switch"})}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "staff" and not request.user.may("time_off", "close"):
            kwargs |= {"required": True, "help_text": ""}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def complete(self, values, row=None):
        """Without dates, times that are typed are meant; and one day is the first and the last."""
        values = dict(values)
        if values.get("whole_days") is False and all(map(values.get, absences.INSTANTS)):
            values |= dict.fromkeys(absences.DATES)  # the switch hides them, and decides
        if not any(values.get(name) or getattr(row, name, None) for name in absences.DATES):
            values["whole_days"] = values.get("whole_days", False) and not all(map(values.get, absences.INSTANTS))
        elif row is None and not values.get("to_date"):
            values["to_date"] = values["from_date"]
        organization = row.organization if row else values["organization"]
        return absences.complete_times(values, row, organization.zone)

    def find_hit(self, row, changes):
        """All that stand in it, also where they stood in other time off before."""
        if not set(self.deciding) & set(changes):
            return []
        visits = Appointment.objects.filter(organization=row.organization_id, status=Appointment.Status.SCHEDULED)
        visits = visits.filter(staff=row.staff_id) if row.staff_id else visits
        if not row.whole_days:
            return visits.under_way(row.starts_at, row.ends_at).values_list("id", flat=True)
        near = visits.under_way(row.starts_at, row.ends_at + timedelta(days=1))
        problems = stranding.find_problems(row.organization, near, row.organization.zone)
        return [pk for pk, found in problems.items() if stranding.AWAY in found]
