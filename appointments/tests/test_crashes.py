"""Killed under load: what was answered 201 stays, the service heals by itself, and nobody sees a 500."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from clientline.embedded_postgres import Cluster
from clientline.tests.serving import PROJECT, Gunicorn

CALLERS = 8
FIRST_SLOT = datetime(2027, 1, 1, tzinfo=UTC)
PREPARE = """
import json
from django.core.management import call_command
from accounts.tests.factories import token_for
from conftest import make_cast

call_command("migrate", verbosity=0)
salon = make_cast("Salon")
people = {name: getattr(salon, name).pk for name in ("client", "colleague", "service")}
print(json.dumps(people | {"token": token_for(salon.admin)}))
"""


@pytest.fixture(scope="module")
def house():
    """A database server that only these tests use and kill, with a salon in it."""
    with tempfile.TemporaryDirectory(prefix="clientline-") as data:
        cluster = Cluster(data)
        environment = {"CLIENTLINE_DATA": data, "DATABASE_URL": "", "SECRET_KEY": "of this test"}
        command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", PREPARE]
        try:
            salon = subprocess.check_output(command, cwd=PROJECT, env=os.environ | environment)
            yield SimpleNamespace(cluster=cluster, environment=environment, **json.loads(salon))
        finally:
            cluster.stop()


@pytest.fixture
def server(house):
    with Gunicorn(house.environment, "--workers=2") as server:
        yield server
        sys.stderr.write(server.output)  # shown when the test fails


class Load:
    """Callers who book one free slot after the other, and note what they are told, until the block ends."""

    slots = itertools.count()

    def __init__(self, server, house):
        self.server, self.house = server, house
        self.booked, self.refusals, self.cuts = [], [], 0
        self.over = threading.Event()
        self.callers = [threading.Thread(target=self.book_on) for _ in range(CALLERS)]

    def __enter__(self):
        for caller in self.callers:
            caller.start()
        self.wait_for_bookings(CALLERS)
        return self

    def __exit__(self, *exception):
        self.over.set()
        for caller in self.callers:
            caller.join()

    def book_on(self):
        people = {"client": self.house.client, "staff": self.house.colleague, "service": self.house.service}
        while not self.over.is_set():
            start = FIRST_SLOT + timedelta(minutes=30) * next(self.slots)
            body = people | {"appointment_date": start.isoformat()}
            try:
                answer = self.server.call("POST", "/appointments", token=self.house.token, body=body)
            except (ConnectionError, http.client.HTTPException):
                self.cuts += 1
                continue
            if answer.status == 201:
                self.booked.append(answer.body["id"])
            else:
                self.refusals.append((answer.status, answer.body["code"], answer.headers["Retry-After"]))

    def wait_for_bookings(self, more):
        aim = len(self.booked) + more
        wait_until(lambda: len(self.booked) >= aim)


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def stored(house):
    """The ids of all visits in the database."""
    host = str(house.cluster.ensure_running())
    with psycopg.connect(host=host, port=5432, user="clientline", dbname="clientline") as connection:
        return {pk for (pk,) in connection.execute("SELECT id FROM appointments")}


def test_a_killed_worker_loses_no_booking_and_is_replaced(house, server):
    with Load(server, house) as load:
        os.kill(server.workers[0], signal.SIGKILL)
        wait_until(lambda: len(server.workers) == 3)
        load.wait_for_bookings(5 * CALLERS)

    assert load.refusals == []
    assert load.cuts > 0
    assert set(load.booked) <= stored(house)


def test_a_killed_database_loses_no_booking_and_is_started_again(house, server):
    killed = house.cluster.status().pid
    with Load(server, house) as load:
        os.kill(killed, signal.SIGKILL)
        load.wait_for_bookings(5 * CALLERS)

    assert set(load.refusals) == {(503, "unavailable", "2")}
    assert load.cuts == 0
    assert set(load.booked) <= stored(house)
    assert house.cluster.status().pid != killed


def test_without_a_database_callers_are_told_to_come_back(house, server):
    house.cluster.stop()
    made_by = house.cluster.directory / "PG_VERSION"
    version = made_by.read_text()
    made_by.write_text("9\n")  # which our programs refuse, so that it does not start
    health, users = server.call("GET", "/"), server.call("GET", "/users", token=house.token)
    made_by.write_text(version)

    assert (health.status, health.body["status"], health.headers["Retry-After"]) == (503, "unavailable", "2")
    assert (users.status, users.body["code"], users.headers["Retry-After"]) == (503, "unavailable", "2")
    assert users.headers["Content-Type"] == "application/problem+json"
    assert server.call("GET", "/").body["status"] == "ok"
    assert server.call("GET", "/users", token=house.token).status == 200
