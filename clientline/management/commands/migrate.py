"""Django's `migrate`, one at a time on a database: several machines that start at once would make the same tables."""

from django.core.management.commands import migrate

from clientline.database.turns import turn_on_database


class Command(migrate.Command):
    def handle(self, *args, **options):
        if options["plan"] or options["check_unapplied"]:
            return super().handle(*args, **options)
        with turn_on_database(self.say):
            return super().handle(*args, **options)

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
