"""What goes wrong below /admin/ is told in plain words and leads back; the API keeps to problem documents."""

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.tests.factories import token_for
from clientline.backoffice.calendar import today
from clientline.postgres.backend.outcomes import OutcomeLost
from clientline.tests.pages import Page, submit
from clientline.tests.problems import problem
from clientline.web.arrivals import LARGEST_UPLOAD
from clientline.web.error_pages import FORGED, WORDS
from organizations.models import Organization

ORGANIZATIONS = "/admin/organizations/organization/"
NUL = 'clientline_session="\\000"'


@pytest.fixture
def guest(client):
    """Nobody signed in; a 500 is answered, not raised."""
    client.raise_request_exception = False
    return client


@pytest.fixture
def member(guest, salon):
    guest.force_login(salon.admin)
    return guest


def told(answer):
    """Status and heading of an error page, once it is one that a strict content policy lets through."""
    body = answer.content.decode()
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "/admin/" in Page(answer).links and "To Today" in body
    assert "style=" not in body and "<style" not in body and "<script>" not in body
    return answer.status_code, body.partition("<h1>")[2].partition("</h1>")[0]


def page_of(status):
    return status, WORDS[status][0]


def test_each_refusal_below_admin_is_a_page_that_leads_back(member):
    assert told(member.get("/admin/nothing/")) == page_of(404)
    assert told(member.get(f"{ORGANIZATIONS}add/")) == page_of(403)
    assert told(member.get("/admin/?day=%00")) == page_of(400)
    assert told(member.post("/admin/", "x", "text/plain", CONTENT_LENGTH=str(LARGEST_UPLOAD + 1))) == page_of(413)


def test_who_is_not_signed_in_gets_the_same_pages(db, guest):
    assert told(guest.get("/admin/login/", HTTP_HOST="elsewhere.example")) == page_of(400)
    assert told(guest.post("/admin/login/", {f"f{number}": "" for number in range(1001)})) == page_of(400)


def test_too_many_requests_are_told_with_the_seconds_to_wait(member, settings):
    settings.RATE_LIMIT = 1
    member.get("/admin/")
    answer = member.get("/admin/")
    assert told(answer) == page_of(429)
    assert int(answer["Retry-After"]) >= 1


def test_a_nul_is_refused_without_the_database(guest):
    """No fixture opens the database: whoever asks it here fails."""
    assert told(guest.get("/admin/", HTTP_COOKIE=NUL)) == page_of(400)


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (ValueError("a defect"), 500, 500),
        (OperationalError("gone"), 503, 503),
        (OutcomeLost("gone at COMMIT"), 503, "outcome_unknown"),
    ],
)
def test_a_failure_is_a_page_with_the_number_of_the_request(member, monkeypatch, failure, status, words):
    def fail(request):
        raise failure

    monkeypatch.setattr(today, "today", fail)
    answer = member.get("/admin/", HTTP_X_REQUEST_ID="number-7")
    assert told(answer) == (status, WORDS[words][0])
    assert "number-7" in answer.content.decode()
    assert answer.get("Retry-After") == ("2" if words == 503 else None)


def test_a_form_from_an_earlier_sign_in_says_so_and_saves_nothing(salon):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(salon.admin)
    answer = submit(browser, f"{ORGANIZATIONS}{salon.organization.pk}/change/", name="Renamed", csrfmiddlewaretoken="x")
    assert told(answer) == (403, FORGED[0])
    assert Organization.objects.get(pk=salon.organization.pk).name == "Salon"


def test_the_simulators_page_says_so_without_leading_clients_to_the_admin(db, simulator):
    answer = Client(enforce_csrf_checks=True).post("/payments/simulator/x", {"outcome": "completed"})
    body = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert str(FORGED[0]) in body and Page(answer).links == ["#content-start"]


def test_the_api_keeps_to_problem_documents(salon, guest):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(salon.admin)
    assert problem(browser.post("/services", {})) == (403, "csrf_failed")
    assert problem(guest.get("/nothing")) == (404, "not_found")
    assert problem(guest.get("/users", HTTP_COOKIE=NUL)) == (400, "validation_error")
    token = {"HTTP_AUTHORIZATION": f"Bearer {token_for(salon.staff)}"}
    assert problem(guest.post("/services", {}, "application/json", **token)) == (403, "permission_denied")
