"""A receipt: what a settled payment's page says."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from clientline import wording
from payments.models import Payment, Refund
from payments.taxes import split_tax


def describe_receipt(payment: Payment) -> dict[str, Any]:
    """The template's context: texts only, times in the organization's zone."""
    organization, currency = payment.organization, payment.organization.currency
    refunds = payment.refunds.filter(status=Refund.Status.COMPLETED).order_by("settled_at", "id")
    visit = payment.appointment

    # In the organization's zone: the receipt of a late evening bears the date that people remember.
    def day(instant: datetime | None) -> str:
        return wording.write_bare_date(timezone.localtime(instant, organization.zone))

    def say(amount: Decimal) -> str:
        return wording.write_money(amount, currency)

    price = payment.amount - payment.tip - payment.rounding
    return {
        "number": payment.receipt_number,
        "former_number": payment.former_number,
        "organization": organization,
        "client": visit.client.name,
        "service": payment.service.name,
        "visit_date": day(visit.appointment_date),
        "paid_on": day(payment.settled_at),
        "voided_on": day(payment.voided_at) if payment.voided_at else "",
        "method": str(Payment.Method(payment.payment_method).label) if payment.payment_method else _("Not stated"),
        "amount": say(payment.amount),
        "price": say(price) if payment.tip or payment.rounding else "",
        "tip": say(payment.tip) if payment.tip else "",
        "rounding": say(payment.rounding) if payment.rounding else "",
        "taxes": _describe_tax(price, payment.tax_rate, currency),
        "refunds": [
            {"number": each.receipt_number, "date": day(each.settled_at), "amount": say(each.amount)}
            for each in refunds
        ],
        "kept": say(payment.amount - payment.refunded_amount),
    }


def _describe_tax(gross: Decimal, rate: Decimal | None, currency: str) -> list[dict[str, str]]:
    """A line for each rate of tax; a payment is for one visit, so there is one at most."""
    if rate is None:
        return []
    net, tax = split_tax(gross, rate, currency)
    figures = {"gross": gross, "net": net, "tax": tax}
    return [
        {"rate": f"{rate.normalize():f}"}
        | {name: wording.write_money(each, currency) for name, each in figures.items()}
    ]
