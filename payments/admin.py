from django.contrib import admin

from appointments.models import Appointment
from clientline.admin.base import ClientLineModelAdmin, money_column, pill
from clientline.admin.exports import ExportMixin
from clientline.admin.lists import ChoicesFilter, OneRowFilter
from payments.bookkeeping import COLUMNS
from payments.models import Payment


class OfClient(OneRowFilter):
    """What one client paid, whom the address names."""

    title = parameter_name = "client"
    path = "appointment__client"


@admin.register(Payment)
class PaymentAdmin(ExportMixin, ClientLineModelAdmin):
    """The list; nothing of a payment is ever typed in here. The back office brings its page, with its buttons."""

    resource = "payments"
    said_amount = money_column("amount")
    list_display = ("created_at", "client", "said_amount", "payment_method", "state", "organization")
    list_filter = ("status", "payment_method", OfClient, ("organization", ChoicesFilter))
    list_select_related = ("appointment__client", "organization")
    search_fields = ("appointment__client__name", "reference")
    export_columns = COLUMNS
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    autocomplete_fields = ("appointment",)
    choices = {
        "appointment": lambda caller: Appointment.objects.visible_to(caller, "payments", "create").select_related(
            "client"
        )
    }
    change_fields = readonly_fields = (
        "organization",
        "appointment",
        "client",
        "amount",
        "payment_method",
        "status",
        "refunded_amount",
        "reference",
        "settled_at",
        "created_at",
    )

    @admin.display(description="status")
    def state(self, payment):
        return pill(payment.status, payment.get_status_display())

    @admin.display(description="client")
    def client(self, payment):
        return payment.appointment.client
