"""What is asked before something becomes of a visit."""

from decimal import Decimal

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from appointments import booking
from appointments.lateness import is_late
from appointments.models import Side
from clientline import wording
from clientline.admin.amounts import COLUMN, AmountField, PriceForm
from clientline.admin.forms import Suggested
from clientline.backoffice.appointments.free_times import FreeTimes, NoTimes, WhenForm, read_named_day
from clientline.backoffice.moves import MoveForm
from organizations import policy
from payments import balances
from services.models import DAY_OF_MINUTES, Service

REASON = {"max_length": 500, "widget": forms.Textarea(attrs={"rows": 2})}
CENT = Decimal("0.01")
NO_FEE = gettext_lazy("Nothing will be charged.")


class RescheduleForm(MoveForm, WhenForm):
    staff = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("With"), required=False, empty_label=None)
    scope = forms.ChoiceField(label=gettext_lazy("Which"), required=False)

    guarded = policy.find_guarded_keys("appointments", "reschedule") | {"time": ("appointments", "bend_rules")}
    renamed = {"appointment_date": "slot"}
    field_order = ("staff", "date", "slot", "time", "scope")

    @property
    def zone(self):
        return self.row.organization.zone

    def choose(self):
        _offer_scopes(self)
        people = User.objects.performers_for(self.caller, "appointments").filter(organization=self.row.organization_id)
        self.fields["staff"].queryset = people.filter(is_active=True).order_by("name", "id")
        local = self.row.appointment_date.astimezone(self.zone)
        self.initial = {"date": local.date(), "staff": self.row.staff_id} | self.initial
        if not self.row.staff.is_active:
            # Not whoever happens to be first in the list.
            self.fields["staff"].required, self.fields["staff"].empty_label = True, gettext("Choose somebody")

    def show(self):
        self.offer(self.free_times(), self.row.organization)

    def free_times(self):
        day = read_named_day(self["date"].value()) or timezone.localdate(timezone=self.zone)
        asked = str(self["staff"].value())
        staff = next((each for each in self.fields["staff"].queryset if str(each.pk) == asked), None)
        if staff is None:
            return NoTimes(gettext("Choose somebody to see the free times."))
        free_hand = self.caller.may("appointments", "bend_rules")
        return FreeTimes(service=self.row.service, day=day, staff=staff, moved=self.row, free_hand=free_hand)

    def clean(self):
        values = super().clean()
        return values | {"appointment_date": self.start(), "staff": values.get("staff") or self.row.staff}

    def get_details(self):
        chosen = {name: self.cleaned_data[name] for name in ("appointment_date", "staff")}
        return chosen | {
            "overbook": self.confirms("overbook"),
            "scope": self.cleaned_data.get("scope") or "this",
        }


