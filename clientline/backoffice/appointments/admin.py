"""The page of a visit: its facts, its money, what happened to it, and what can become of it now."""

from datetime import timedelta
from functools import partial

from django.contrib import admin, messages
from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import booking, history
from appointments.amendments.companions import hold_companions
from appointments.models import Appointment
from clientline import places, wording
from clientline.admin.base import ClientLineModelAdmin, render_pill
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.lists import ChoicesFilter, OneRowFilter
from clientline.backoffice.appointments.booking import booking_view
from clientline.backoffice.appointments.days import Day, Unpaid
from clientline.backoffice.appointments.visit_moves import VISIT_MOVES
from clientline.backoffice.money.admin import FROM_VISIT, REFUNDS, list_payment_lines
from clientline.backoffice.money.bill import bill_view, describe_again, describe_till
from clientline.backoffice.money.till import TILL_MOVES
from clientline.backoffice.moves import MovesMixin
from clientline.backoffice.search import PeopleSearchMixin
from clientline.reach.messages.delivery.telling import identify_message, list_messages
from clientline.reach.messages.models import Message
from organizations import policy
from payments import balances
from payments.models import Payment
from services.models import Service

# Nothing where it is a made one: `sheets` says so.
MAIL_ADDRESS = Coalesce(NullIf("client__contact_email", Value("")), "client__email")
MINUTE = timedelta(minutes=1)


class OfClient(OneRowFilter):
    """One client's, whom the address names."""

    title = gettext_lazy("client")
    parameter_name = "client"
    path = "client"


class AppointmentAdmin(PeopleSearchMixin, MovesMixin, ExportMixin, BulkMixin, ClientLineModelAdmin):
    """Only notes are typed; buttons do the rest."""

    resource = "appointments"
    list_display = ("appointment_date", "client", "service", "staff", "state", "price", "organization")
    list_filter = (Day, Unpaid, "status", OfClient, ("staff", ChoicesFilter), ("organization", ChoicesFilter))
    list_select_related = ("client", "service", "staff", "organization")
    search_fields = ("client__name",)
    person, number = "client", "pk"
    export_columns = {
        "id": "id",
        "organization": "organization__name",
        "starts_at": "appointment_date",
        "ends_at": "ends_at",
        "client": "client__name",
        "client_email": MAIL_ADDRESS,
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
    change_form_template = "admin/backoffice/visit.html"
    add_label = gettext_lazy("Book a visit")
    moves = VISIT_MOVES | TILL_MOVES
    subject = "visit"
    move_related = ("organization", "staff", "service", "client")

    # Lists

    has_row_links = True

    def list_row_links(self, request, visit):
        day = f"{reverse('admin:index')}?date={timezone.localtime(visit.appointment_date):%Y-%m-%d}"
        movable = visit.status == "scheduled" and self.is_in_hand(request.user, visit)
        move = [(_("Reschedule"), self.link_move(visit, "reschedule"))] if movable else []
        return [*move, (_("Its day"), day)]

    def is_in_hand(self, caller, visit):
        """Whether the list's reader may move it; asked of the row alone."""
        scope = policy.find_scope(caller, "appointments", "reschedule")
        return scope != policy.NEVER and (scope != policy.ASSIGNED or visit.staff_id == caller.pk)

    @admin.display(description=_("status"))
    def state(self, visit):
        state = render_pill(visit.status, visit.get_status_display())
        return (
            format_html("{} {}", state, render_pill("overbooked", gettext("Overbooked"))) if visit.overbooked else state
        )

    def has_complete_permission(self, request):
        return self.permits(request, "complete")

    @admin.action(description=gettext_lazy("Complete"), permissions=["complete"])
    def complete_visits(self, request, queryset):
        now = timezone.now()

        def perform(visit):
            booking.complete(by=request.user, visit=visit, now=now)

        self.perform_on_each(request, queryset, action="complete", perform=perform, done=gettext_lazy("completed"))

    # Pages

    def identify_state(self, visit):
        latest = visit.payments.order_by("-id").values_list("id", flat=True).first()
        return f"{visit.version}-{latest or 0}"

    def get_urls(self):
        return [*self.list_pages_of_a_row({"bill": partial(bill_view, self)}), *super().get_urls()]

    def find(self, request, object_id, move):
        if request.method == "POST":
            named = self.model.objects.visible_to(request.user, *move.permission).filter(pk=object_id)
            hold_companions(named, move.scope or request.POST.get("scope"))
        return super().find(request, object_id, move)

    def label(self, visit):
        return f"{wording.write_moment(visit.appointment_date)} · {visit.client}"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.move_related)

    def list_tools(self, request):
        tools = super().list_tools(request)
        if request.user.may("users", "import"):
            tools.append((gettext("Import visits"), reverse("admin:visit_import")))
        return tools

    def add_view(self, request, form_url="", extra_context=None):
        return booking_view(self, request)

    def render_change_form(self, request, context, obj=None, **kwargs):
        places.enter(obj.organization)
        money = self.admin_site.get_model_admin(Payment)
        lines = list_payment_lines(money, request, _find_payments(obj, request), obj.organization.currency, FROM_VISIT)
        figures = _describe_balance(obj, [line["payment"] for line in lines])
        seen = self.identify_state(obj)
        context |= {
            "title": self.label(obj),
            "subtitle": None,
            "facts": _list_facts(obj),
            # Whoever sees a visit knows its client.
            "noted": obj.client if request.user.may("users", "client_notes") else None,
            "day_url": f"{reverse('admin:index')}?date={timezone.localdate(obj.appointment_date)}",
            "balance": figures,
            "lines": lines,
            "history": history.describe_history(obj),
            "told": self.list_told(request, obj),
            "seen": seen,
            "zone": obj.organization.timezone if obj.organization_id != request.user.organization_id else "",
            "till": describe_till(self, request, obj, seen) if figures["is_open"] or obj.group else None,
            "again": describe_again(self, request, obj),
        } | self.list_buttons(request, obj, figures["is_open"])
        # The till leads there, too; afterwards it lists the receipts of all that was paid together.
        if not context["till"] and (lines or obj.group) and request.user.may("appointments", "balance"):
            context["bill_url"] = self.link_move(obj, "bill")
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def list_told(self, request, visit):
        """What the client was and will be told, each with its buttons."""
        told = list_messages(visit)
        buttons = self.admin_site.get_model_admin(Message).open_moves(request, told) if told else {}
        return [{"message": each, "buttons": buttons[each.pk], "seen": identify_message(each)} for each in told]

    def list_buttons(self, request, visit, is_open):
        """The moves open now; taking a payment stands beside the balance."""
        buttons = self.open_moves(request, [visit])[visit.pk]
        payment = [each for each in buttons if each.name == "payment"]
        moves = [each for each in buttons if each.name != "payment"]
        likely = [each for each in moves if each.name == "complete"] + (payment if is_open else [])
        for button in likely[:1]:
            button.classes = ""
        return {"moves": moves, "take_payment": payment}

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in self.change_fields:
            field.widget.attrs["rows"] = 3
        return field

    def response_change(self, request, obj):
        self.message_user(request, gettext("The notes are saved."), messages.SUCCESS)
        return HttpResponseRedirect(self.get_home_url(request, obj))


