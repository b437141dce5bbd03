"""Erases one client for good: name, contacts and all free text about them. Visits and money stay."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clientline.management.commands.export_client import find_person
from clientline.privacy import personal_data
from clientline.refusals import Refused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("id", type=int, help="the client's number")
        parser.add_argument("--noinput", "--no-input", action="store_true", help="do not ask before erasing")

    def handle(self, *, id, noinput, **options):
        client = find_person(id)
        name = client.name
        if not noinput:
            self.confirm(client)
        try:
            client = personal_data.erase(by=None, client=client, now=timezone.now())
        except Refused as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"Erased {name}, now {client.name}.")

    def confirm(self, client):
        reached = client.mail_address or client.phone or "no address"
        found = personal_data.preview_erasure(client=client, now=timezone.now())
        records, coming = found["records"], len(found["coming_visits"])
        self.stdout.write(f"This erases {client.name} ({reached}) of {client.organization} and cannot be undone.")
        if len(records) > 1:
            self.stdout.write(f"They are one person in the merged records {', '.join(map(str, records))}.")
        if coming:
            self.stdout.write(f"Visits to come, which will be cancelled: {coming}.")
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            answer = ""
        if answer != "yes":
            raise CommandError("Nothing was changed.")
