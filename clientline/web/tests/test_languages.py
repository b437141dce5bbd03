"""Pages speak the language of who reads them; programs, the log and what is stored speak English."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import translation

from accounts.models import User
from clientline.web.encoding import encode
from organizations.models import Organization

pytestmark = pytest.mark.django_db
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


# One's own, the organization's, and what is spoken.
SPOKEN = [("de", "en", "de"), ("en", "de", "en"), ("", "de", "de"), ("", "", "en"), ("", "xx", "en")]


def speak(person, own="", organization=""):
    User.objects.filter(pk=person.pk).update(language=own)
    Organization.objects.filter(pk=person.organization_id).update(language=organization)


@pytest.mark.sweep
def test_ones_own_language_is_above_the_organizations(salon, client):
    client.force_login(salon.admin)
    for own, organization, spoken in SPOKEN:
        speak(salon.admin, own, organization)
        page = client.get("/admin/password_change/", headers=GERMAN)
        assert page["Content-Language"] == spoken, (own, organization)
        assert f'<html lang="{spoken}"' in page.text


def test_who_signs_in_reads_what_the_browser_prefers(db, client):
    for headers, said in [
        (GERMAN, "Anmelden | ClientLine"),
        ({"Accept-Language": "fr"}, "Log in | ClientLine"),
        ({}, "Log in | ClientLine"),
    ]:
        assert said in client.get("/admin/login/", headers=headers).text, headers


def test_a_page_leaves_no_language_behind(salon, client):
    speak(salon.admin, "de")
    client.force_login(salon.admin)
    client.get("/admin/")
    assert translation.get_language() == "en-us"


def test_programs_are_answered_in_english(salon, api, client):
    speak(salon.admin, "de", "de")
    refused = api(salon.admin).post("/services", {}, headers=GERMAN).json()
    assert {each["detail"] for each in refused["errors"]} == {"This field is required."}
    client.force_login(salon.admin)
    by_session = client.get("/services?bogus=1", headers=GERMAN).json()
    assert by_session["errors"][0]["detail"] == "There is no such parameter."


def test_a_marked_text_is_written_as_json():
    assert encode({"detail": translation.gettext_lazy("Cancel")}) == b'{"detail":"Cancel"}'


def test_the_admins_log_is_english_whoever_writes_it(salon, client):
    speak(salon.admin, "de")
    client.force_login(salon.admin)
    client.post(f"/admin/accounts/user/{salon.manager.pk}/standing/", {"deactivate": "", "anyway": "x"})
    told = LogEntry.objects.latest("id")
    assert (told.object_repr, told.change_message) == (f"person {salon.manager.pk}", "Deactivated.")


def test_one_chooses_ones_own_language_from_any_page(salon, client):
    client.force_login(salon.staff)
    answer = client.post("/admin/language/", {"language": "de"}, headers={"Referer": "http://testserver/admin/week/"})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/admin/week/")
    assert User.objects.get(pk=salon.staff.pk).language == "de"
    assert client.get("/admin/")["Content-Language"] == "de"
    client.post("/admin/language/", {"language": ""})
    assert client.get("/admin/")["Content-Language"] == "en"


def test_there_are_no_other_languages(salon, client):
    client.force_login(salon.staff)
    assert client.post("/admin/language/", {"language": "xx"}).status_code == 400
    assert client.get("/admin/language/", {"language": "de"}).status_code == 405


def test_one_is_not_led_elsewhere(salon, client):
    client.force_login(salon.staff)
    answer = client.post("/admin/language/", {"language": "de"}, headers={"Referer": "http://evil.example/"})
    assert answer["Location"] == "/admin/"


def test_a_drawing_has_points_in_its_numbers_in_every_language(salon, client):
    """A comma would part two places: of a text, only the first letter would stand where it belongs."""
    speak(salon.admin, "de")
    client.force_login(salon.admin)
    day = f"{salon.visit.appointment_date:%Y-%m-%d}"
    pages = [client.get(url).text for url in (f"/admin/?date={day}", f"/admin/reports/?from={day}&to={day}")]
    drawn = [number for page in pages for number in re.findall(r' (?:x|y|x1|y1|width|height)="([^"]*)"', page)]
    assert drawn and not [number for number in drawn if "," in number]
