from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User
from appointments import booking
from appointments.filters import midnight
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.admin.base import ClientLineModelAdmin, money_column, pill
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.lists import ChoicesFilter, OneRowFilter
from services.models import Service

EVERYBODY = "Everybody (closed)"


class HoursAdmin(ClientLineModelAdmin):
    """What the three tables of hours share."""

    list_filter = (("staff", ChoicesFilter), ("organization", ChoicesFilter))
    list_select_related = ("staff", "organization")
    search_fields = ("staff__name",)
    autocomplete_fields = ("organization", "staff")
    ordering = ("-id",)

    def nouns(self, request):
        return "entry", "entries"


@admin.register(WorkingHours)
class WorkingHoursAdmin(HoursAdmin):
    resource = "working_hours"
    list_display = ("staff", "weekday", "starts", "ends", "organization")
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "working_hours")}
    add_fields = change_fields = ("organization", "staff", "weekday", "starts", "ends")


@admin.register(SpecialHours)
class SpecialHoursAdmin(HoursAdmin):
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
class TimeOffAdmin(HoursAdmin):
    resource = "time_off"
    list_display = ("starts_at", "ends_at", "who", "reason", "organization")
    list_filter = (("staff", AwayFilter), ("organization", ChoicesFilter))
    ordering = ("-ends_at", "-id")  # there is an index of the ends
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "time_off")}
    add_fields = change_fields = ("organization", "staff", "starts_at", "ends_at", "reason")

    @admin.display(description="staff")
    def who(self, away):
        return away.staff or EVERYBODY

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "staff" and not request.user.may("time_off", "close"):
            kwargs |= {"required": True, "help_text": ""}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class Day(admin.SimpleListFilter):
    title = "day"
    parameter_name = "day"
    # name → first day and number of days, counted from today
    SPANS = {"today": (0, 1), "tomorrow": (1, 1), "week": (0, 7), "last-week": (-7, 7)}

    def lookups(self, request, model_admin):
        return [("today", "Today"), ("tomorrow", "Tomorrow"), ("week", "Next 7 days"), ("last-week", "Last 7 days")]

    def queryset(self, request, queryset):
        if self.value() not in self.SPANS:
            return queryset
        first, days = self.SPANS[self.value()]
        start = timezone.localdate() + timedelta(days=first)
        return queryset.filter(
            appointment_date__gte=midnight(start), appointment_date__lt=midnight(start + timedelta(days=days))
        )


class OfClient(OneRowFilter):
    """One client's, whom the address names."""

    title = parameter_name = "client"
    path = "client"


@admin.register(Appointment)
class AppointmentAdmin(ExportMixin, BulkMixin, ClientLineModelAdmin):
    """The list; the back office brings the page of a visit, which shows its payments, and that of a booking."""

    resource = "appointments"
    said_price = money_column("price")
    list_display = ("appointment_date", "client", "service", "staff", "state", "said_price", "organization")
    list_filter = (Day, "status", OfClient, ("staff", ChoicesFilter), ("organization", ChoicesFilter))
    list_select_related = ("client", "service", "staff", "organization")
    search_fields = ("client__name", "client__email")
    export_columns = {
        "id": "id",
        "organization": "organization__name",
        "starts_at": "appointment_date",
        "ends_at": "ends_at",
        "client": "client__name",
        "client_email": "client__email",
        "client_phone": "client__phone",
        "service": "service__name",
        "staff": "staff__name",
        "status": "status",
        "price": "price",
        "currency": "organization__currency",
        "cancelled_at": "cancelled_at",
        "cancellation_reason": "cancellation_reason",
        "created_at": "created_at",
    }
    actions = ("complete_visits",)
    ordering = ("-appointment_date", "-id")
    sortable_by = ("appointment_date",)
    autocomplete_fields = ("client", "staff", "service")
    choices = {
        "client": lambda caller: User.objects.clients_for(caller).filter(is_active=True),
        "staff": lambda caller: User.objects.performers_for(caller, "appointments").filter(is_active=True),
        "service": lambda caller: Service.objects.visible_to(caller, "services").filter(is_active=True),
    }
    change_fields = ("notes", "internal_notes")

    def label(self, row):
        return f"{timezone.localtime(row.appointment_date):%Y-%m-%d %H:%M} · {row.client}"

    @admin.display(description="status")
    def state(self, visit):
        state = pill(visit.status, visit.get_status_display())
        return format_html("{} {}", state, pill("overbooked", "Overbooked")) if visit.overbooked else state

    def has_complete_permission(self, request):
        return self.permits(request, "complete")

    @admin.action(description="Complete", permissions=["complete"])
    def complete_visits(self, request, queryset):
        now = timezone.now()

        def perform(visit):
            booking.complete(by=request.user, visit=visit, now=now)

        self.each_row(request, queryset, action="complete", perform=perform, done="completed")
