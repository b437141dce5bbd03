"""Everybody reads the pinned time zone rules: whatever the machine's files say, and never PostgreSQL's."""

import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from psycopg.sql import SQL

from appointments.availability import search
from appointments.tests.factories import always_at_work
from clientline import zones
from clientline.demo.serving import PROJECT
from clientline.tests.pages import submit
from organizations.models import Organization
from services.models import Service

# Rules that changed in 2026, asked for the next January.
CHANGED = {
    "America/Vancouver": "09:00:00-07:00",
    "America/Edmonton": "09:00:00-06:00",
    "America/Winnipeg": "09:00:00-05:00",
    "Africa/Casablanca": "09:00:00+00:00",
}
COMPUTING = [
    "SELECT now() AT TIME ZONE 'Europe/Berlin'",
    "SELECT timezone('Europe/Berlin', now())",
    "SELECT date_trunc('day', now(), 'Europe/Berlin')",
    "SELECT to_char(now(), 'HH24:MI')",
]


def test_free_times_are_those_of_the_pinned_rules(salon):
    always_at_work(salon.staff)
    salon.staff.working_hours.update(starts="09:00", ends="10:00")
    day, first = date(2027, 1, 15), {}
    for zone in CHANGED:
        Organization.objects.filter(pk=salon.organization.pk).update(timezone=zone, max_advance_days=1095)
        openings = search(
            service=Service.objects.get(pk=salon.service.pk),
            first_day=day,
            last_day=day,
            staff_ids=[salon.staff.pk],
            now=datetime(2027, 1, 4, tzinfo=UTC),
        )
        first[zone] = openings.slots[0][0].isoformat()
    assert first == {zone: f"2027-01-15T{clock}" for zone, clock in CHANGED.items()}


@pytest.mark.sweep
def test_neither_the_machine_nor_the_environment_brings_other_rules(tmp_path):
    (tmp_path / "America").mkdir()
    (tmp_path / "America/Vancouver").write_bytes(b"no rules at all")
    program = (
        "import clientline.settings, zoneinfo, datetime as d;"
        "print(d.datetime(2027, 1, 15, 9, tzinfo=zoneinfo.ZoneInfo('America/Vancouver')))"
    )
    environment = os.environ | {"PYTHONTZPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert ran.stdout == "2027-01-15 09:00:00-07:00\n", ran.stderr


def test_the_metrics_say_which_rules_are_in_force(db, settings, client):
    settings.METRICS_TOKEN = "a-token"
    text = client.get("/metrics", HTTP_AUTHORIZATION="Bearer a-token").content.decode()
    assert f'clientline_info{{version="{settings.VERSION}",tzdata="{zones.RULES}"}} 1\n' in text


@pytest.mark.sweep
def test_an_abbreviation_is_no_zone_to_choose_but_stays_where_it_is_stored(api, salon, operator):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    for name in ("CET", "EET", "MET", "WET"):
        answer = client.patch(path, {"timezone": name})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "timezone")
    Organization.objects.filter(pk=salon.organization.pk).update(timezone="CET")
    assert client.patch(path, {"timezone": "CET", "phone": "1"}).json()["phone"] == "1"
    assert Organization.objects.get(pk=salon.organization.pk).zone == ZoneInfo("CET")


@pytest.mark.sweep
def test_an_admin_page_keeps_a_stored_abbreviation_that_nobody_touched(client, salon):
    Organization.objects.filter(pk=salon.organization.pk).update(timezone="CET")
    client.force_login(salon.admin)
    saved = submit(client, f"/admin/organizations/organization/{salon.organization.pk}/change/", phone="1")
    assert saved.status_code == 302, saved.context["errors"]
    salon.organization.refresh_from_db()
    assert (salon.organization.phone, salon.organization.timezone) == ("1", "CET")


@pytest.mark.parametrize("sql", COMPUTING)
def test_a_test_that_let_postgresql_compute_a_local_time_would_fail(db, sql):
    with connection.cursor() as cursor, pytest.raises(AssertionError, match="compute a local time"):
        cursor.execute(sql)
    with pytest.raises(AssertionError, match="compute a local time"):
        connection.ask((sql, []))
    with connection.cursor() as cursor, pytest.raises(AssertionError, match="compute a local time"):
        cursor.copy(SQL("COPY ({}) TO STDOUT").format(SQL(sql)))


@pytest.mark.sweep
def test_no_code_lets_postgresql_compute_a_local_time():
    sources = [
        path for app in PROJECT.glob("*/") if not app.name.startswith((".", "var")) for path in app.rglob("*.py")
    ]
    sources = [path for path in sources if "tests" not in path.parts]
    assert len(sources) > 100
    found = [path for path in sources if re.search(r"timezone\s*\('|\bat\s+time\s+zone\b", path.read_text(), re.I)]
    assert found == []


def test_no_page_computes_a_local_time_in_the_browser():
    scripts = [path for path in (PROJECT / "clientline/static").rglob("*.js")]
    assert scripts
    found = [path for path in scripts if re.search(r"new Date\b|\bIntl\b|toLocale|getTimezoneOffset", path.read_text())]
    assert found == []
