"""The page for guests speaks the visitor's language, and all of it."""

import pytest
from django.db import OperationalError
from django.utils import translation
from django.utils.formats import date_format

from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests import pages
from clientline.reach.tests.guests import details_url, open_page, read, request, type_code
from clientline.tests.rendering import unrendered
from organizations.models import Organization


@pytest.fixture
def shop(salon):
    always_at_work(salon.staff)
    open_page(salon)
    salon.start = days_ahead(3, hour=10)
    return salon


@pytest.mark.sweep
@pytest.mark.django_db
def test_the_visitors_language_wins_then_the_organizations(shop, client):
    for accepts, own, language in (
        ("de-AT,de;q=0.9,en;q=0.5", "", "de"),
        ("en-US", "de", "en"),
        ("fr", "de", "de"),
        ("", "de", "de"),
        ("fr", "", "en"),
    ):
        Organization.objects.filter(pk=shop.organization.pk).update(language=own)
        with unrendered():
            answer = client.get("/b/salon", headers={"Accept-Language": accepts})
        assert answer["Content-Language"] == language, (accepts, own)
    for language, said in (("de", "Termin buchen"), ("en", "Book a visit")):
        answer = client.get("/b/salon", headers={"Accept-Language": language})
        assert said in read(answer)
        assert f'<html lang="{language}">' in answer.content.decode()


@pytest.mark.clock
@pytest.mark.django_db
def test_a_chosen_language_goes_along(shop, client):
    page = client.get(f"{details_url(shop, shop.start)}&lang=de")
    with translation.override("de"):
        day = date_format(shop.start, "l, j. F Y")
    assert "Wer sind Sie?" in read(page) and day in read(page)
    assert 'action="/b/salon/details?lang=de"' in page.content.decode()


@pytest.mark.django_db
def test_refusals_are_said_in_it_too(shop, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    refused = type_code(client, request(shop, shop.start), code="x")
    assert "Das ist nicht der Code." in read(refused)


def fail(slug):
    raise OperationalError("gone")


@pytest.mark.django_db
def test_so_are_those_that_no_page_is_asked_for(shop, client, settings, monkeypatch):
    client.raise_request_exception = False
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    monkeypatch.setattr(pages, "_find_open_page", fail)
    away = client.get("/b/salon")
    assert (away.status_code, away["Content-Language"], away["Retry-After"]) == (503, "de", "2")
    assert "Das geht gerade nicht Es wurde nichts geändert." in read(away)
    chosen = client.get("/b/salon?lang=en")
    assert (chosen["Content-Language"], "This does not work right now" in read(chosen)) == ("en", True)
    settings.RATE_LIMIT_BY_ADDRESS = 1
    client.get("/b/salon")
    much = client.get("/b/salon")
    assert (much.status_code, '<html lang="de">' in much.content.decode()) == (429, True)
    assert "Zu viele Anfragen Warten Sie eine Minute" in read(much)


@pytest.mark.django_db
def test_an_address_that_cannot_be_read_is_refused_in_some_language(shop, client):
    answer = client.get(f"/b/salon?{'&'.join(f'f{number}=1' for number in range(1001))}")
    assert (answer.status_code, answer["Content-Language"]) == (400, "en")
