"""Asks the payment provider about online payments and refunds that are still pending, and settles what it says."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from payments import online
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
        settled = sum(self.settle(payment, now) for payment in payments.iterator())
        given_back = sum(self.settle(refund, now) for refund in refunds.iterator())
        self.stdout.write(f"Settled {settled} payments and {given_back} refunds.")

    def settle(self, row, now):
        """The provider is asked before the transaction. Whether that settled it."""
        answer = online.look_up(row)
        with online.open_confined_transaction(row.organization_id):
            return online.note_answer(row, answer, now=now)
