"""Writes payments as CSV, for bookkeeping."""

import csv
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from appointments.working_time.hours import find_midnight
from clientline.command_line import read_date_argument
from clientline.web.sheets import write_cell
from organizations import audit
from organizations.homes import keep_those_here
from organizations.models import Organization
from payments.bookkeeping.columns import COLUMNS
from payments.models import Payment


class Command(BaseCommand):
    help = __doc__ + " Times are the organization's."

    def add_arguments(self, parser):
        parser.add_argument("--organization", type=int, metavar="ID", help="only this organization's")
        parser.add_argument("--from", dest="first", metavar="DATE", help="recorded on this local date or later")
        parser.add_argument("--to", dest="last", metavar="DATE", help="recorded on this local date or earlier")

    def handle(self, *, organization, first, last, **options):
        first, last = first and read_date_argument(first), last and read_date_argument(last)
        organizations = Organization.objects.order_by("id")
        if organization:
            organizations = organizations.filter(pk=organization)
            if not organizations:
                raise CommandError("There is no such organization.")
        else:
            organizations = keep_those_here(organizations, "id")
        writer = csv.writer(self.stdout)
        writer.writerow(COLUMNS)
        for each in organizations:
            audit.record_event("export", organization_id=each.pk, table="payments")  # nothing leaves unnoted
            for row in _select_recorded(each, first, last).values_list(*COLUMNS.values()).iterator():
                writer.writerow([write_cell(value, each.zone) for value in row])


def _select_recorded(organization, first, last):
    """The organization's payments recorded on these local dates, both included; None is no bound."""
    payments = Payment.objects.filter(organization=organization)
    if first:
        payments = payments.filter(created_at__gte=find_midnight(organization.zone, first))
    if last:
        payments = payments.filter(created_at__lt=find_midnight(organization.zone, last + timedelta(days=1)))
    return payments.order_by("id")
