from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import SIGN_IN_ADDRESS_TAKEN, User
from organizations.models import Organization

ARGUMENTS = {"name": "Bakery", "email": "Office@Bakery.example", "admin_email": "Boss@Bakery.example"}


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def create(monkeypatch):
    """Runs the command with this standard input and returns what it printed."""

    def run(*, stdin="", **options):
        output = StringIO()
        monkeypatch.setattr("sys.stdin", stdin if isinstance(stdin, Terminal) else StringIO(stdin))
        call_command("create_organization", **(ARGUMENTS | options), stdout=output)
        return output.getvalue()

    return run


@pytest.fixture
def answers(monkeypatch):
    """What is typed at the password prompts, which read from the terminal itself."""

    def type_in(*words):
        typed = iter(words)
        monkeypatch.setattr("accounts.management.commands.create_organization.getpass", lambda prompt: next(typed))

    return type_in


def test_an_organization_comes_with_its_first_admin(db, create):
    output = create(
        stdin="flour-and-water\n",
        admin_name="Berta Baker",
        timezone="Europe/Berlin",
        currency="EUR",
        admin_password_stdin=True,
    )
    organization, admin = Organization.objects.get(), User.objects.get()
    assert (organization.name, organization.email) == ("Bakery", "office@bakery.example")
    assert (organization.timezone, organization.currency) == ("Europe/Berlin", "EUR")
    assert (organization.country, organization.region, organization.language) == ("DE", "", "")
    assert (admin.organization, admin.role, admin.is_superuser) == (organization, "admin", False)
    assert (admin.name, admin.email) == ("Berta Baker", "boss@bakery.example")
    assert admin.check_password("flour-and-water")
    assert output == f"Created Bakery (id {organization.pk}). Berta Baker signs in as boss@bakery.example.\n"


def test_a_country_that_is_told_is_not_guessed(db, create):
    create(timezone="Europe/Berlin", country="AT", region="9", language="de")
    organization = Organization.objects.get()
    assert (organization.country, organization.region, organization.language) == ("AT", "9", "de")


def test_where_nobody_can_be_asked_a_password_is_made_up_and_printed_once(db, create):
    lines = create().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("The password, which is not shown again: ")
    assert User.objects.get().check_password(lines[1].split()[-1])


def test_at_a_terminal_the_password_is_asked_for_twice(db, create, answers):
    answers("flour-and-water", "flour-and-water")
    assert len(create(stdin=Terminal()).splitlines()) == 1
    assert User.objects.get().check_password("flour-and-water")


def test_two_passwords_that_differ_are_refused(db, create, answers):
    answers("flour-and-water", "flour-and-butter")
    with pytest.raises(CommandError, match=r"^The two passwords differ\.$"):
        create(stdin=Terminal())
    assert not Organization.objects.exists()


@pytest.mark.sweep
def test_what_is_wrong_is_said_in_one_sentence_and_nothing_is_saved(salon, create):
    people = User.objects.count()
    for options, sentence in (
        ({"name": ""}, "--name: This field cannot be blank."),
        ({"email": "OFFICE@salon.example"}, "--email: Organization with this Email already exists."),
        ({"email": "bakery"}, "--email: Enter a valid email address."),
        ({"admin_email": "Admin@clinic.example"}, f"--admin-email: {SIGN_IN_ADDRESS_TAKEN}"),
        ({"admin_email": "boss"}, "--admin-email: Enter a valid email address."),
        ({"admin_name": ""}, "--admin-name: This field cannot be blank."),
        ({"timezone": "foo5"}, "--timezone: Choose an IANA time zone, like Europe/Berlin."),
        ({"currency": "KWD"}, "--currency: KWD has three decimals; amounts here are stored with two."),
        ({"country": "XX"}, "--country: Choose a country by its two letters, like DE."),
        ({"language": "xx"}, "--language: Choose one of: en, de."),
        ({"currency": "eur"}, "--currency: Choose a currency by its three letters, like EUR."),
        ({"admin_name": "\u2800"}, "--admin-name: Write a name that can be seen."),
        (
            {"admin_password_stdin": True, "stdin": "flour\n"},
            "The admin's password is refused: This password is too short. It must contain at least 10 characters.",
        ),
    ):
        with pytest.raises(CommandError) as refusal:
            create(**options)
        assert str(refusal.value) == sentence
        assert User.objects.count() == people, sentence
        assert not Organization.objects.filter(name="Bakery").exists(), sentence
