"""Asks the payment provider what became of pending payments and refunds, and for refunds made in its own pages."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from organizations.homes import keep_those_here
from payments import online
from payments.models import Payment, Refund


class Command(BaseCommand):
    help = __doc__ + " For callbacks that never came; run it every few minutes."

    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int, default=5, metavar="MINUTES", help="recorded so long ago")

        parser.add_argument(
            "--refunds-of", type=int, default=7, metavar="DAYS", help="how far back to look for refunds made elsewhere"
        )

    def handle(self, *, older_than, refunds_of, **options):
        now = timezone.now()
        pending = {"status": "pending", "key__isnull": False, "created_at__lte": now - timedelta(minutes=older_than)}
        payments = keep_those_here(Payment.objects.filter(**pending)).select_related("organization").order_by("id")
        refunds = keep_those_here(Refund.objects.filter(**pending)).select_related("payment__organization")
        settled = sum(self.settle(payment, now) for payment in payments.iterator())
        given_back = sum(self.settle(refund, now) for refund in refunds.order_by("id").iterator())
        elsewhere = online.find_foreign_refunds(since=now - timedelta(days=refunds_of), now=now)
        told = f"Settled {settled} payments and {given_back} refunds."
        self.stdout.write(f"{told} Found {elsewhere} made in the provider's own pages." if elsewhere else told)

    def settle(self, row, now):
        """The provider is asked before the transaction. Whether that settled it."""
        answer = online.look_up(row)
        with online.open_confined_transaction(row.organization_id):
            return online.note_answer(row, answer, now=now)