class CancelForm(MoveForm):
    on_behalf_of = forms.ChoiceField(
        label=gettext_lazy("Whose doing is it?"),
        choices=[(Side.ORGANIZATION, gettext_lazy("Ours")), (Side.CLIENT, gettext_lazy("The client's"))],
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Only what the client cancels late costs a fee and counts as a late cancellation."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)
    waive_fee = forms.BooleanField(
        label=gettext_lazy("Waive the fee"), required=False, help_text=gettext_lazy("Charge nothing, however late")
    )
    scope = forms.ChoiceField(label=gettext_lazy("Which"), required=False)

    guarded = policy.find_guarded_keys("appointments", "cancel")

    def choose(self):
        _offer_scopes(self)
        self.initial = {"on_behalf_of": booking.guess_side(self.caller)} | self.initial
        late = is_late(self.row, timezone.now())
        self.about = (
            _tell_fee(
                self.row, "late_cancellation_fee", gettext("Late: %(charged)s will be charged, unless it is waived.")
            )
            if late
            else gettext("In time: nothing will be charged.")
        )


class ChangeForm(PriceForm, MoveForm):
    service = forms.ModelChoiceField(Service.objects.none(), label=gettext_lazy("Service"), empty_label=None)
    duration = forms.IntegerField(
        label=gettext_lazy("Length"),
        required=False,
        min_value=1,
        max_value=DAY_OF_MINUTES,
        help_text=gettext_lazy("Minutes"),
    )
    client = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Client"),
        help_text=gettext_lazy("Another client does not read the notes: they stay in the history, for the team"),
    )
    price = AmountField(
        label=gettext_lazy("Price"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Empty: with another service or client, the price of the service"),
        **COLUMN,
    )
    overbook = forms.BooleanField(label=gettext_lazy("Also beside another visit"), required=False)

    guarded = policy.find_guarded_keys("appointments", "change")

    def choose(self):
        home = self.row.organization_id
        services = Service.objects.visible_to(self.caller, "services").filter(organization=home)
        self.fields["service"].queryset = services.filter(Q(is_active=True) | Q(pk=self.row.service_id)).order_by(
            "name"
        )
        client = self.fields["client"]
        client.queryset = User.objects.clients_for(self.caller).filter(organization=home).select_related("organization")
        client.widget = Suggested(self.row._meta.get_field("client"), admin.site)
        client.widget.choices = client.choices
        self.initial = {"service": self.row.service_id, "client": self.row.client_id} | self.initial
        if "price" in self.fields:
            self.fields["price"].find_home = lambda: self.row.organization

    def get_usual_price(self):
        service = self.cleaned_data.get("service")
        return service and service.price

    def get_figures(self):
        price = self.cleaned_data.get("price")
        said = "" if price is None else wording.write_money(price, self.row.organization.currency)
        return {"more": said and " " + gettext("Price: %(price)s.") % {"price": said}}


class NoShowForm(MoveForm):
    waive_fee = forms.BooleanField(
        label=gettext_lazy("Waive the fee"), required=False, help_text=gettext_lazy("Charge nothing")
    )

    guarded = policy.find_guarded_keys("appointments", "no_show")

    def choose(self):
        self.about = _tell_fee(
            self.row, "no_show_fee", gettext("No-show: %(charged)s will be charged, unless it is waived.")
        )


class InServiceForm(MoveForm):
    def get_details(self):
        return {"in_service": True}


class ReopenForm(MoveForm):
    reason = forms.CharField(label=gettext_lazy("Why"), required=False, **REASON)


class CorrectForm(MoveForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), **REASON)

    def choose(self):
        self.became = "no_show" if self.row.status == "completed" else "completed"
        self.fields["reason"].help_text = (
            gettext("The visit will be a no-show.")
            if self.became == "no_show"
            else gettext("The visit will be completed.")
        )

    def get_details(self):
        return super().get_details() | {"status": self.became}


class RepriceForm(PriceForm, MoveForm):
    price = AmountField(label=gettext_lazy("Price"), min_value=0, **COLUMN)
    reason = forms.CharField(
        label=gettext_lazy("Why"), required=False, help_text=gettext_lazy("Of a discount, for the history"), **REASON
    )

    def choose(self):
        self.fields["price"].find_home = lambda: self.row.organization
        self.initial = {"price": self.row.price} | self.initial

    def get_usual_price(self):
        return self.row.service.price

    def get_figures(self):
        return {"price": wording.write_money(self.cleaned_data["price"], self.row.organization.currency)}

    def get_details(self):
        return {"changes": {"price": self.cleaned_data["price"].quantize(CENT)}, "reason": self.cleaned_data["reason"]}


def _offer_scopes(form):
    """Ask which visits move along, where there are any."""
    kin = [("this", gettext("This visit"))]
    kin += [("following", gettext("This and the later ones of its series"))] if form.row.series else []
    kin += [("group", gettext("All visits of its group"))] if form.row.group else []
    form.fields["scope"].choices = kin
    if len(kin) == 1:
        del form.fields["scope"]


def _tell_fee(visit, percent, why):
    charged = wording.write_money(balances.compute_fee(visit, percent), visit.organization.currency)
    return why % {"charged": charged} if getattr(visit, percent) else NO_FEE


class WaiveFeeForm(MoveForm):
    def get_details(self):
        return {"changes": {"fee_waived": True}}


class ChargeFeeForm(MoveForm):
    def get_details(self):
        return {"changes": {"fee_waived": False}}
