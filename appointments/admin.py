from datetime import timedelta
from hashlib import sha256

from django.contrib import admin
from django.utils import timezone

from accounts.models import User
from appointments import roster
from appointments.hours import find_midnight
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.lists import ChoicesFilter
from clientline.api.fields import is_readable_number
from clientline.refusals import Refused

EVERYBODY = "Everybody (closed)"
MOST_HIT = 1000  # beyond this it is only said that there are more
SHOWN = 50


def _find_today(organization):
    return organization.find_local_date(timezone.now())


class HoursMixin:
    """What the three tables of hours share."""

    list_filter = (("staff", ChoicesFilter), ("organization", ChoicesFilter))
    list_select_related = ("staff", "organization")
    search_fields = ("staff__name",)
    autocomplete_fields = ("organization", "staff")
    ordering = ("-id",)

    def get_nouns(self, request):
        return "entry", "entries"


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
        return {"valid_from": _find_today(request.user.organization)}

    def update(self, request, row, changes):
        return roster.change_hours(row=row, changes=changes, today=_find_today(row.organization))

    def delete_model(self, request, obj):
        roster.end_hours(row=obj, today=_find_today(obj.organization))


class VisitsHit(Refused):
    """Not refused for good: the same again with `token` is saved."""

    code = "visits_hit"

    def __init__(self, visits):
        many = len(visits) > MOST_HIT
        self.count = f"over {MOST_HIT}" if many else len(visits)
        self.visits = visits[:SHOWN]
        self.token = sha256(repr([visit.pk for visit in visits]).encode()).hexdigest()
        stand = "1 visit stands" if len(visits) == 1 else f"{self.count} visits stand"
        super().__init__(f"Nothing is saved yet: {stand} at this time.")


class ShowsVisitsFirst:
    """For an admin whose rows take away working time: `deciding` columns say when, `hit_by` finds the visits.

    They are looked for once the row is saved, so that the database has judged its values; VisitsHit undoes that.
    """

    change_form_template = "admin/backoffice/absence.html"
    deciding = ()

    def get_changeform_initial_data(self, request):
        staff = request.GET.get("staff", "")
        return {"staff": staff} if is_readable_number(staff) else {}

    def create(self, request, values):
        row = super().create(request, values)
        self.show_first(request, row)
        return row

    def update(self, request, row, changes):
        row = super().update(request, row, changes)
        if set(self.deciding) & set(changes):
            self.show_first(request, row)
        return row

    def show_first(self, request, row):
        """Raise VisitsHit unless these very visits were shown and it is to be saved anyway."""
        visits = Appointment.objects.visible_to(request.user, "appointments").filter(
            organization=row.organization_id, status=Appointment.Status.SCHEDULED
        )
        if row.staff_id:
            visits = visits.filter(staff=row.staff_id)
        hit = self.hit_by(visits.select_related("client", "service", "staff"), row)
        hit = list(hit.order_by("appointment_date", "id")[: MOST_HIT + 1])
        if hit and request.POST.get("anyway") != VisitsHit(hit).token:
            raise VisitsHit(hit)

    def render_change_form(self, request, context, **kwargs):
        refusal = request.call.refusal
        context["hit"] = refusal if isinstance(refusal, VisitsHit) else None
        return super().render_change_form(request, context, **kwargs)


@admin.register(SpecialHours)
class SpecialHoursAdmin(ShowsVisitsFirst, HoursMixin, ClientLineModelAdmin):
    """Only of a closed date: other hours may be one of several stretches of that date."""

    resource = "special_hours"
    list_display = ("staff", "date", "starts", "ends", "organization")
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "special_hours")}
    add_fields = change_fields = ("organization", "staff", "date", "starts", "ends")
    deciding = ("staff", "date", "starts", "ends")

    def hit_by(self, visits, row):
        if row.starts is not None:
            return visits.none()
        zone, day = row.organization.zone, row.date
        return visits.under_way(find_midnight(zone, day), find_midnight(zone, day + timedelta(days=1)))


class AwayFilter(ChoicesFilter):
    """Of time off that names nobody it says whose it is."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.empty_value_display = EVERYBODY


@admin.register(TimeOff)
class TimeOffAdmin(ShowsVisitsFirst, HoursMixin, ClientLineModelAdmin):
    resource = "time_off"
    list_display = ("starts_at", "ends_at", "who", "reason", "organization")
    list_filter = (("staff", AwayFilter), ("organization", ChoicesFilter))
    ordering = ("-ends_at", "-id")  # there is an index of the ends
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "time_off")}
    add_fields = change_fields = ("organization", "staff", "starts_at", "ends_at", "reason")
    deciding = ("staff", "starts_at", "ends_at")

    @admin.display(description="staff")
    def who(self, away):
        return away.staff or EVERYBODY

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "staff" and not request.user.may("time_off", "close"):
            kwargs |= {"required": True, "help_text": ""}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def hit_by(self, visits, row):
        return visits.under_way(row.starts_at, row.ends_at)
