"""Asks the payment provider about online payments and refunds that are still pending, and settles what it says."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from payments import gateway, online
from payments.models import Payment, Refund


class Command(BaseCommand):
    help = __doc__ + " For callbacks that never came; run it every few minutes."

    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int, default=5, metavar="MINUTES", help="recorded so long ago")

    def handle(self, *, older_than, **options):
        now = timezone.now()
        pending = {"status": "pending", "key__isnull": False, "created_at__lte": now - timedelta(minutes=older_than)}
        payments = Payment.objects.filter(**pending).select_related("organization").order_by("id")
        refunds = Refund.objects.filter(**pending).select_related("payment__organization").order_by("id")
        settled = sum(self.settle_payment(payment, now) for payment in payments.iterator())
        given_back = sum(self.settle_refund(refund, now) for refund in refunds.iterator())
        self.stdout.write(f"Settled {settled} payments and {given_back} refunds.")

    def settle_payment(self, payment, now):
        """The provider is asked before the transaction; one that never heard of the payment is told of it again."""
        if payment.reference:
            answer = gateway.ask_gateway(payment.provider, "look_up", payment.reference)
        else:
            answer = online.ask_for_payment(payment)
        with online.open_confined_transaction(payment.organization_id):
            return online.note_payment(payment.pk, answer, now=now)

    def settle_refund(self, refund, now):
        answer = online.look_up_refund(refund)
        with online.open_confined_transaction(refund.organization_id):
            return online.note_refund(refund, answer, now=now)
