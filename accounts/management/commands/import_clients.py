"""Clients of an organization from a CSV file, all of them or none."""

from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts import client_import
from clientline.web.sheets import Unreadable
from organizations.models import Organization


class Command(BaseCommand):
    help = "Import clients from a CSV file with the columns name, email and phone: all of them or none."

    def add_arguments(self, parser):
        parser.add_argument("organization", type=int, metavar="ORGANIZATION", help="its id")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--check", action="store_true", help="only say what is wrong, in which line")

    def handle(self, *, organization, file, check, **options):
        try:
            organization = Organization.objects.get(pk=organization)
            content = file.read_bytes()
            progress = partial(tqdm, disable=None)  # only where somebody watches
            reading = client_import.read_clients(content, progress)
        except Organization.DoesNotExist as error:
            raise CommandError("There is no such organization.") from error
        except (OSError, Unreadable) as error:
            raise CommandError(str(error)) from error
        for note in reading.notes:
            self.stderr.write(note)
        taken = client_import.save_clients(
            by=None,
            organization=organization,
            clients=reading.clients,
            now=timezone.now(),
            only_check=check or bool(reading.problems),
            progress=progress,
        )
        if problems := sorted([*reading.problems, *taken]):
            for problem in problems:
                where = f"line {problem.line}, {problem.column}" if problem.column else f"line {problem.line}"
                self.stderr.write(f"{where}: {problem.reason} {problem.cell}".rstrip())
            raise CommandError(f"Nothing was imported: {len(problems)} problems.")
        done = "could be imported" if check else "imported"
        self.stdout.write(f"{len(reading.clients)} clients {done} into {organization}.")
