"""Moves coming visits to the instant at which clocks show the time agreed, after the rules of time zones changed."""

import logging

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from appointments.amendments import rezoning
from appointments.working_time import absences
from clientline import zones
from organizations.models import Organization

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = __doc__ + " Those that cannot move it lists, for people to decide; it ends with 1 while there are any."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="list them and change nothing; ends with 1 if any")
        parser.add_argument(
            "--if-new-rules",
            action="store_true",
            help="only count them, and put whole days off at their midnights, where the rules are others than at the "
            "last look; what each start does",
        )

    def handle(self, *, dry_run, if_new_rules, **options):
        now = timezone.now()
        if if_new_rules:
            self.look_once(now)
        elif dry_run:
            self.try_out(now)
        else:
            self.move(now)

    def look_once(self, now):
        due = rezoning.find_due()
        if not due.exists():
            return
        absences.follow_rules(due)
        if found := rezoning.count_strays(now=now):
            said = f"By the time zone rules of {zones.RULES}, the time agreed is no longer shown by"
            logger.warning("%s %s. See `manage.py rezone --dry-run`.", said, _write_visits(found))

    def try_out(self, now):
        """As it would be, undone at the end."""
        with transaction.atomic():
            moved, stuck = self.perform(now, "would move")
            transaction.set_rollback(True)
        rezoning.count_strays(now=now)
        if moved or stuck:
            raise CommandError(f"{_write_visits(moved)} would move, {_write_visits(stuck)} would be left for people.")
        self.stdout.write("Every coming visit shows the time agreed.")

    def move(self, now):
        absences.follow_rules(Organization.objects.all())
        moved, stuck = self.perform(now, "moved")
        rezoning.count_strays(now=now)
        self.stdout.write(f"Moved {_write_visits(moved)}.")
        if stuck:
            raise CommandError(f"{_write_visits(stuck)} left for people: call the client, then reschedule or cancel.")

    def perform(self, now, done):
        moved, stuck = [], []
        for outcome in rezoning.rezone_strays(now=now):
            moved += outcome.moved
            stuck += outcome.stuck
            for visit in outcome.moved:
                self.tell(visit, done)
            for visit, why in outcome.stuck:
                self.tell(visit, f"left for people. {why}")
        return moved, stuck

    def tell(self, visit, what):
        self.stdout.write(
            f"{visit.pk}  agreed {visit.local_start:%Y-%m-%d %H:%M}  "
            f"{visit.organization}: {visit.client}, {visit.staff}: {what}"
        )


def _write_visits(found):
    return "1 visit" if len(found) == 1 else f"{len(found)} visits"
