"""Two servers with two sets of time zone rules on one database, and the times agreed before anybody kept them."""

import os
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzdata
from django.apps import apps
from django.conf import settings
from django.db import connection

from accounts.tests.factories import token_for
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline import zones
from clientline.demo.serving import PROJECT, Gunicorn, write_database_url

VANCOUVER_IN_2025 = "PST8PDT,M3.2.0,M11.1.0"
BACKFILL = import_module("appointments.migrations.0008_agreed_times_of_old_visits")


def rules_file(footer):
    """A minimal TZif of version 2: no transitions, one type of local time, and a footer that says all."""
    head = b"TZif2" + bytes(15)
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    types = struct.pack(">lbb", -8 * 3600, 0, 0) + b"PST\0"
    return (head + counts + types) * 2 + f"\n{footer}\n".encode()


@pytest.fixture
def old_rules(tmp_path):
    """The environment of a process whose package `tzdata` knows Vancouver as it was in 2025."""
    package = tmp_path / "tzdata"
    zone = package / "zoneinfo/America/Vancouver"
    zone.parent.mkdir(parents=True)
    zone.write_bytes(rules_file(VANCOUVER_IN_2025))
    for folder in (package / "zoneinfo/America", package / "zoneinfo"):
        (folder / "__init__.py").touch()
    (package / "__init__.py").write_text('__version__, IANA_VERSION = "2025.2", "2025b"\n')
    (package / "zones").write_text("America/Vancouver\nUTC\n")
    utc = Path(tzdata.__file__).with_name("zoneinfo") / "UTC"
    (package / "zoneinfo/UTC").write_bytes(utc.read_bytes())
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def environment(transactional_db):
    return {"DATABASE_URL": write_database_url(connection.get_connection_params()), "SECRET_KEY": settings.SECRET_KEY}


def rezone(environment, *arguments):
    program = [sys.executable, "manage.py", "rezone", *arguments]
    return subprocess.run(program, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True)


@pytest.mark.whole  # test_rezoning.py asks the same of rows, test_one_set_of_rules.py of a process
def test_booked_by_old_rules_a_visit_keeps_the_time_agreed_by_new_ones(environment, old_rules, salon):
    salon.organization.timezone = "America/Vancouver"
    salon.organization.save()
    Appointment.objects.update(status="completed")
    always_at_work(salon.staff)
    token, path = token_for(salon.admin), "/appointments"
    body = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    with Gunicorn(environment | old_rules, "--workers=1") as server:
        assert server.call("GET", "/").body["tzdata"] == "2025.2"
        booked = server.call("POST", path, token=token, body=body | {"appointment_date": "2035-01-15T16:00:00-08:00"})
        assert (booked.status, booked.body["appointment_date"]) == (201, "2035-01-15T16:00:00-08:00")
    pk = booked.body["id"]
    assert rezone(environment | old_rules, "--dry-run").returncode == 0
    with Gunicorn(environment, "--workers=1") as server:
        assert server.call("GET", f"{path}/{pk}", token=token).body["appointment_date"] == "2035-01-15T17:00:00-07:00"
        [fact] = server.call("GET", f"{path}/{pk}/history", token=token).body["results"]
        assert (fact["action"], fact["to"]) == ("booked", "2035-01-15T16:00:00-08:00")
    named = rezone(environment, "--dry-run")
    assert (named.returncode, named.stdout.splitlines()[0]) == (
        1,
        f"{pk}  agreed 2035-01-15 16:00  Salon: Salon client, Salon staff: would move",
    )
    assert rezone(environment).returncode == 0
    visit = Appointment.objects.get(pk=pk)
    assert visit.appointment_date == datetime(2035, 1, 15, 23, tzinfo=UTC)
    assert visit.local_start == datetime(2035, 1, 15, 16)  # noqa: DTZ001


def test_old_visits_get_the_time_that_the_machines_own_files_showed(salon, tmp_path, monkeypatch):
    (tmp_path / "America").mkdir()
    (tmp_path / "America/Vancouver").write_bytes(rules_file(VANCOUVER_IN_2025))
    monkeypatch.setattr(zones, "MACHINE_TZPATH", (str(tmp_path),))
    salon.organization.timezone = "America/Vancouver"
    salon.organization.save()
    starts = [datetime(2035, month, 15, 20, tzinfo=UTC) for month in (1, 7, 12)]
    visits = [
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
        for start in starts
    ]
    Appointment.objects.update(local_start=None)
    with connection.schema_editor() as editor:
        BACKFILL.fill(apps, editor)
    found = [Appointment.objects.get(pk=visit.pk).local_start.hour for visit in visits]
    assert found == [12, 13, 12]
    berlin = Appointment.objects.exclude(organization=salon.organization).first()
    assert berlin.local_start == zones.read_wall_clock(berlin.appointment_date, berlin.organization.zone)
    assert not Appointment.objects.filter(local_start=None).exists()


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_spans_tell_the_offset_of_every_hour(name):
    zone, begin = ZoneInfo(name), datetime(2024, 1, 1, 0, 30, tzinfo=UTC)
    end = begin + timedelta(days=500)
    spans = list(zones.split_by_offset(zone, begin, end))
    assert [spans[0][0], *(close for _, close, _ in spans)] == [*(start for start, _, _ in spans), end]
    for start, close, offset in spans:
        hours = (start + timedelta(hours=n) for n in range((close - zones.SECOND - start) // timedelta(hours=1) + 1))
        assert {each.astimezone(zone).utcoffset() for each in (*hours, close - zones.SECOND)} == {offset}, start
