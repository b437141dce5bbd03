"""Links what was written into the chains that show whether somebody rewrites it."""

import re
import sys

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize

from appointments import sealing

DONE = "Sealed {} row{}. What is written from now on is open until the next run."
GONE = "These were heads once, and are no links any more, so the chains were rewritten: {}"

LINK = re.compile(r"^\d+ ([0-9a-f]{64})$")


class Command(BaseCommand):
    help = "Seal the audit and the history of visits, so that check_invariants finds what was rewritten since."

    def add_arguments(self, parser):
        parser.add_argument(
            "--heads",
            action="store_true",
            help="also print the last link of each chain, to be noted where no administrator of the database writes",
        )
        parser.add_argument(
            "--noted",
            nargs="+",
            metavar="LINK",
            default=[],
            help="heads of before, or - for lines of --heads on standard input; ends with 1 where one is gone",
        )

    def handle(self, *, heads, noted, **options):
        sealed = sealing.seal_rows()
        self.stdout.write(DONE.format(sealed, pluralize(sealed)))
        for chain, link in sealing.list_heads() if heads else ():
            self.stdout.write(f"{chain} {link}")
        if gone := sealing.list_unknown_links(_read_links(sys.stdin) if noted == ["-"] else noted):
            raise CommandError(GONE.format(", ".join(gone)))


def _read_links(lines):
    """The links in lines as `--heads` prints them; what else it says is passed over. Raises CommandError."""
    if links := [link for line in lines for link in LINK.findall(line)]:
        return links
    raise CommandError("Standard input holds no head, so nothing was looked at.")
