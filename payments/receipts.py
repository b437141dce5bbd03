"""A receipt: what a settled payment's page says."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from clientline import wording
from payments.models import Payment, Refund


def describe_receipt(payment: Payment) -> dict[str, Any]:
    """The template's context: texts only, times in the organization's zone."""
    organization, currency = payment.organization, payment.organization.currency
    refunds = payment.refunds.filter(status=Refund.Status.COMPLETED).order_by("settled_at", "id")
    visit = payment.appointment

    # In the organization's zone: the receipt of a late evening bears the date that people remember.
    def day(instant: datetime | None) -> str:
        return f"{timezone.localtime(instant, organization.zone):%Y-%m-%d}"

    return {
        "number": payment.pk,
        "organization": organization,
        "client": visit.client.name,
        "service": visit.service.name,
        "visit_date": day(visit.appointment_date),
        "paid_on": day(payment.settled_at),
        "method": Payment.Method(payment.payment_method).label if payment.payment_method else "Not stated",
        "amount": wording.write_money(payment.amount, currency),
        "refunds": [
            {"date": day(each.settled_at), "amount": wording.write_money(each.amount, currency)} for each in refunds
        ],
        "kept": wording.write_money(payment.amount - payment.refunded_amount, currency),
    }
