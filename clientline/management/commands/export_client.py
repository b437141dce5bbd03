"""Writes everything that is kept about one person as JSON."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from clientline.privacy import personal_data
from organizations.homes import refuse_elsewhere


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("id", type=int, help="the person's number")

    def handle(self, *, id, **options):
        person = find_person(id)
        self.stdout.write(personal_data.export_file(by=None, person=person, now=timezone.now()).decode())


def find_person(pk):
    """Raises CommandError when there is nobody, and Moving and Moved."""
    person = User.objects.select_related("organization").filter(pk=pk).first()
    if person is None:
        raise CommandError(f"There is no person {pk}.")
    refuse_elsewhere(person.organization_id)
    return person
