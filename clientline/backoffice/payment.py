"""The page of a payment: what was taken, what was given back of it, and what can become of it."""

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from clientline import wording
from clientline.backoffice.moves import MovesMixin
from clientline.backoffice.payment_moves import PAYMENT_MOVES
from clientline.backoffice.provider import ask_provider
from payments.admin import PaymentAdmin
from payments.models import Payment, Refund

FROM_VISIT = "?from=visit"
REFUNDS = Prefetch("refunds", Refund.objects.order_by("id"))


class PaymentPageAdmin(MovesMixin, PaymentAdmin):
    moves = PAYMENT_MOVES
    subject = "payment"
    move_related = ("organization", "appointment__client")
    change_form_template = "admin/backoffice/payment.html"

    def seen(self, payment):
        latest = payment.refunds.order_by("-id").values_list("id", flat=True).first()
        return f"{payment.version}-{latest or 0}"

    def home_of(self, request, payment):
        if request.GET.get("from") == "visit":
            return reverse("admin:appointments_appointment_change", args=[payment.appointment_id])
        return super().home_of(request, payment)

    def label(self, payment):
        return f"{payment.amount} · {payment.appointment.client}"

    def create(self, request, values):
        request.recorded = super().create(request, values)
        return request.recorded

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if response.status_code == 302 and hasattr(request, "recorded"):
            note = ask_provider(request, request.recorded)
            if note:
                self.message_user(request, note, messages.WARNING)
        return response

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            timezone.activate(obj.organization.zone)
            prefetch_related_objects([obj], REFUNDS)
            context |= lines_of(self, request, [obj], obj.organization.currency)[0]
        return super().render_change_form(request, context, obj=obj, **kwargs)


def lines_of(payment_admin, request, payments, currency, query=""):
    """What pages show of each payment: its refunds, its receipt, and its buttons."""
    buttons = payment_admin.open_moves(request, payments, query)
    return [
        {
            "payment": payment,
            "amount": wording.money(payment.amount, currency),
            "at": wording.moment(payment.settled_at or payment.created_at),
            "refunds": [line_of(refund, currency) for refund in payment.refunds.all()],
            "receipt": reverse("payment-receipt", args=[payment.pk]) if payment.settled_at else "",
            "checkout": payment.checkout_url if payment.status == Payment.Status.PENDING else "",
            "buttons": buttons[payment.pk],
        }
        for payment in payments
    ]


def line_of(refund, currency):
    return {
        "refund": refund,
        "amount": wording.money(refund.amount, currency),
        "at": wording.moment(refund.settled_at or refund.created_at),
    }
