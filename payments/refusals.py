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
        present = {"present": STATUSES[payment.status], "to": STATUSES.get(to, to)}
        super().__init__(
            _("A payment that is %(present)s cannot become %(to)s now.") % present,
            **{"from": payment.status, "to": to, "allowed": ["completed", "failed"] if by_hand else []},
        )


class VoidedTooLate(Refused):
    """`cutoff_at` is when the local day ended on which the money came."""

    code = "too_late"

    def __init__(self, cutoff_at: datetime) -> None:
        super().__init__(
            _("A payment is made void on the day it came. Refund it instead."), cutoff_at=localtime(cutoff_at)
        )
