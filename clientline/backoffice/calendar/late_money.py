"""Online money that came when it was not wanted any more, and goes back by itself: the desk is told for some days."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from clientline import wording
from payments.models import Refund

TOLD_FOR = timedelta(days=7)
MOST = 10

STANDINGS = {
    Refund.Status.COMPLETED: gettext_lazy("%(amount)s paid online was given back"),
    Refund.Status.PENDING: gettext_lazy("%(amount)s paid online is on its way back"),
    Refund.Status.FAILED: gettext_lazy(
        "%(amount)s paid online could not be given back: see to it on the provider's pages"
    ),
}


def list_late_money(caller, organization, now):
    """(the visit it was for, what came and what becomes of it), the latest first; of visits that the caller may see."""
    refunds = Refund.objects.visible_to(caller, "payments").filter(
        organization=organization, automatic=True, created_at__gt=now - TOLD_FOR
    )
    visit = "payment__appointment"
    refunds = refunds.select_related(f"{visit}__client", f"{visit}__service").order_by("-created_at", "-id")
    return [
        (
            refund.payment.appointment,
            STANDINGS[refund.status] % {"amount": wording.write_money(refund.amount, organization.currency)},
        )
        for refund in refunds[:MOST]
    ]
