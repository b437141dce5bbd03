"""For somebody who has lost the app and the recovery codes."""

from django.core.management.base import BaseCommand, CommandError

from accounts import second_factor
from accounts.models import User
from organizations.homes import refuse_elsewhere


class Command(BaseCommand):
    help = "Remove somebody's second factor. Be sure who asks for it."

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *, email, **options):
        person = User.objects.filter(email=email.lower(), has_second_factor=True).first()
        if person is None:
            raise CommandError(f"Nobody with the address {email} has a second factor.")
        refuse_elsewhere(person.organization_id)
        second_factor.remove(person, by=None)
        self.stdout.write(f"{person.name} signs in without a code now, and can set up a new one.")
