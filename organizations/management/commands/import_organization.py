"""Brings in an organization that `export_organization` wrote, with the same ids, all or nothing."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from organizations import transfer


class Command(BaseCommand):
    help = __doc__ + " For an installation without other organizations: with others, ids are likely to collide."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, verbosity, **options):
        bar = tqdm(unit=" rows", disable=None if verbosity else True)
        try:
            with bar, open(file, "rb") as lines:
                organization = transfer.load(lines, progress=bar.update)
        except transfer.TransferRefused as refusal:
            raise CommandError(f"Nothing was imported. {refusal}") from refusal
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the planner would think the tables empty
        self.stdout.write(f"Imported {organization} (id {organization.pk}).")
