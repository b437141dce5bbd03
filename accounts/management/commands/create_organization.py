"""A new organization together with its first admin, who does the rest."""

import secrets
import sys
from getpass import getpass

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.founding import found_organization
from accounts.models import User
from clientline.refusals import FieldRefused
from clientline.zones import guess_country
from organizations.models import Organization

OF_ORGANIZATION = ("name", "email", "timezone", "currency", "country", "region", "language")
WORDED = {"admin_name": "--admin-name"}  # what is asked for in no option is not named by one


class Command(BaseCommand):
    help = "Create an organization and its first admin."

    def add_arguments(self, parser):
        parser.add_argument("--name", required=True, help="of the organization")
        parser.add_argument("--email", required=True, help="where the organization is reached")
        parser.add_argument("--admin-email", required=True, help="what the admin signs in with")
        parser.add_argument("--admin-name", default="Administrator")
        parser.add_argument(
            "--admin-password-stdin",
            action="store_true",
            help="read the password from standard input; else it is asked for, or made up where nobody can be asked",
        )
        parser.add_argument("--timezone", default="UTC", help="IANA name, like Europe/Berlin")
        parser.add_argument("--currency", default="USD", help="ISO 4217 code, like EUR")
        parser.add_argument("--country", help="ISO 3166 code, like DE; that of the time zone unless told")
        parser.add_argument("--region", default="", help="of the country, where holidays differ in it, like BY")
        parser.add_argument("--language", default="", help="of its texts, like en")

    def handle(self, *, admin_name, admin_email, admin_password_stdin, **options):
        organization = _make_organization(**{name: options[name] for name in OF_ORGANIZATION})
        admin = {"name": admin_name, "email": admin_email.lower(), "role": User.Role.ADMIN}
        _refuse_invalid(organization)
        _refuse_invalid(User(**admin), prefix="admin-", exclude=["organization", "password"])
        password, made_up = self.choose_password(admin_password_stdin)
        try:
            found_organization(organization=organization, name=admin_name, email=admin["email"], password=password)
        except FieldRefused as error:
            option = WORDED.get(error.errors[0]["field"], "The admin's password is refused")
            raise CommandError(f"{option}: {error}") from error
        self.stdout.write(f"Created {organization} (id {organization.pk}). {admin_name} signs in as {admin['email']}.")
        if made_up:
            self.stdout.write(f"The password, which is not shown again: {password}")

    def choose_password(self, from_stdin):
        """The admin's password, and whether it was made up here."""
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n"), False
        if not sys.stdin.isatty():
            return secrets.token_urlsafe(12), True
        password = getpass("The admin's password: ")
        if getpass("The same again: ") != password:
            raise CommandError("The two passwords differ.")
        return password, False


def _make_organization(*, email, timezone, country, **columns):
    country = guess_country(timezone) if country is None else country
    return Organization(email=email.lower(), timezone=timezone, country=country, **columns)


def _refuse_invalid(row, *, prefix="", exclude=None):
    """Raise CommandError with the first thing that is wrong, under the name of its option."""
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise CommandError(f"--{prefix}{field}: {messages[0]}") from error
