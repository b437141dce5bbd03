"""What is left of a payment to be given back, and how it is made up."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from payments.models import Payment, Refund

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Remainder:
    """Of its price, of what cash was rounded by (below 0 where less was taken), and of its tip."""

    price: Decimal
    rounding: Decimal
    tip: Decimal

    @property
    def money(self) -> Decimal:
        """What can be given back without the tip."""
        return self.price + self.rounding

    def find_rounding(self, money: Decimal, tip: Decimal) -> Decimal:
        """How much of this money is rounding: all that is left with the last of it, so that no cent stays behind."""
        # Of a price that was rounded away no money is left, from the first: what goes back of its tip is not the last.
        is_last = money == self.money and (money or tip == self.tip)
        return self.rounding if is_last else max(money - self.price, NOTHING)


def find_remainder(payment: Payment) -> Remainder:
    """What is left of a payment, refunds under way counted."""
    under_way = payment.refunds.exclude(status=Refund.Status.FAILED)
    gone = under_way.aggregate(amount=Sum("amount"), rounding=Sum("rounding"), tip=Sum("tip"))
    amount, rounding, tip = (getattr(payment, name) - (gone[name] or NOTHING) for name in ("amount", "rounding", "tip"))
    return Remainder(amount - rounding - tip, rounding, tip)
