"""Clients of an organization from a file of another program: all of them, or the good ones."""

import gc
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.client_files.columns import recall_fields
from accounts.client_files.files import open_file
from accounts.client_files.saving import import_clients
from clientline.web.sheets import Unreadable
from organizations.models import Organization


class Command(BaseCommand):
    help = "Import clients from CSV or vCards: all of them or none, or with --good those without a fault."

    def add_arguments(self, parser):
        parser.add_argument("organization", metavar="ORGANIZATION", help="its id, name or e-mail address")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--check", action="store_true", help="only say who is new and what is wrong, in which line")
        parser.add_argument("--good", action="store_true", help="import those without a fault, too, if others have one")
        parser.add_argument("--dates", choices=["day", "month"], help="what comes first in birthdays like 4/5/1990")

    def handle(self, *, organization, file, check, good, dates, **options):
        gc.freeze()  # or all that is loaded would be looked through, again and again, as people are made
        try:
            self.import_file(organization, file, check, good, dates)
        finally:
            gc.unfreeze()

    def import_file(self, organization, file, check, good, dates):
        try:
            organization = Organization.objects.find_one(organization)
            opened = self.open(organization, file.read_bytes(), dates)
        except Organization.DoesNotExist as error:
            raise CommandError(str(error)) from error
        except (OSError, Unreadable) as error:
            raise CommandError(str(error)) from error
        found = import_clients(
            by=None,
            organization=organization,
            entries=opened.read(timezone.localdate()),
            now=timezone.now(),
            good=good,
            only_check=check,
            one_per_address=opened.one_per_address,
        )
        for fault in found.faults:
            where = f"line {fault.line}, {fault.column}" if fault.column else f"line {fault.line}"
            self.stderr.write(f"{where}: {fault.reason} {fault.cell}".rstrip())
        counts = f"{len(found.matches.new)} new, {len(found.matches.known)} known"
        if not (found.saved or check) or (check and found.faults and not good):
            raise CommandError(f"Nothing was imported: {len(found.faults)} faults ({counts}).")
        self.stdout.write(f"{counts}: {'could be ' if check else ''}imported into {organization}.")

    def open(self, organization, content, dates):
        """The file with its columns guessed, or as they were chosen for one like it. Raises Unreadable."""
        file = open_file(content, country=organization.country, order=dates)
        if (fields := recall_fields(organization, file)) is not None:
            file = open_file(content, country=organization.country, fields=fields, order=dates)
        if file.faults:
            raise Unreadable(f"{' '.join(file.faults)} The headings are: {', '.join(file.table.headings)[:300]}.")
        if file.table.from_windows:
            self.stderr.write(
                "The file is not UTF-8 and was read as Windows text. Look whether letters like ä are right."
            )
        return file
