"""Taking money for a visit: what is due, what was put on the counter, and what of it is recorded."""

from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from clientline import wording
from clientline.admin.amounts import COLUMN, AmountField
from clientline.backoffice.money.amounts import AmountForm
from clientline.currencies import find_cash_step, round_to_cash
from payments import balances, ledger
from payments.models import Payment
from payments.refusals import Overpaid

NOTHING = Decimal(0)
UNDONE = "Undone at once"  # stored: why a payment was made void


class Taken(NamedTuple):
    """What is recorded: all of it, and of it the tip and what cash was rounded by, below 0 where less was taken."""

    amount: Decimal
    tip: Decimal
    rounding: Decimal


def count_coins(price, tip, left, step):
    """What coins make of a price and the tip on it, where so much is `left` to pay.

    What they lack of all that is left is not due any more, whichever of both was typed: 12.00 or 12.05 for 12.03. What
    they lack beyond the price was no tip.
    """
    amount = round_to_cash(price + tip, step)
    if price and abs(amount - tip - left) < step:
        price = left
    kept = min(tip, amount)
    return Taken(amount, kept, amount - price - kept)


class PaymentForm(AmountForm):
    tip = AmountField(
        min_value=0,
        required=False,
        label=gettext_lazy("Of it the tip"),
        help_text=gettext_lazy("Within the amount, above what is due"),
        **COLUMN,
    )
    payment_method = forms.ChoiceField(
        label=gettext_lazy("Method"), choices=Payment.Method.choices, widget=forms.RadioSelect
    )
    given = AmountField(
        min_value=0,
        required=False,
        label=gettext_lazy("Given in cash"),
        help_text=gettext_lazy("For the change; only the amount is recorded"),
        **COLUMN,
    )
    round_cash = forms.BooleanField(label=gettext_lazy("Round cash"), required=False)
    completed = forms.BooleanField(
        label=gettext_lazy("The money has come"),
        required=False,
        help_text=gettext_lazy("Untick it for a payment to come. Never for online ones."),
    )
    give_up_open_checkouts = forms.BooleanField(label=gettext_lazy("Give up open checkouts"), required=False)
    allow_overpayment = forms.BooleanField(
        label=gettext_lazy("Take more than is due"),
        required=False,
        help_text=gettext_lazy("A deposit for later: it stays the client's credit"),
    )

    renamed = {"status": "completed"}

    def choose(self):
        super().choose()
        due, pending = balances.find_due_and_pending(self.row)
        self.unpaid = due - pending
        self.left = max(self.unpaid, NOTHING)
        ready = {"payment_method": Payment.Method.CASH, "completed": True, "round_cash": True}
        self.initial = {"amount": self.left or None} | ready | self.initial
        told = (
            gettext("Due: %(due)s, and %(pending)s on the way in pending payments")
            if pending
            else gettext("Due: %(due)s")
        )
        self.fields["amount"].help_text = told % {"due": self.say(self.left), "pending": self.say(pending)}
        self.pending_said = bool(pending)
        self.choose_rounding()
        self.choose_checkouts()

    def choose_rounding(self):
        home = self.row.organization
        self.step = find_cash_step(home.currency, home.country)
        if self.step:
            self.fields["round_cash"].label = gettext("Round cash to %(step)s") % {"step": self.say(self.step)}
        else:
            del self.fields["round_cash"]

    def choose_checkouts(self):
        checkouts = list(ledger.list_open_checkouts(self.row))
        opened = sum((each.amount for each in checkouts), NOTHING)
        self.opened_price = opened - sum(each.tip for each in checkouts)
        if opened:
            field = self.fields["give_up_open_checkouts"]
            field.label = gettext("Give up the open checkout of %(amount)s") % {"amount": self.say(opened)}
            field.help_text = gettext("Its page is closed. What is paid there nevertheless goes back by itself.")
        else:
            del self.fields["give_up_open_checkouts"]

    def say(self, amount):
        return wording.write_money(amount, self.row.organization.currency)

    def clean(self):
        values = super().clean()
        if not self.errors:
            self.taken = self.take(values)
            given = values.get("given")
            if given is not None and values["payment_method"] != Payment.Method.CASH:
                self.add_error("given", gettext("Change is given on cash alone."))
            elif given is not None and given < self.taken.amount:
                self.add_error(
                    "given", gettext("This is less than %(total)s.") % {"total": self.say(self.taken.amount)}
                )
        return values

    def take(self, values):
        """What is typed, or what coins make of it."""
        typed, tip = values["amount"], values.get("tip") or NOTHING
        if not values.get("round_cash") or values["payment_method"] != Payment.Method.CASH:
            return Taken(typed, tip, NOTHING)
        if tip > typed:  # a slip, which is refused
            return Taken(typed, tip, NOTHING)
        # Of what is given up at once nothing is on the way any more.
        given_up = self.opened_price if values.get("give_up_open_checkouts") else NOTHING
        return count_coins(typed - tip, tip, max(self.unpaid + given_up, NOTHING), self.step)

    @property
    def emphasis(self):
        """The change is read from a step away."""
        return "large" if self.cleaned_data.get("given") else ""

    def get_figures(self):
        given = self.cleaned_data.get("given")
        told = {
            gettext("Tip: %(amount)s."): self.taken.tip,
            gettext("Rounded by: %(amount)s."): self.taken.rounding,
            gettext("Change: %(amount)s."): given is not None and given - self.taken.amount,
        }
        more = "".join(f" {text % {'amount': self.say(amount)}}" for text, amount in told.items() if amount)
        return {"amount": self.say(self.taken.amount), "more": more}

    def get_details(self):
        values = super().get_details()
        for name in ("given", "round_cash"):
            values.pop(name, None)
        online = values["payment_method"] == Payment.Method.ONLINE
        completed = values.pop("completed") and not online
        status = Payment.Status.COMPLETED if completed else Payment.Status.PENDING
        return values | {"status": status} | self.taken._asdict()

    def add_refusal(self, refusal):
        if refusal.code == Overpaid.code:
            told = (
                gettext(
                    "This is more than is due, counting pending payments. "
                    "Tick “Take more than is due” if that is meant."
                )
                if self.pending_said
                else gettext("This is more than is due. Tick “Take more than is due” if that is meant.")
            )
            self.add_error("amount", told)
        else:
            super().add_refusal(refusal)


def record_payment_of_visit(*, by, visit, now, **details):
    return ledger.record_payment(by=by, appointment=visit, now=now, **details)


def find_void(caller, visit, payment):
    """A payment that was typed wrong counts nowhere; one that is to come, or online, is taken back otherwise."""
    if payment.status != Payment.Status.COMPLETED or not caller.may("payments", "void"):
        return None
    return reverse("admin:payments_payment_void", args=[payment.pk]), urlencode({"reason": UNDONE})
