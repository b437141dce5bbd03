"""The sums under a list of payments: of all that was found, not of the page that is shown."""

from django.db.models import Count, Q, Sum
from django.utils.functional import cached_property
from django.utils.translation import gettext

from clientline import wording
from clientline.admin.lists import BoundedPaginator
from payments.models import Payment

SETTLED = Q(settled_at__isnull=False) & ~Q(status="failed")
# With tips and rounding, which the `taken` of Today and of reports leaves out: hence another name, and both beside it.
# What was given back of it later is in it, too; void and failed ones count for nothing.
SUMS = {
    "taken": Sum("amount", filter=SETTLED),
    "cash": Sum("amount", filter=SETTLED & Q(payment_method="cash")),
    "card": Sum("amount", filter=SETTLED & Q(payment_method="card")),
    "online": Sum("amount", filter=SETTLED & Q(payment_method="online")),
    "tips": Sum("tip", filter=SETTLED),
    "rounding": Sum("rounding", filter=SETTLED),
    "refunded": Sum("refunded_amount", filter=SETTLED),
    "pending": Sum("amount", filter=Q(status="pending")),
}


class SummingPaginator(BoundedPaginator):
    """Sums up what it counts, in the same statement, and no further."""

    @cached_property
    def sums(self):
        return self.object_list.order_by()[: self.BOUND].aggregate(count=Count("pk"), **SUMS)

    @cached_property
    def count(self):
        # A payment's own history, which is a list of the log, is paged by this, too.
        return self.sums["count"] if self.object_list.model is Payment else super().count


def list_totals(paginator, currency):
    """`(label, sum)` of the payments that were found; nothing where they are too many to be summed up."""
    if paginator.is_bounded:
        return []
    labels = {
        "taken": gettext("Taken in all"),
        "cash": gettext("in cash"),
        "card": gettext("by card"),
        "online": gettext("online"),
        "tips": gettext("of it tips"),
        "rounding": gettext("of it rounding"),
        "refunded": gettext("Given back"),
        "pending": gettext("To come"),
    }
    sums = {name: paginator.sums[name] or 0 for name in labels}
    return [(label, wording.write_money(sums[name], currency)) for name, label in labels.items() if sums[name]]
