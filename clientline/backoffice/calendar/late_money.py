"""Online money that came when it was not wanted any more, and goes back by itself: the desk is told for some days."""

from datetime import timedelta
from functools import cache

from django.utils.translation import gettext_lazy

from clientline import wording
from clientline.database.prepared import Given, Statement, identify_caller, read_standing, stand_for_any_caller
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
    values = identify_caller(caller) | {"of": organization.pk, "since": now - TOLD_FOR}
    # Hardly ever is there any: only then are they read.
    keys = [pk for (pk,) in _prepare_late_money(*read_standing(caller)).rows(values)]
    return _describe_refunds(keys, organization.currency) if keys else []


@cache
def _prepare_late_money(*standing):
    refunds = Refund.objects.visible_to(stand_for_any_caller(*standing), "payments").filter(
        organization=Given("of"), automatic=True, created_at__gt=Given("since")
    )
    return Statement(refunds.order_by("-created_at", "-id").values_list("pk")[:MOST])


def _describe_refunds(keys, currency):
    visit = "payment__appointment"
    refunds = Refund.objects.filter(pk__in=keys).select_related(f"{visit}__client", f"{visit}__service")
    return [
        (
            refund.payment.appointment,
            STANDINGS[refund.status] % {"amount": wording.write_money(refund.amount, currency)},
        )
        for refund in refunds.order_by("-created_at", "-id")
    ]
