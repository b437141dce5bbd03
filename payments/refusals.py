"""Why money cannot be taken, settled or given back."""

from datetime import datetime
from decimal import Decimal

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientline.refusals import Refused
from payments.models import Payment

# The statuses as they stand within a sentence.
STATUSES = {
    "pending": gettext_lazy("pending"),
    "completed": gettext_lazy("completed"),
    "failed": gettext_lazy("failed"),
    "refunded": gettext_lazy("refunded"),
}


class Overpaid(Refused):
    """`due` is what is still to be paid, `pending` what payments under way will take of it."""

    code = "overpayment"

    def __init__(self, *, due: Decimal, pending: Decimal) -> None:
        super().__init__(
            _("This is more than is due. Name what is a `tip`, or send `allow_overpayment` to take it as a credit."),
            due=due,
            pending=pending,
        )


class RefundExceedsPayment(Refused):
    """`refundable` is what is left of the payment."""

    code = "refund_exceeds_payment"

    def __init__(self, refundable: Decimal) -> None:
        super().__init__(_("This is more than is left of the payment."), refundable=refundable)


class InvalidTransition(Refused):
    """`allowed` are the statuses that can be reached now, by hand: an online payment is its provider's to settle."""

    code = "invalid_transition"

    def __init__(self, payment: Payment, to: str) -> None:
        by_hand = payment.status == "pending" and payment.payment_method != "online"
        super().__init__(
            self.explain(payment, to),
            **{"from": payment.status, "to": to, "allowed": ["completed", "failed"] if by_hand else []},
        )

    def explain(self, payment: Payment, to: str) -> str:
        present = {"present": STATUSES[payment.status], "to": STATUSES.get(to, to)}
        return _("A payment that is %(present)s cannot become %(to)s now.") % present


class NotVoidable(InvalidTransition):
    """A void payment has failed, as programs read it: people are told of the void that they asked for."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(payment, "failed")

    def explain(self, payment: Payment, to: str) -> str:
        if payment.voided_at:
            return _("This payment is void already.")
        if payment.status == "pending":
            return _("Only money that came is made void.")
        if payment.status == "failed":
            return _("This payment failed: there is nothing to make void.")
        if payment.payment_method not in ("cash", "card"):
            return _("Only cash and card payments are made void.")
        return _("A payment of which something is given back is not made void.")


class VoidedTooLate(Refused):
    """`cutoff_at` is when the local day ended on which the money came."""

    code = "too_late"

    def __init__(self, cutoff_at: datetime) -> None:
        super().__init__(
            _("A payment is made void on the day it came. Refund it instead."), cutoff_at=localtime(cutoff_at)
        )
