"""What can become of a payment by hand: it comes, it does not come, some of it is given back."""

from django import forms

from clientline import wording
from clientline.backoffice.money.amounts import AmountForm
from clientline.backoffice.moves import Move, MoveForm
from payments import ledger
from payments.models import Payment, Refund


class SettleForm(MoveForm):
    def get_figures(self):
        return {"amount": wording.write_money(self.row.amount, self.row.organization.currency)}


class RefundForm(AmountForm):
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def choose(self):
        super().choose()
        left = ledger.sum_refundable(self.row)
        self.initial = {"amount": left} | self.initial
        self.fields["amount"].help_text = f"Left: {wording.write_money(left, self.row.organization.currency)}"


def _is_pending(payment, now):
    return payment.status == Payment.Status.PENDING and payment.payment_method != Payment.Method.ONLINE


def _is_kept(payment, now):
    """Whether something is left of it that no refund takes."""
    taken = sum(refund.amount for refund in payment.refunds.all() if refund.status != Refund.Status.FAILED)
    return payment.status == Payment.Status.COMPLETED and taken < payment.amount


PAYMENT_MOVES = {
    "complete": Move(
        "Complete",
        ("payments", "complete"),
        SettleForm,
        ledger.complete_payment,
        _is_pending,
        "The payment of {amount} is completed.",
        question="Has the money come?",
    ),
    "fail": Move(
        "Fail",
        ("payments", "fail"),
        SettleForm,
        ledger.fail_payment,
        _is_pending,
        "The payment of {amount} has failed.",
        question="Will the money not come? This cannot be undone.",
    ),
    "refund": Move(
        "Refund", ("payments", "refund"), RefundForm, ledger.refund_payment, _is_kept, "Refunded: {amount}."
    ),
}
