"""Brings in an organization that `export_organization` wrote, with the same ids, all or nothing."""

import getpass
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clientline.database.statistics import measure_tables
from organizations import transfer


class Command(BaseCommand):
    help = (
        __doc__ + " For an installation without other organizations: with others, ids are likely to collide. "
        "Whoever wrote the file chooses the passwords of its people: take it from nobody you do not trust with that."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--with-sign-ins",
            action="store_true",
            help="also the tokens, which are good here at once, and the answers kept for repeated requests",
        )

    def handle(self, *, file, with_sign_ins, verbosity, **options):
        bar = tqdm(unit=" rows", disable=None if verbosity else True)
        told = {"file": file.name, "user": _find_user()}
        try:
            with bar, open(file, "rb") as lines:
                organization = transfer.load(lines, progress=bar.update, with_sign_ins=with_sign_ins, **told)
        except transfer.TransferRefused as refusal:
            raise CommandError(f"Nothing was imported. {refusal}") from refusal
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
        measure_tables()
        self.stdout.write(f"Imported {organization} (id {organization.pk}).")
        if not with_sign_ins:
            self.stdout.write("Tokens and idempotency keys were left out: programs need new tokens.")


def _find_user():
    """The name of whoever runs the command, as the system knows it; empty where it does not."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
