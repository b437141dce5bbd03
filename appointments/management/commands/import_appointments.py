"""Coming visits of an organization from a file of another program, each booked as at the desk."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appointments.visit_import import import_visits
from clientline.web.sheets import Unreadable
from organizations.models import Organization


class Command(BaseCommand):
    help = (
        "Book the coming visits in a CSV file: all of them or none, or with --good those that nothing stands against."
    )

    def add_arguments(self, parser):
        parser.add_argument("organization", metavar="ORGANIZATION", help="its id, name or e-mail address")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--check", action="store_true", help="only say what stands against which line")
        parser.add_argument(
            "--good", action="store_true", help="book the others, too, if something stands against some"
        )

    def handle(self, *, organization, file, check, good, **options):
        try:
            organization = Organization.objects.find_one(organization)
            found = import_visits(
                by=None,
                organization=organization,
                content=file.read_bytes(),
                now=timezone.now(),
                good=good,
                only_check=check,
            )
        except (Organization.DoesNotExist, OSError, Unreadable) as error:
            raise CommandError(str(error)) from error
        for conflict in found.conflicts:
            self.stderr.write(f"line {conflict.line}: {conflict.reason} {conflict.cell}".rstrip())
        counts = f"{len(found.booked)} new, {len(found.known)} known"
        if not (found.saved or check) or (check and found.conflicts and not good):
            raise CommandError(f"Nothing was booked: {len(found.conflicts)} conflicts ({counts}).")
        self.stdout.write(f"{counts}: {'could be ' if check else ''}booked in {organization}.")
