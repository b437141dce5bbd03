from django import forms
from django.contrib import admin
from django.utils import timezone

from appointments.models import Appointment
from clientline.admin import ClientLineModelAdmin, pill
from clientline.changelists import ChoicesFilter
from clientline.exports import ExportMixin
from clientline.forms import ClientLineForm
from payments import ledger
from payments.bookkeeping import COLUMNS
from payments.models import Payment


class RecordingForm(ClientLineForm):
    status = forms.ChoiceField(
        choices=[(each.value, each.label) for each in (Payment.Status.PENDING, Payment.Status.COMPLETED)],
        help_text="Only cash and card payments can be recorded as completed",
    )
    allow_overpayment = forms.BooleanField(required=False, help_text="Take more than is due: a tip, a deposit")


@admin.register(Payment)
class PaymentAdmin(ExportMixin, ClientLineModelAdmin):
    """Adding is recording; afterwards nothing is typed."""

    resource = "payments"
    list_display = ("created_at", "client", "amount", "payment_method", "state", "organization")
    list_filter = ("status", "payment_method", ("organization", ChoicesFilter))
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
    add_form = RecordingForm
    add_fields = ("appointment", "amount", "payment_method", "status", "allow_overpayment")
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

    def create(self, request, values):
        return ledger.record(by=request.user, now=timezone.now(), **values)
