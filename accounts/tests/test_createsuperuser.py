from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from organizations.models import Organization


@pytest.fixture
def create_operator(db, monkeypatch):
    def run(email, name="Olivia"):
        monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", email)
        monkeypatch.setenv("DJANGO_SUPERUSER_NAME", name)
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct-horse-battery")
        call_command("createsuperuser", interactive=False, stdout=StringIO())

    return run


def test_the_first_operator_gets_a_home_organization(create_operator):
    create_operator("Olivia@platform.example")
    operator, home = User.objects.get(), Organization.objects.get()
    assert (home.name, home.email) == ("Platform", "olivia@platform.example")
    assert (operator.organization, operator.name, operator.email) == (home, "Olivia", "olivia@platform.example")
    assert (operator.role, operator.is_superuser) == ("admin", True)
    assert operator.check_password("correct-horse-battery")


def test_a_second_operator_joins_the_first(create_operator):
    create_operator("olivia@platform.example")
    create_operator("oscar@platform.example")
    home = Organization.objects.get()
    assert list(User.objects.order_by("id").values_list("email", "organization")) == [
        ("olivia@platform.example", home.pk),
        ("oscar@platform.example", home.pk),
    ]


@pytest.mark.sweep
def test_an_operator_joins_no_inactive_organization(create_operator, salon):
    create_operator("olivia@platform.example")
    Organization.objects.filter(name="Platform").update(is_active=False)
    create_operator("oscar@platform.example")
    create_operator("otto@platform.example")
    home = Organization.objects.get(name="Platform", is_active=True)
    assert home.email == "oscar@platform.example"
    assert {person.email for person in User.objects.filter(organization=home)} == {
        "oscar@platform.example",
        "otto@platform.example",
    }


def test_an_operator_whose_address_is_taken_is_refused(create_operator, salon):
    with pytest.raises(CommandError, match="already taken"):
        create_operator("admin@salon.example")
    assert not User.objects.filter(is_superuser=True).exists()


def test_an_operators_name_is_one_that_people_can_read(create_operator):
    for name, why in (("\u2800", "that can be seen"), ("Oli\u202evia", "direction of writing")):
        with pytest.raises(CommandError, match=why):
            create_operator("olivia@platform.example", name=name)
    assert not Organization.objects.exists()
