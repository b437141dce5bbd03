"""What an operator counts on: safe settings, headers on every answer, limits, probes, counters, and no tracebacks."""

import logging
import os
import re
import sys
from importlib import reload

import orjson
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from clientline.database.refusals import read_refusal
from clientline.database.tests.test_refusals import refused_by_postgresql
from clientline.tests.copies import start_copy
from clientline.tests.problems import problem
from clientline.web import probes, rates
from clientline.web.headers import HEADERS
from clientline.web.logs import JSONFormatter, TextFormatter
from services.models import Service

PAGE = settings.BASE_DIR / "docs" / "operators" / "production.md"
PRODUCTION = re.search(r"```ini\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]


@pytest.fixture
def limited(settings, monkeypatch):
    """Three requests in a minute for each caller, five for each address."""
    settings.RATE_LIMIT, settings.RATE_LIMIT_BY_ADDRESS = 3, 5
    monkeypatch.setattr(rates.rates, "counts", {})


def test_django_finds_nothing_to_warn_of_in_the_documented_settings(tmp_path):
    documented = dict(line.split("=", 1) for line in PRODUCTION.splitlines())
    documented["SECRET_KEY"] = "Zt1qJ8s0o-Yw3kX5mB7vN9cL2dF4gH6jK8aS0pQ_wE1rT3yU5iO7uIz"
    process = start_copy(check_deployment, documented, tmp_path / "said")
    process.join(60)
    assert ((tmp_path / "said").read_text(), process.exitcode) == (
        "System check identified no issues (6 silenced).\n",
        0,
    )


def check_deployment(variables, path):
    """With the settings read anew, as a start would."""
    os.environ |= variables
    for name, value in vars(reload(sys.modules[settings.SETTINGS_MODULE])).items():
        if name.isupper():
            setattr(settings, name, value)
    with path.open("w") as said:
        call_command("check", deploy=True, fail_level="WARNING", stdout=said, stderr=said)


ANSWERS = {
    "/": 200,
    "/users": 401,
    "/nowhere": 404,
    "/users?x=%00": 400,
    "/admin/": 302,
    "/admin/login/": 200,
    "/admin/nowhere/": 302,
    "/static/admin/css/base.css": 200,
    "/static/nothing.css": 404,
    "/openapi.json": 200,
    "/favicon.ico": 302,
    "/payments/thanks": 200,
}


@pytest.mark.sweep
def test_every_answer_has_the_headers_that_keep_a_browser_safe(db, settings):
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    client = Client()
    for path, status in ANSWERS.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert {name: answer.get(name) for name in HEADERS} == HEADERS, path


def test_refusals_and_defects_have_them_too(salon, api, monkeypatch):
    monkeypatch.setattr(User, "may", lambda *args: 1 / 0)
    client = api(salon.admin)
    client.raise_request_exception = False
    answers = {
        413: client.post("/users", b"x" * 300_000, content_type="application/json"),
        400: client.get("/users", HTTP_HOST="elsewhere.example"),
        500: client.get(f"/appointments/{salon.visit.pk}/history"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert {name: answer.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_documentation_alone_may_style_itself(db, path):
    answer = Client().get(path)
    assert "style-src 'self' 'unsafe-inline'" in answer["Content-Security-Policy"]
    assert "'unsafe-inline'" not in HEADERS["Content-Security-Policy"]
    assert {name: answer.get(name) for name in HEADERS if name != "Content-Security-Policy"} == {
        name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"
    }


def test_browsers_are_sent_to_https_and_kept_there_and_probes_are_not(db, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31536000
    answer = Client().get("/users?x=1")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/users?x=1")
    assert [Client().get(path).status_code for path in ("/", "/live", "/ready")] == [200, 200, 200]
    assert Client().get("/admin/login/", secure=True)["Strict-Transport-Security"] == "max-age=31536000"


# Limits


@pytest.mark.sweep
def test_a_caller_who_calls_too_often_has_to_wait(salon, api, limited):
    program, again = api(salon.staff), api(salon.staff)
    assert [program.get("/auth/me").status_code for _ in range(3)] == [200, 200, 200]
    for client in (program, again):
        answer = client.get("/auth/me")
        assert problem(answer) == (429, "throttled")
        assert answer.json()["detail"] == "Too many requests. Try again later."
        assert 1 <= int(answer["Retry-After"]) <= 60
    assert api(salon.admin).get("/auth/me").status_code == 200


@pytest.mark.sweep
def test_strangers_share_the_limit_of_their_address(salon, limited):
    stranger = APIClient(REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Bearer guessed")
    assert [stranger.get("/users").status_code for _ in range(6)] == [401] * 5 + [429]
    assert problem(APIClient(REMOTE_ADDR="192.0.2.1").post("/auth/login", {})) == (429, "throttled")
    assert APIClient(REMOTE_ADDR="192.0.2.2").get("/users").status_code == 401
    assert [APIClient(REMOTE_ADDR="192.0.2.1").get(path).status_code for path in ("/", "/live", "/ready")] == [200] * 3


def test_a_refused_write_is_not_done(salon, api, limited):
    program = api(salon.admin)
    for _ in range(3):
        program.get("/auth/me")
    assert program.post("/services", {"name": "Too much"}).status_code == 429
    assert not Service.objects.filter(name="Too much").exists()


def test_the_wait_ends_with_the_minute(monkeypatch):
    clock = iter([100.0, 101.0, 102.0, 161.0])
    monkeypatch.setattr(rates, "monotonic", lambda: next(clock))
    counting = rates.Rates()
    assert [counting.seconds_to_wait("x", 1) for _ in range(4)] == [None, 59.0, 58.0, None]


# Probes and counters


def test_live_asks_no_database_and_ready_does(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Client(HTTP_AUTHORIZATION="Bearer x").get("/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert Client().get("/ready").json() == {
        "status": "ok",
        "tzdata": "2026.6",
        "visits_to_rezone": 0,
        "homes_in_doubt": 0,
    }


def test_a_server_whose_database_is_away_is_live_and_not_ready(db, monkeypatch):
    def away():
        raise OperationalError("away")

    monkeypatch.setattr(connection, "cursor", away)
    client = Client(HTTP_AUTHORIZATION="Bearer x")
    assert client.get("/live").status_code == 200
    answer = client.get("/ready")
    assert problem(answer) == (503, "unavailable")
    assert answer["Retry-After"] == "2"


def test_a_server_whose_database_only_reads_is_not_ready(db):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")  # as each is on a standby
    assert problem(Client().get("/ready")) == (503, "unavailable")
    assert [Client().get(path).status_code for path in ("/live", "/")] == [200, 200]


def test_a_server_ahead_of_its_tables_is_not_ready(db):
    probes.applied.clear()
    MigrationRecorder.Migration.objects.filter(app="payments").order_by("-name").first().delete()
    assert problem(Client().get("/ready")) == (503, "unavailable")


def test_the_counters_are_for_who_has_the_token(db, settings):
    assert problem(Client().get("/metrics")) == (404, "not_found")
    settings.METRICS_TOKEN = "a-token"
    for headers in ({}, {"HTTP_AUTHORIZATION": "Bearer another"}, {"HTTP_AUTHORIZATION": "a-token"}):
        answer = Client().get("/metrics", **headers)
        assert problem(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == "Bearer"


def counters():
    text = Client(HTTP_AUTHORIZATION="Bearer a-token").get("/metrics").content.decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_requests_are_counted_by_route_method_and_status(salon, api, settings):
    settings.METRICS_TOKEN = "a-token"
    client, before = api(salon.admin), counters()
    client.get(f"/users/{salon.client.pk}")
    client.get(f"/users/{salon.staff.pk}/")
    client.get("/users/999999999")
    client.generic("BREW", "/users")
    after = counters()
    grown = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    route = "/users/<id:pk>"
    assert grown[f'clientline_requests_total{{route="{route}",method="GET",status="200"}}'] == 2
    assert grown[f'clientline_requests_total{{route="{route}",method="GET",status="404"}}'] == 1
    assert grown['clientline_requests_total{route="/users",method="other",status="405"}'] == 1
    assert grown['clientline_refusals_total{code="not_found"}'] == 1
    assert grown[f'clientline_request_seconds_count{{route="{route}"}}'] == 3
    assert grown[f'clientline_request_seconds_bucket{{route="{route}",le="+Inf"}}'] == 3
    assert 0 < grown[f'clientline_request_seconds_sum{{route="{route}"}}'] < 10
    assert after["clientline_database_up"] == 1


# What the log says


def test_an_unknown_host_is_one_line_and_a_problem(db, caplog, capsys):
    answer = APIClient().get("/users", HTTP_HOST="elsewhere.example")
    assert problem(answer) == (400, "validation_error")
    [record] = [each for each in caplog.records if each.name.startswith("django.security")]
    assert record.exc_info is None


def test_a_missing_grant_is_told_to_the_operator(db, caplog):
    assert read_refusal(refused_by_postgresql("42501")).status == 403
    assert [record.levelname for record in caplog.records if record.name == "clientline.database.refusals"] == ["ERROR"]


def test_what_django_logs_after_a_request_is_over_still_names_it(db):
    """It says so of every answer of 400 and up, when nothing of ours is under way any more."""
    answer = Client().get("/nowhere", headers={"X-Request-ID": "a-1"})
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 0, "Not Found", (), None)
    record.request = answer.wsgi_request
    assert TextFormatter().format(record).endswith(" WARNING django.request Not Found [a-1]")
    assert orjson.loads(JSONFormatter().format(record))["request_id"] == "a-1"