def _find_payments(visit, request):
    mine = Payment.objects.visible_to(request.user, "payments", "list").filter(appointment=visit)
    return list(mine.order_by("created_at", "id").prefetch_related(REFUNDS))


def _list_facts(visit):
    """What the head of the page says."""
    minutes = (visit.ends_at - visit.appointment_date) // MINUTE
    before = (visit.appointment_date - visit.busy_from) // MINUTE
    after = (visit.busy_until - visit.ends_at) // MINUTE
    return {
        "status": gettext("No-show") if visit.status == "no_show" else visit.get_status_display(),
        "day": wording.write_day(visit.appointment_date),
        "times": wording.write_clocks(*map(timezone.localtime, (visit.appointment_date, visit.ends_at))),
        "length": _tell_length(wording.write_length(minutes), before, after),
        "needs_somebody": visit.status == Appointment.Status.SCHEDULED and not visit.staff.is_active,
    }


def _tell_length(length, before, after):
    """`30 min, kept free: 5 min before and 10 min after`."""
    told = {"length": length, "before": before, "after": after}
    if before and after:
        return gettext("%(length)s, kept free: %(before)s min before and %(after)s min after") % told
    if before:
        return gettext("%(length)s, kept free: %(before)s min before") % told
    return gettext("%(length)s, kept free: %(after)s min after") % told if after else length


def _describe_balance(visit, payments):
    """The balance in words and figures; `due` in words where nothing is due."""
    currency = visit.organization.currency
    figures = balances.find_balance(visit)
    due, pending = figures["due"], sum(each.amount - each.tip - each.rounding for each in payments if each.is_expected)
    said = {name: wording.write_money(figures[name], currency) for name in balances.FIGURES}
    return said | {
        "label": gettext("Credit of the client") if due < 0 else gettext("Due"),
        "due": wording.write_money(abs(due), currency),
        "pending": wording.write_money(pending, currency) if pending else "",
        "is_open": due > pending,
        "differs": figures["charge"] != figures["price"],
    }
