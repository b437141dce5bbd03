"""The page of a payment: what was taken, what was given back of it, and what can become of it."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from clientline import places, wording
from clientline.admin.base import ClientLineModelAdmin, render_pill
from clientline.admin.exports import ExportMixin
from clientline.admin.forms import Suggested
from clientline.admin.lists import ChoicesFilter, OneRowFilter
from clientline.backoffice.appointments.days import Taken
from clientline.backoffice.money.payment_moves import PAYMENT_MOVES
from clientline.backoffice.money.totals import SummingPaginator, list_totals
from clientline.backoffice.moves import MovesMixin
from clientline.backoffice.page import render_page
from clientline.backoffice.search import PeopleSearchMixin
from payments.bookkeeping.columns import COLUMNS
from payments.models import Payment, Refund

FROM_VISIT = "?from=visit"
NUMBER = "receipt_number"
SELDOM = {"tip", "rounding", "refunded_amount", "receipt", "former_number", "void_reason", "reference", "settled_at"}
REFUNDS = Prefetch("refunds", Refund.objects.order_by("id"))


class WhichVisitForm(forms.Form):
    appointment = forms.ModelChoiceField(
        Payment.objects.none(),
        label=gettext_lazy("Visit"),
        help_text=gettext_lazy("Search by the client's name, telephone or e-mail address, or by its number"),
    )

    def __init__(self, *args, model_admin, request, **kwargs):
        super().__init__(*args, **kwargs)
        field, column = self.fields["appointment"], Payment._meta.get_field("appointment")
        field.queryset = model_admin.get_rows_for(column, request)
        field.widget = Suggested(column, model_admin.admin_site)
        field.label_from_instance = model_admin.admin_site.get_model_admin(column.related_model).label
        field.widget.choices = field.choices


class OfClient(OneRowFilter):
    """What one client paid, whom the address names."""

    title = gettext_lazy("client")
    parameter_name = "client"
    path = "appointment__client"


class PaymentAdmin(PeopleSearchMixin, MovesMixin, ExportMixin, ClientLineModelAdmin):
    """Nothing of a payment is ever typed in here; buttons do it all."""

    resource = "payments"
    list_display = ("created_at", "client", "amount", "payment_method", "state", "organization")
    list_filter = (Taken, "status", "payment_method", OfClient, ("organization", ChoicesFilter))
    list_select_related = ("appointment__client", "organization")
    search_fields = ("appointment__client__name",)
    person, number = "appointment__client", NUMBER
    export_columns = COLUMNS
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    paginator = SummingPaginator
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
        "tip",
        "rounding",
        "payment_method",
        "state",
        "refunded_amount",
        "receipt",
        "former_number",
        "void_reason",
        "reference",
        "settled_at",
        "created_at",
    )
    change_form_template = "admin/backoffice/payment.html"
    add_label = gettext_lazy("Take a payment")
    moves = PAYMENT_MOVES
    subject = "payment"
    move_related = ("organization", "appointment__client")

    # Lists

    has_row_links = True

    def list_row_links(self, request, payment):
        visit = reverse("admin:appointments_appointment_change", args=[payment.appointment_id])
        receipt = [(_("Receipt"), reverse("payment-receipt", args=[payment.pk]))] if payment.settled_at else []
        return [*receipt, (_("Visit"), visit)]

    def sum_up(self, request, found):
        home = self.admin_site.get_organization(request)
        return list_totals(found.paginator, home.currency) if home else []  # of several, currencies differ

    @admin.display(description=_("status"))
    def state(self, payment):
        return render_pill(payment.status, payment.write_status())

    @admin.display(description=Payment._meta.get_field(NUMBER).verbose_name)
    def receipt(self, payment):
        """Its number without the column's help, which tells programs of null."""
        return payment.receipt_number

    @admin.display(description=gettext_lazy("client"))
    def client(self, payment):
        return payment.appointment.client

    # Pages

    def get_fields(self, request, obj=None):
        """Without what most payments have nothing of, where this one has nothing of it."""
        fields = super().get_fields(request, obj)
        return [name for name in fields if name not in SELDOM or getattr(obj, NUMBER if name == "receipt" else name)]

    def identify_state(self, payment):
        latest = payment.refunds.order_by("-id").values_list("id", flat=True).first()
        return f"{payment.version}-{latest or 0}"

    def get_home_url(self, request, payment):
        if request.GET.get("from") == "visit":
            return reverse("admin:appointments_appointment_change", args=[payment.appointment_id])
        return super().get_home_url(request, payment)

    def label(self, payment):
        amount = wording.write_money(payment.amount, payment.organization.currency)
        return f"{amount} · {payment.appointment.client}"

    def add_view(self, request, form_url="", extra_context=None):
        """Asks for whom; the page of the visit's own move takes the payment."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = WhichVisitForm(request.POST or None, model_admin=self, request=request)
        if form.is_bound and form.is_valid():
            visit = form.cleaned_data["appointment"]
            return HttpResponseRedirect(reverse("admin:appointments_appointment_payment", args=[visit.pk]))
        return render_page(
            request,
            "which_visit.html",
            title=gettext("Take a payment"),
            form=form,
            opts=self.opts,
            media=self.media + form.media,
        )

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            places.enter(obj.organization)
            prefetch_related_objects([obj], REFUNDS)
            context |= list_payment_lines(self, request, [obj], obj.organization.currency)[0]
            said = {"amount": context["amount"], "client": obj.appointment.client}
            title = gettext("Payment of %(amount)s · %(client)s") % said
            context |= {"title": title, "crumb": title, "subtitle": None}
        return super().render_change_form(request, context, obj=obj, **kwargs)


def list_payment_lines(payment_admin, request, payments, currency, query=""):
    """What pages show of each payment: its refunds, its receipt, and its buttons."""
    buttons = payment_admin.open_moves(request, payments, query)
    return [
        {
            "payment": payment,
            "amount": wording.write_money(payment.amount, currency),
            "parts": _list_parts(payment, currency),
            "at": wording.write_moment(payment.settled_at or payment.created_at),
            "refunds": [_describe_refund(refund, currency) for refund in payment.refunds.all()],
            "receipt": reverse("payment-receipt", args=[payment.pk]) if payment.settled_at else "",
            "checkout": payment.checkout_url if payment.is_expected else "",
            "buttons": buttons[payment.pk],
        }
        for payment in payments
    ]


def _describe_refund(refund, currency):
    return {
        "refund": refund,
        "amount": wording.write_money(refund.amount, currency),
        "at": wording.write_moment(refund.settled_at or refund.created_at),
    }


def _list_parts(payment, currency):
    """What an amount is made of besides the price, the number of its receipt, and what it stands for."""
    named = {gettext("tip"): payment.tip, gettext("rounded by"): payment.rounding}
    parts = [f"{word} {wording.write_money(amount, currency)}" for word, amount in named.items() if amount]
    number = [gettext("receipt %(number)s") % {"number": payment.receipt_number}] if payment.receipt_number else []
    return [*parts, *number, *([gettext("another amount than was asked for")] if payment.instead_of_id else [])]
