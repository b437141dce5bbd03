"""Django's `collectstatic`, one at a time in a directory: two at once delete each other's files, or rename them."""

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic

from clientline.database.turns import turn_on_file

# What debuggers read of others' scripts: nobody here, and to compress it took four fifths of the time.
FOR_DEBUGGERS = "*.map"


class Command(collectstatic.Command):
    def handle(self, *, ignore_patterns, **options):
        with turn_on_file(settings.DATA_DIR / "static.lock", self.stderr.write):
            return super().handle(ignore_patterns=[*ignore_patterns, FOR_DEBUGGERS], **options)
