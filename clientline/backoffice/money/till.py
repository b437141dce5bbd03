"""The till: a visit's bill, or its group's, paid in the fewest clicks, and the same again some weeks later."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments import rebooking
from appointments.amendments.companions import GROUP
from appointments.models import Appointment
from clientline import wording
from clientline.admin.amounts import COLUMN, AmountField
from clientline.backoffice.money.amounts import AmountForm
from clientline.backoffice.money.taking import Taken, count_coins
from clientline.backoffice.moves import Move, MoveForm
from clientline.currencies import find_cash_step
from payments import bills
from payments.models import Payment
from payments.refusals import Overpaid

NOTHING = Decimal(0)
UNDONE = "Undone"  # stored: why a payment was made void


def find_payable_bill(caller, visit):
    """The bill as far as the caller may take money for it."""
    return bills.find_bill(visit, Appointment.objects.visible_to(caller, "payments", "create"))


class TillForm(AmountForm):
    """What is due is filled in: exact money takes the button of its method alone."""

    amount = AmountField(min_value=Decimal(0), label=gettext_lazy("To pay"), required=False, **COLUMN)
    tip = AmountField(min_value=Decimal(0), required=False, label=gettext_lazy("Tip on top"), **COLUMN)
    given = AmountField(min_value=Decimal(0), required=False, label=gettext_lazy("Given in cash"), **COLUMN)
    payment_method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=[(each.value, each.label) for each in (Payment.Method.CASH, Payment.Method.CARD)],
        initial=Payment.Method.CASH,
        widget=forms.RadioSelect,
    )

    def choose(self):
        super().choose()
        self.bill = find_payable_bill(self.caller, self.row)
        self.initial = {"amount": self.bill.left} | self.initial

    def say(self, amount):
        return wording.write_money(amount, self.row.organization.currency)

    def clean(self):
        values = super().clean()
        if self.errors:
            return values
        price = values["amount"] if values.get("amount") is not None else self.bill.left
        self.taken = self.take(price, values.get("tip") or NOTHING, values["payment_method"])
        given, total = values.get("given"), self.taken.amount
        if not total and not self.taken.rounding:
            self.add_error("amount", _("Write an amount above 0."))
        elif given is not None and values["payment_method"] != Payment.Method.CASH:
            self.add_error("given", _("Change is given on cash alone."))
        elif given is not None and given < total:
            self.add_error("given", _("This is less than %(total)s.") % {"total": self.say(total)})
        return values

    def take(self, price, tip, method):
        """What is recorded of the price and the tip on it; there may be no coins for all of it."""
        step = find_cash_step(self.row.organization.currency, self.row.organization.country)
        is_rounded = step and method == Payment.Method.CASH
        return count_coins(price, tip, self.bill.left, step) if is_rounded else Taken(price + tip, tip, NOTHING)

    @property
    def emphasis(self):
        """The change is read from a step away."""
        return "large" if self.cleaned_data.get("given") else ""

    def get_figures(self):
        given = self.cleaned_data.get("given")
        told = {
            _("Tip"): self.taken.tip,
            _("Rounded by"): self.taken.rounding,
            _("Change"): given is not None and given - self.taken.amount,
        }
        more = "".join(f" {word}: {self.say(amount)}." for word, amount in told.items() if amount)
        return {"amount": self.say(self.taken.amount), "method": self.say_method(), "more": more}

    def say_method(self):
        cash = self.cleaned_data["payment_method"] == Payment.Method.CASH
        return _("in cash") if cash else _("by card")

    def get_details(self):
        return {
            "amount": self.taken.amount - self.taken.tip - self.taken.rounding,
            "tip": self.taken.tip,
            "rounding": self.taken.rounding,
            "payment_method": self.cleaned_data["payment_method"],
        }

    def add_refusal(self, refusal):
        if refusal.code == Overpaid.code:
            self.add_error("amount", _("More than is due. What is on top is a tip."))
        else:
            super().add_refusal(refusal)


class AgainForm(MoveForm):
    weeks = forms.TypedChoiceField(
        label=gettext_lazy("In"),
        choices=[(weeks, gettext_lazy("%(weeks)s weeks") % {"weeks": weeks}) for weeks in rebooking.WEEKS],
        coerce=int,
    )

    def get_figures(self):
        return {"weeks": self.cleaned_data["weeks"]}

    def choose(self):
        visit = self.row
        self.about = _("%(service)s with %(staff)s, at the same time of the day.") % {
            "service": visit.service,
            "staff": visit.staff,
        }
        asked = str(self["weeks"].value() or "")
        weeks = int(asked) if asked in map(str, rebooking.WEEKS) else rebooking.WEEKS[0]
        local = visit.appointment_date.astimezone(visit.organization.zone)
        told = {"client": visit.client_id, "service": visit.service_id, "staff": visit.staff_id}
        told |= {"date": local.date() + timedelta(weeks=weeks), "time": f"{local:%H:%M}"}
        self.booking_url = f"{reverse('admin:appointments_appointment_add')}?{urlencode(told)}"


def pay_bill_of_visit(*, by, visit, now, **details):
    permitted = Appointment.objects.visible_to(by, "payments", "create") if by else Appointment.objects.all()
    return bills.pay_bill(by=by, visit=visit, permitted=permitted, now=now, **details)


def _find_void(caller, visit, payments):
    """One payment is voided in one step; several are so one by one, on their visits."""
    if len(payments) > 1 or not caller.may("payments", "void"):
        return None
    return reverse("admin:payments_payment_void", args=[payments[0].pk]), urlencode({"reason": UNDONE})


TILL_MOVES = {
    "till": Move(
        gettext_lazy("Take payment"),
        ("payments", "create"),
        TillForm,
        pay_bill_of_visit,
        lambda visit, now: True,
        gettext_lazy("Taken {amount} {method}.{more}"),
        is_offered=False,
        find_undo=_find_void,
        scope=GROUP,
    ),
    "again": Move(
        gettext_lazy("Book again"),
        ("appointments", "create"),
        AgainForm,
        lambda by, visit, now, weeks: rebooking.book_again(by=by, visit=visit, weeks=weeks, now=now),
        lambda visit, now: True,
        gettext_lazy("The same again is booked, {weeks} weeks later."),
        is_offered=False,
        template="again_move.html",
    ),
}
