"""Marks visits as completed or no-show that took place long ago and that nobody closed."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from appointments import booking
from appointments.models import Appointment
from organizations.homes import keep_those_here

OUTCOMES = {"completed": booking.complete, "no_show": booking.mark_no_show}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="ended so many days ago")
        parser.add_argument("--as", dest="outcome", choices=OUTCOMES, required=True, help="what became of them")
        parser.add_argument("--organization", type=int, metavar="ID", help="only this organization's")
        parser.add_argument("--dry-run", action="store_true", help="list them and change nothing")

    def handle(self, *, older_than, outcome, organization, dry_run, **options):
        if not 0 <= older_than <= 36500:
            raise CommandError("Say how many days ago, from 0 to 36500.")
        now = timezone.now()
        open_ones = Appointment.objects.filter(status="scheduled", ends_at__lt=now - timedelta(days=older_than))
        visits = keep_those_here(open_ones)
        if organization:
            visits = visits.filter(organization=organization)
        if dry_run:
            self.show(visits)
        else:
            self.close(visits, OUTCOMES[outcome], now)

    def show(self, visits):
        rows = visits.select_related("organization", "client", "staff").order_by("appointment_date", "id")
        for visit in rows.iterator():
            start = visit.appointment_date.astimezone(visit.organization.zone)
            self.stdout.write(
                f"{visit.pk}  {start:%Y-%m-%d %H:%M}  {visit.organization}: {visit.client}, {visit.staff}"
            )
        self.stdout.write(f"{visits.count()} visits would be closed.")

    def close(self, visits, perform, now):
        """One transaction each, so that an interrupted run keeps what it did; a visit changed meanwhile is left."""
        closed = 0
        for pk in tqdm(list(visits.order_by("id").values_list("id", flat=True)), disable=None, unit="visit"):
            with transaction.atomic():
                visit = visits.select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
                if visit is not None:
                    perform(by=None, visit=visit, now=now)
                    closed += 1
        self.stdout.write(f"Closed {closed} visits.")
