"""Where an organization is: guessed once from its time zone, and then what it says."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from clientline import zones
from organizations.models import Audit, Organization

GUESS = import_module("organizations.migrations.0007_countries_of_old_organizations")
NEW = {"name": "New", "email": "new@new.example"}


def test_a_zone_tells_the_country_where_it_is_only_one():
    countries = {
        "Europe/Berlin": "DE",
        "Europe/Zurich": "CH",
        "America/Vancouver": "CA",
        "Asia/Calcutta": "IN",  # another name of a zone of one country
        "US/Eastern": "US",
        "Iceland": "",  # another name of Abidjan, which many countries share
        "EET": "",
        "UTC": "",
        "Etc/GMT+5": "",
        "Europe/Atlantis": "",
    }
    assert {zone: zones.guess_country(zone) for zone in countries} == countries


@pytest.mark.sweep
def test_every_guess_is_a_country(share):
    asked = {"Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", *share(sorted(zones.list_known_zones()))}
    guesses = {zones.guess_country(name) for name in asked}
    assert {"DE", "US", "JP", ""} < guesses <= zones.list_countries() | {""}


def test_a_new_organization_gets_the_country_of_its_zone_unless_it_says_one(api, operator):
    client = api(operator)
    guessed = client.post("/organizations", NEW | {"timezone": "Europe/Vienna"}).json()
    assert (guessed["country"], guessed["region"], guessed["language"]) == ("AT", "", "")
    for number, country in enumerate(("LI", "")):
        told = NEW | {"email": f"{number}@new.example", "timezone": "Europe/Vienna", "country": country}
        assert client.post("/organizations", told).json()["country"] == country
    assert client.post("/organizations", NEW | {"email": "utc@new.example"}).json()["country"] == ""


def test_it_is_guessed_only_once(api, salon):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    answer = client.patch(path, {"country": "CH", "region": "ZH", "language": "de"}).json()
    assert (answer["country"], answer["region"], answer["language"]) == ("CH", "ZH", "de")
    assert client.patch(path, {"country": ""}).json()["country"] == ""
    moved = client.patch(path, {"timezone": "Europe/Vienna", "coming_visits": "keep_local"}).json()
    assert (moved["timezone"], moved["country"]) == ("Europe/Vienna", "")


@pytest.mark.sweep
def test_what_is_no_country_and_what_no_language_to_choose_is_refused(api, salon):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    for column, values in {"country": ("ZZ", "de", "UK", "EU"), "language": ("fr", "DE", "de-CH")}.items():
        for value in values:
            answer = client.patch(path, {column: value})
            refused = [(error["field"], error["code"]) for error in answer.json()["errors"]]
            assert (answer.status_code, refused) == (400, [(column, "invalid")]), value


def test_the_database_refuses_what_is_no_code(salon):
    for column in ("country", "language"):
        with pytest.raises(DatabaseError, match=f"organization_{column}_is"), transaction.atomic():
            Organization.objects.filter(pk=salon.organization.pk).update(**{column: "1"})


def test_old_organizations_get_the_country_of_their_zone_and_the_audit_is_not_told(salon, clinic):
    before = Audit.objects.count()
    Organization.objects.filter(pk=clinic.organization.pk).update(timezone="UTC")
    told = Audit.objects.count()
    assert told == before + 1
    with connection.schema_editor() as editor:
        GUESS.guess(apps, editor)
    assert Organization.objects.get(pk=salon.organization.pk).country == "DE"
    assert Organization.objects.get(pk=clinic.organization.pk).country == ""
    assert Audit.objects.count() == told


def test_an_operator_founds_one_whose_country_is_guessed(client, operator):
    client.force_login(operator)
    typed = {"timezone": "Europe/Paris", "currency": "EUR", "slot_interval": 15, "min_notice": 60}
    typed |= {"max_advance_days": 90, "max_visits_ahead": 0, "cancellation_notice": 1440, "cancellation_grace": 15}
    typed |= {"late_cancellation_fee": 0, "no_show_fee": 0, "forget_after_months": 0, "fiscal_year_starts": 1}
    typed |= {"admin_name": "Ada", "admin_email": "ada@new.example", "admin_password": "a-long-enough-word"}
    answer = client.post("/admin/organizations/organization/add/", NEW | typed)
    assert answer.status_code == 302, answer.context["errors"]
    assert Organization.objects.get(email="new@new.example").country == "FR"
