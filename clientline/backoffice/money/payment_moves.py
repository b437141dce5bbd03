"""What can become of a payment by hand: it comes, it does not come, some of it is given back."""

from django import forms
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from clientline import wording
from clientline.admin.amounts import COLUMN, AmountField
from clientline.backoffice.money.amounts import AmountForm
from clientline.backoffice.moves import Move, MoveForm
from payments import ledger
from payments.models import Payment, Refund
from payments.remainders import find_remainder


class SettleForm(MoveForm):
    def get_figures(self):
        return {"amount": wording.write_money(self.row.amount, self.row.organization.currency)}


class RefundForm(AmountForm):
    tip = AmountField(min_value=0, required=False, label=gettext_lazy("Of it the tip"), **COLUMN)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def choose(self):
        super().choose()
        left, currency = find_remainder(self.row), self.row.organization.currency
        self.initial = {"amount": left.money} | self.initial
        self.fields["amount"].help_text = gettext("Left: %(amount)s") % {
            "amount": wording.write_money(left.money, currency)
        }
        if left.tip:
            self.fields["tip"].help_text = gettext("Part of the amount. Left: %(amount)s") % {
                "amount": wording.write_money(left.tip, currency)
            }
        else:
            del self.fields["tip"]

    def get_figures(self):
        tip = self.cleaned_data.get("tip")
        said = wording.write_money(tip, self.row.organization.currency) if tip else ""
        return super().get_figures() | {"more": said and " " + gettext("Tip: %(tip)s.") % {"tip": said}}


def _is_pending(payment, now):
    return payment.status == Payment.Status.PENDING and payment.payment_method != Payment.Method.ONLINE


def _is_kept(payment, now):
    """Whether something is left of it that no refund takes."""
    taken = sum(refund.amount for refund in payment.refunds.all() if refund.status != Refund.Status.FAILED)
    return payment.status == Payment.Status.COMPLETED and taken < payment.amount


class VoidForm(SettleForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def choose(self):
        said = wording.write_money(self.row.amount, self.row.organization.currency)
        self.about = gettext(
            "%(amount)s will count nowhere, as if it had never been typed. Its receipt stays and says void."
        )
        self.about %= {"amount": said}


def _can_be_voided(payment, now):
    untouched = all(refund.status == Refund.Status.FAILED for refund in payment.refunds.all())
    return untouched and ledger.is_of_today(payment, now)


def _is_open_checkout(payment, now):
    return payment.is_expected and bool(payment.provider)


PAYMENT_MOVES = {
    "complete": Move(
        gettext_lazy("Complete"),
        ("payments", "complete"),
        SettleForm,
        ledger.complete_payment,
        _is_pending,
        gettext_lazy("The payment of {amount} is completed."),
        question=gettext_lazy("Has the money come?"),
    ),
    "fail": Move(
        gettext_lazy("Fail"),
        ("payments", "fail"),
        SettleForm,
        ledger.fail_payment,
        _is_pending,
        gettext_lazy("The payment of {amount} has failed."),
        question=gettext_lazy("Will the money not come? This cannot be undone."),
    ),
    "give-up": Move(
        gettext_lazy("Give up checkout"),
        ("payments", "give_up"),
        SettleForm,
        ledger.give_up_checkout,
        _is_open_checkout,
        gettext_lazy("The checkout of {amount} is given up: nothing can be paid on its page any more."),
        question=gettext_lazy(
            "Close the page on which the client can pay? What is paid there nevertheless goes back by itself."
        ),
    ),
    "void": Move(
        pgettext_lazy("move", "Void"),
        ("payments", "void"),
        VoidForm,
        ledger.void_payment,
        _can_be_voided,
        gettext_lazy("The payment of {amount} is void."),
    ),
    "refund": Move(
        gettext_lazy("Refund"),
        ("payments", "refund"),
        RefundForm,
        ledger.refund_payment,
        _is_kept,
        gettext_lazy("Refunded: {amount}.{more}"),
    ),
}
