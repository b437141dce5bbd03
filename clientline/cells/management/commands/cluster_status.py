"""For monitors, and for people before and after they touch a cluster."""

from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from clientline.cells.sides import find_own_address
from clientline.cells.status import examine_cluster


class Command(BaseCommand):
    help = "Say who writes, who follows, what is archived and who dawdles. Ends with 1 where something is wrong."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--standby", action="store_true", help="a standby is expected: without a synchronous one something is wrong"
        )

    def handle(self, *, standby, **options):
        with open_cursor() as cursor:
            findings = list(examine_cluster(cursor, needs_standby=standby))
        for finding in findings:
            mark = {True: "ok     ", False: "WRONG  ", None: "       "}[finding.is_well]
            self.stdout.write(f"{mark} {finding.name}: {finding.says}")
        wrong = [finding.name for finding in findings if finding.is_well is False]
        if wrong:
            raise CommandError(f"Wrong: {', '.join(wrong)}.")


@contextmanager
def open_cursor():
    """Of whoever may look: on the private server that is a superuser, who needs no password."""
    if not settings.EMBEDDED_DATA:
        with connection.cursor() as cursor:
            yield cursor
    else:
        with psycopg.connect(find_own_address()) as own, own.cursor() as cursor:
            yield cursor
