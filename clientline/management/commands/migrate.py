"""Django's `migrate`, one at a time on a database: several machines that start at once would make the same tables."""

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connection, transaction

from clientline.cells.models import Cell
from clientline.cells.numbering import OtherCell, keep_number
from clientline.database.steps import StepExecutor
from clientline.database.turns import turn_on_database

migrate.MigrationExecutor = StepExecutor  # Django has no other place to say so


class Command(migrate.Command):
    def handle(self, *args, **options):
        if options["plan"] or options["check_unapplied"]:
            return super().handle(*args, **options)
        with turn_on_database(self.say):
            super().handle(*args, **options)
            if not options["app_label"]:
                self.number(options["verbosity"])

    def number(self, verbosity):
        """New tables count as the others do."""
        if Cell._meta.db_table not in connection.introspection.table_names():
            return
        try:
            with transaction.atomic():
                before = Cell.objects.first()
                cell = keep_number(settings.CELL, above=settings.CELL_ABOVE, address=settings.PUBLIC_URL)
        except OtherCell as refusal:
            raise CommandError(str(refusal)) from refusal
        if cell and not before and verbosity:
            self.say(f"This is cell {cell.number} from now on. Ids up to {cell.highest_before} were given before.\n")
            if cell.highest_before:
                self.say(f"No other cell may be older, and all others need CELL_ABOVE={cell.highest_before} or more.\n")

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
