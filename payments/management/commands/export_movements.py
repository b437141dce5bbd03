"""Writes the movements of money of some local days as a file for bookkeeping: a line each, by the day it happened."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from appointments.periods import Period, refuse_unreportable
from clientline.command_line import read_date_argument
from clientline.refusals import FieldRefused
from organizations.models import Organization
from payments.bookkeeping.exports import export_movements
from payments.bookkeeping.movement_files import FORMATS, SEPARATORS


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("organization", type=int, help="its id")
        parser.add_argument("--from", dest="first", required=True, metavar="DATE", help="first local date")
        parser.add_argument("--to", dest="last", required=True, metavar="DATE", help="last local date, included")
        parser.add_argument("--format", dest="form", default="csv", choices=FORMATS)
        parser.add_argument("--separators", default="point", choices=SEPARATORS, help="of csv")
        parser.add_argument("--directory", default=".", help="where the file is written, under its own name")

    def handle(self, *, organization, first, last, form, separators, directory, **options):
        home = Organization.objects.filter(pk=organization).first()
        if home is None:
            raise CommandError("There is no such organization.")
        try:
            first, last = read_date_argument(first), read_date_argument(last)
            refuse_unreportable(first, last)
            period = Period(home, first, last, "day")
            name, content = export_movements(by=None, period=period, form=form, separators=separators)
        except FieldRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        path = Path(directory) / name
        path.write_bytes(content)
        self.stdout.write(f"Wrote {path}.")
