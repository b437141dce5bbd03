"""What can become of a payment by hand: it comes, it does not come, some of it is given back."""

from decimal import Decimal

from django import forms

from clientline import wording
from clientline.backoffice.moves import Move, MoveForm
from payments import ledger
from payments.models import Payment, Refund


class RefundForm(MoveForm):
    amount = forms.DecimalField(min_value=Decimal("0.01"), max_digits=10, decimal_places=2)
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def choose(self):
        left = ledger.refundable(self.row)
        self.initial = {"amount": left} | self.initial
        self.fields["amount"].help_text = f"Left: {wording.money(left, self.row.organization.currency)}"


def is_pending(payment, now):
    return payment.status == Payment.Status.PENDING and payment.payment_method != Payment.Method.ONLINE


def is_kept(payment, now):
    """Whether something is left of it that no refund takes."""
    taken = sum(refund.amount for refund in payment.refunds.all() if refund.status != Refund.Status.FAILED)
    return payment.status == Payment.Status.COMPLETED and taken < payment.amount


PAYMENT_MOVES = {
    "complete": Move(
        "Complete",
        ("payments", "complete"),
        MoveForm,
        ledger.complete,
        is_pending,
        "The payment is completed.",
        question="Has the money come?",
    ),
    "fail": Move(
        "Fail",
        ("payments", "fail"),
        MoveForm,
        ledger.fail,
        is_pending,
        "The payment has failed.",
        question="Will the money not come? This cannot be undone.",
    ),
    "refund": Move("Refund", ("payments", "refund"), RefundForm, ledger.refund, is_kept, "Refunded."),
}
