"""A receipt: what a settled payment's page says."""

from django.utils import timezone

from clientline.currencies import places
from payments.models import Payment, Refund


def of(payment):
    """The template's context: texts only, times in the organization's zone."""
    organization = payment.organization
    refunds = payment.refunds.filter(status=Refund.Status.COMPLETED).order_by("settled_at", "id")
    visit = payment.appointment

    def money(amount):
        return f"{amount:.{places(organization.currency)}f} {organization.currency}"

    def day(instant):
        return f"{timezone.localtime(instant, organization.zone):%Y-%m-%d}"

    return {
        "number": payment.pk,
        "organization": organization,
        "client": visit.client.name,
        "service": visit.service.name,
        "visit_date": day(visit.appointment_date),
        "paid_on": day(payment.settled_at),
        "method": Payment.Method(payment.payment_method).label if payment.payment_method else "Not stated",
        "amount": money(payment.amount),
        "refunds": [{"date": day(each.settled_at), "amount": money(each.amount)} for each in refunds],
        "kept": money(payment.amount - payment.refunded_amount),
    }
