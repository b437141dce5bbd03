"""Bring the catalogues of texts up to date with what is marked."""

from django.core.management.base import BaseCommand

from clientline import catalogues


class Command(BaseCommand):
    help = "Gather the marked texts into locale/de/LC_MESSAGES/django.po of each app, and compile these"
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--prune", action="store_true", help="Take out what is marked no more")

    def handle(self, *, prune, **options):
        for room in catalogues.ROOMS:
            for text in catalogues.renew(room, prune=prune):
                self.stdout.write(f"{room}: {text.text!r} has no German yet")
