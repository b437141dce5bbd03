"""Erases clients whom nobody saw for so many months: names, contacts and all free text. Visits and money stay."""

import re

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clientline.privacy import forgetting
from organizations.homes import keep_those_here
from organizations.models import MOST_MONTHS_KEPT, Organization

PERIOD = re.compile(r"(\d{1,4})([my]?)")
MONTHS_OF = {"m": 1, "": 1, "y": 12}


def read_months(text):
    """36m and 3y are 36. Raises CommandError."""
    match = PERIOD.fullmatch(text.strip().lower())
    months = int(match[1]) * MONTHS_OF[match[2]] if match else 0
    if not 0 < months <= MOST_MONTHS_KEPT:
        raise CommandError("--inactive-for takes months or years, like 36m or 3y.")
    return months


class Command(BaseCommand):
    help = __doc__ + " Without --inactive-for, each organization's own setting counts; 0 keeps everybody."

    def add_arguments(self, parser):
        parser.add_argument(
            "--organization", metavar="ORGANIZATION", help="one by its number, address or name; else all"
        )
        parser.add_argument("--inactive-for", metavar="36m", help="months or years, in place of the settings")
        parser.add_argument("--dry-run", action="store_true", help="only list them")
        parser.add_argument("--noinput", "--no-input", action="store_true", help="do not ask before erasing")

    def handle(self, *, organization, inactive_for, dry_run, noinput, **options):
        now, months = timezone.now(), read_months(inactive_for) if inactive_for else None
        found = [
            (client, period)
            for each in self.list_organizations(organization)
            if (period := months or each.forget_after_months)
            for client in forgetting.find_forgettable(each, months=period, now=now).select_related("organization")
        ]
        for client, period in found:
            self.stdout.write(f"{client.pk}  {client.name}  {client.organization}, not seen for {period} months")
        if dry_run or not found:
            self.stdout.write(f"{len(found)} to forget. Nothing was changed.")
            return
        if not noinput:
            self.confirm(len(found))
        erased = sum(forgetting.forget(client, months=period, now=now) for client, period in found)
        self.stdout.write(f"Erased {erased}.")

    def list_organizations(self, said):
        try:
            return (
                [Organization.objects.find_one(said)]
                if said
                else keep_those_here(Organization.objects.order_by("id"), "id")
            )
        except Organization.DoesNotExist as error:
            raise CommandError(str(error)) from error

    def confirm(self, number):
        self.stdout.write(f"This erases {number} for good.")
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            answer = ""
        if answer != "yes":
            raise CommandError("Nothing was changed.")
