"""Organizations to play with, measure against and show: many, large, and the same for the same seed and day."""

from datetime import date

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.template.defaultfilters import pluralize
from psycopg.errors import UniqueViolation
from tqdm import tqdm

from clientline.database.statistics import measure_tables
from clientline.database.turns import turn_on_database
from clientline.demo.businesses import SONNIG
from clientline.demo.world import build
from clientline.languages import OFFERED
from organizations.audit import pause_audit
from organizations.models import Organization

PASSWORD = "let-the-sun-in"
MOST_ORGANIZATIONS, MOST_APPOINTMENTS = 10_000, 10_000_000
FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2095, 1, 1)  # calendars reach years back, and visits lie in 2000 to 2100


class Command(BaseCommand):
    help = "Fill the database with demo organizations, the first of them Salon Sonnig."

    def add_arguments(self, parser):
        parser.add_argument("--organizations", type=int, default=2, help="how many; default 2")
        parser.add_argument("--appointments", type=int, default=600, help="how many visits in all; default 600")
        parser.add_argument("--seed", type=int, default=1, help="another number makes other data; default 1")
        parser.add_argument(
            "--today",
            type=_parse_first_day,
            help="YYYY-MM-DD, the day to look back and ahead from; default each place's",
        )
        parser.add_argument("--language", choices=OFFERED, default="en", help="of Salon Sonnig; default en")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is an organization")
        parser.add_argument("--logins", action="store_true", help="let the people sign in, and print how")

    def handle(self, *, if_empty, **options):
        with turn_on_database(self.say):
            if not (if_empty and Organization.objects.exists()):
                self.fill(**options)

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def fill(self, *, organizations, appointments, today, logins, verbosity, **options):
        _refuse_absurd("organizations", organizations, 1, MOST_ORGANIZATIONS)
        _refuse_absurd("appointments", appointments, 1, MOST_APPOINTMENTS)
        if today:
            _refuse_absurd("today", today, FIRST_DAY, LAST_DAY)
        # Hashed once: it is slow on purpose. Without --logins it is one that no password matches.
        password = make_password(PASSWORD if logins else None)
        drawn = {"seed": options["seed"], "language": "" if options["language"] == "en" else options["language"]}
        progress = build(
            organizations=organizations, appointments=appointments, today=today, password=password, **drawn
        )
        self.save(progress, tqdm(total=appointments, unit=" visits", disable=None if verbosity else True))
        if verbosity:
            self.stdout.write(
                f"Saved {organizations} organization{pluralize(organizations)} "
                f"with {appointments} visit{pluralize(appointments)}."
            )
        if logins:
            self.print_logins()

    def save(self, progress, bar):
        """All or nothing: whatever interrupts it, nothing is left."""
        try:
            with bar, pause_audit():
                for visits in progress:
                    bar.update(visits)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            raise CommandError(f"The demo data is here already: {error.__cause__.diag.message_detail}") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted: nothing was saved.", returncode=130) from None
        measure_tables()

    def print_logins(self):
        self.stdout.write(f"Sign in with the password {PASSWORD} as")
        for name, role in (("admin", "admin"), ("manager", "manager"), ("sofie", "staff"), ("mia", "client")):
            self.stdout.write(f"  {f'{name}@{SONNIG.domain}':<24} {role}")
        self.stdout.write(f"Guests book at {settings.PUBLIC_URL}/b/{SONNIG.slug}")


def _parse_first_day(text):
    return date.fromisoformat(text)


def _refuse_absurd(name, value, least, most):
    if not least <= value <= most:
        raise CommandError(f"--{name} has to lie between {least} and {most}.")
