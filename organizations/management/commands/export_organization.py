"""Writes one organization with all its tables into a file, for `import_organization`."""

import os
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from organizations import transfer
from organizations.models import Organization

OPERATORS = (
    "The people {} are platform operators, and no installation imports a file that brings one. To take the "
    "organization along, make operators of another with `createsuperuser`, clear `is_superuser` of these in psql, "
    "and export again."
)


class Command(BaseCommand):
    help = __doc__ + " Whoever reads the file knows everything: it holds hashes of passwords, too."

    def add_arguments(self, parser):
        parser.add_argument("id", type=int, help="the organization's number")
        parser.add_argument("file", type=Path)

    def handle(self, *, id, file, verbosity, **options):
        organization = Organization.objects.filter(pk=id).first()
        if organization is None:
            raise CommandError(f"There is no organization {id}.")
        if file.exists():
            raise CommandError(f"{file} exists and is not overwritten: choose another name.")
        if operators := transfer.list_operators(organization):
            self.stderr.write(OPERATORS.format(", ".join(map(str, operators))))
        try:
            self.write(organization, file, tqdm(unit=" rows", disable=None if verbosity else True))
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        self.stdout.write(f"Wrote {organization} to {file.absolute()}.")

    def write(self, organization, file, bar):
        """Beside, readable by its owner only, and renamed when it is complete."""
        handle, draft = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.absolute().parent)
        try:
            with bar, os.fdopen(handle, "wb") as output:
                transfer.write_export(organization, output, progress=bar.update)
            os.replace(draft, file)
        finally:
            Path(draft).unlink(missing_ok=True)
