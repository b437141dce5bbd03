"""Public holidays are proposed with the visits they would hit, and closed where people say so."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from appointments.models import SpecialHours, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, WorkingHoursFactory
from appointments.working_time.public_holidays import _find_holidays
from clientline.demo.serving import PROJECT
from clientline.tests.pages import Page
from clientline.tests.problems import fields, problem
from clientline.tests.rendering import unrendered
from organizations.models import Organization

PATH = "/time-off/holidays"
LABOUR_DAY = datetime(2097, 5, 1, 8, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def home(salon):
    """In Bavaria, with a visit on the first of May, one in its night, and one in the night before."""
    for model in (SpecialHours, TimeOff):
        model.objects.all().delete()
    Organization.objects.filter(pk=salon.organization.pk).update(country="DE", region="BY", language="de")
    for weekday in (1, 2):
        WorkingHoursFactory(staff=salon.staff, weekday=weekday, starts="08:00", ends="02:00")
    salon.before, salon.at_day, salon.at_night = (
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
        for start in (LABOUR_DAY - timedelta(hours=9), LABOUR_DAY, LABOUR_DAY + timedelta(hours=15))
    )
    return salon


def propose(api, caller, year=2097):
    answer = api(caller).get(PATH, {"year": year})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def set_place(cast, **changes):
    Organization.objects.filter(pk=cast.organization.pk).update(**changes)


def test_holidays_are_those_of_country_and_region_in_the_language(home, api):
    found = propose(api, home.manager)
    assert (found["country"], found["region"], found["year"]) == ("DE", "BY", 2097)
    named = {each["date"]: each["name"] for each in found["results"]}
    assert list(named) == sorted(named)
    assert (named["2097-01-06"], named["2097-05-01"]) == ("Heilige Drei Könige", "Erster Mai")
    set_place(home, language="en")
    assert propose(api, home.manager)["results"][0]["name"] == "New Year's Day"
    set_place(home, language="xx", region="Atlantis")
    found = propose(api, home.manager)
    assert (found["region"], found["results"][0]["name"]) == ("", "Neujahr")
    assert "2097-01-06" not in {each["date"] for each in found["results"]}


def test_a_region_is_known_by_its_code_its_code_of_iso_and_its_name(home, api):
    for region in ("by", "DE-BY", " Bayern", "BAYERN"):
        set_place(home, region=region)
        assert propose(api, home.manager)["region"] == "BY", region
    for country, region, code in (("CH", "zurich", "ZH"), ("CH", "BY", ""), ("BQ", "Saba", "SAB"), ("AQ", "x", "")):
        set_place(home, country=country, region=region)
        assert propose(api, home.manager)["region"] == code, region


def test_the_page_says_where_a_region_counts_for_nothing(home, client):
    client.force_login(home.manager)
    set_place(home, region="Atlantis", language="en")
    page = client.get("/admin/holidays/", {"year": "2097"}).content.decode()
    assert "Of DE as a whole: no holidays of Atlantis are known." in page


def test_the_visits_that_a_closure_would_hit_are_shown_and_nothing_is_closed(home, api):
    [first] = [each for each in propose(api, home.manager)["results"] if each["date"] == "2097-05-01"]
    assert first == {
        "date": "2097-05-01",
        "name": "Erster Mai",
        "closed": False,
        "visits": [home.at_day.pk, home.at_night.pk],
    }
    assert not TimeOff.objects.exists()


def test_confirmed_days_are_closed_with_their_nights(home, api):
    answer = api(home.manager).post(PATH, {"dates": ["2097-05-01", "2097-01-01"]})
    assert answer.status_code == 201, answer.json()
    rows = answer.json()["time_off"]
    assert [(row["from_date"], row["to_date"], row["whole_days"], row["staff"], row["reason"]) for row in rows] == [
        ("2097-01-01", "2097-01-01", True, None, "Neujahr"),
        ("2097-05-01", "2097-05-01", True, None, "Erster Mai"),
    ]
    assert answer.json()["stranded"] == 2
    stranded = api(home.manager).get("/appointments", {"stranded": "true"}).json()["results"]
    assert [visit["id"] for visit in stranded] == [home.at_day.pk, home.at_night.pk]
    assert {each["date"] for each in propose(api, home.manager)["results"] if each["closed"]} == {
        "2097-01-01",
        "2097-05-01",
    }
    again = api(home.manager).post(PATH, {"dates": ["2097-05-01"]})
    assert (again.status_code, again.json()) == (201, {"time_off": [], "stranded": 0})


def test_what_is_closed_already_says_so(home, api):
    TimeOffFactory(
        staff=None,
        organization=home.organization,
        whole_days=True,
        from_date=date(2097, 12, 20),
        to_date=date(2098, 1, 3),
    )
    closed = {each["date"] for each in propose(api, home.manager)["results"] if each["closed"]}
    assert closed == {"2097-12-25", "2097-12-26"}


def test_without_a_country_that_is_known_nobody_guesses(home, api):
    for country, answer in (("", (400, "validation_error")), ("ZZ", (409, "holidays_unknown"))):
        set_place(home, country=country)
        assert problem(api(home.manager).get(PATH, {"year": 2097})) == answer
        assert problem(api(home.manager).post(PATH, {"dates": ["2097-05-01"]})) == answer


@pytest.mark.sweep
def test_only_holidays_are_closed_here_and_nonsense_is_named(home, api):
    client = api(home.manager)
    assert fields(client.post(PATH, {"dates": ["2097-05-02", "2097-05-01"]})) == {"dates": "invalid"}
    assert problem(client.post(PATH, {"dates": []}))[0] == 400
    assert problem(client.post(PATH, {"dates": "2097-05-01"}))[0] == 400
    for asked in ({}, {"year": "x"}, {"year": 1999}, {"year": 2100}, {"year": 2097, "x": 1}):
        assert problem(client.get(PATH, asked))[0] == 400
    for asked, code in (({}, "required"), ({"year": "x"}, "invalid"), ({"year": 1999}, "invalid")):
        assert fields(client.get(PATH, asked)) == {"year": code}
    assert not TimeOff.objects.exists()


@pytest.mark.sweep
def test_closing_is_for_who_may_close(home, clinic, operator, api):
    for caller in (home.staff, home.client):
        assert problem(api(caller).get(PATH, {"year": 2097})) == (403, "permission_denied")
        assert problem(api(caller).post(PATH, {"dates": ["2097-05-01"]})) == (403, "permission_denied")
    assert problem(api(operator).get(PATH, {"year": 2097}))[0] == 400
    assert api(operator).get(PATH, {"year": 2097, "organization": home.organization.pk}).status_code == 200
    body = {"dates": ["2097-05-01"], "organization": home.organization.pk}
    assert problem(api(clinic.admin).post(PATH, body)) == (403, "permission_denied")
    assert api(operator).post(PATH, body).json()["stranded"] == 2
    assert TimeOff.objects.get().organization == home.organization


@pytest.mark.parametrize("language", ["C.UTF-8", "fr_FR.UTF-8"])
def test_names_are_asked_for_in_a_language_whatever_the_machines(monkeypatch, language):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, language)
    assert _find_holidays(Organization(country="DE"), 2097)[2][date(2097, 1, 1)] == "Neujahr"


# The same in a process that begins so, which is dear.
@pytest.mark.whole
@pytest.mark.parametrize("language", ["C.UTF-8", "fr_FR.UTF-8"])
def test_names_do_not_depend_on_the_language_of_the_machine(language):
    program = (
        "import django, os; django.setup();"
        "from appointments.working_time.public_holidays import _find_holidays;"
        "from organizations.models import Organization;"
        "from datetime import date;"
        "print(_find_holidays(Organization(country='DE'), 2097)[2][date(2097, 1, 1)])"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "clientline.settings", "SECRET_KEY": "x" * 60}
    environment = os.environ | settings | {"LANG": language, "LANGUAGE": language}
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "Neujahr"


@pytest.mark.sweep
def test_the_page_lists_the_visits_and_closes_what_is_chosen(home, client):
    client.force_login(home.manager)
    page = client.get("/admin/holidays/", {"year": "2097"})
    assert f"/admin/appointments/appointment/{home.at_day.pk}/change/" in Page(page).links
    for nothing in ({}, {"dates": ["x"]}, {"dates": ["2097-05-02"]}):
        with unrendered():
            assert client.post("/admin/holidays/?year=2097", nothing).status_code == 200
    assert not TimeOff.objects.exists()
    assert client.post("/admin/holidays/?year=2097", {"dates": ["2097-05-01"]}).status_code == 302
    assert TimeOff.objects.get().from_date == date(2097, 5, 1)
    assert "schon geschlossen" in client.get("/admin/holidays/", {"year": "2097"}).content.decode()
    assert "/admin/holidays/" in Page(client.get("/admin/appointments/timeoff/")).links
    set_place(home, country="")
    assert "in welchem Land er ist" in client.get("/admin/holidays/").content.decode()
    client.force_login(home.staff)
    assert client.get("/admin/holidays/").status_code == 403
