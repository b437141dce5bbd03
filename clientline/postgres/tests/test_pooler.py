"""PgBouncer that pools transactions: every request lands on whatever connection is free, and nobody notices."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from accounts.tests.factories import token_for
from clientline.demo.serving import PROJECT, write_database_url
from clientline.postgres import launcher, pooler
from clientline.postgres.backend.base import DatabaseWrapper
from clientline.postgres.cluster import Cluster
from clientline.tests.first_start import free_port
from clientline.tests.served_copies import CopiedGunicorn
from clientline.web.tests.test_server import wait_for

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
PROGRAM = shutil.which("pgbouncer", path=PATH)
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed: apt install pgbouncer"),
]
CALLERS = 8  # who share the threads of a worker, and these what the pooler has of connections
CONFIGURATION = """
[databases]
* = {place}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
"""


class Pooler:
    """PgBouncer before the database of the tests."""

    def __init__(self, directory):
        self.directory, self.port = directory, free_port()
        self.log = directory / "pgbouncer.log"
        self.parameters = connection.get_connection_params() | {"host": "127.0.0.1", "port": self.port}

    def __enter__(self):
        own = connection.get_connection_params()
        place = " ".join(f"{name}={own[name]}" for name in ("host", "port", "user", "password") if own.get(name))
        (self.directory / "pgbouncer.ini").write_text(CONFIGURATION.format(place=place, port=self.port))
        # It refuses root, as PostgreSQL does.
        identity = Cluster(self.directory)._choose_identity() if os.getuid() == 0 else "caller"
        command = [
            sys.executable,
            "-I",
            "-S",
            launcher.__file__,
            identity,
            self.directory,
            "",
            PROGRAM,
            "pgbouncer.ini",
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stderr=log)
        try:
            wait_for(self.answers)
        except AssertionError as error:
            self.__exit__()
            raise AssertionError(self.log.read_text()) from error
        return self

    def __exit__(self, *exception):
        self.process.kill()  # from 1.23 on, SIGTERM waits until the last client has gone
        self.process.wait()

    def answers(self):
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self):
        names = ("host", "port", "user", "dbname")
        return psycopg.connect(
            **{name: self.parameters[name] for name in names}, autocommit=True, prepare_threshold=None
        )

    def environment(self):
        address, key = write_database_url(self.parameters), settings.SECRET_KEY
        return {"DATABASE_URL": address, "DATABASE_POOLER": "transaction", "SECRET_KEY": key, "RATE_LIMIT": "0"}


@pytest.fixture
def bouncer(transactional_db, tmp_path):
    with Pooler(tmp_path) as bouncer:
        yield bouncer


class Member:
    """Somebody of one organization who asks for a bit of everything, and what came of it."""

    def __init__(self, server, cast):
        self.server, self.cast, self.token = server, cast, token_for(cast.admin)
        self.statuses, self.foreign = Counter(), []
        self.day = f"{cast.visit.appointment_date:%F}"

    def work(self, number):
        for n in range(number):
            method, path, body = self.choose(n)
            answer = self.server.call(method, path, token=self.token, body=body)
            self.statuses[method, answer.status] += 1
            rows = answer.body.get("results", [answer.body]) if method == "GET" and "availability" not in path else []
            self.foreign += [row for row in rows if row.get("organization") != self.cast.organization.pk]

    def choose(self, n):
        cast = self.cast
        free = f"/availability?service={cast.service.pk}&from={self.day}&to={self.day}"
        return (
            ("GET", "/users?limit=100", None),
            ("GET", f"/users/{cast.client.pk}", None),
            ("GET", "/appointments?limit=100", None),
            ("GET", f"/appointments/{cast.visit.pk}", None),
            ("GET", free, None),
            ("GET", "/payments?limit=100", None),
            ("POST", "/services", {"name": f"{n} of {self.token[:11]}"}),
            ("PATCH", f"/users/{cast.client.pk}", {"phone": f"0664 {n:07}"}),
            ("GET", "/services?limit=100&ordering=-created_at", None),
            ("POST", "/appointments", self.visit(n)),
        )[n % 10]

    def visit(self, n):
        cast = self.cast
        people = {"client": cast.client.pk, "staff": cast.staff.pk, "service": cast.service.pk}
        return people | {"appointment_date": f"2027-{1 + n % 12:02}-{1 + n % 28:02}T{n % 24:02}:00:00Z"}


def test_callers_of_two_organizations_meet_no_error_and_nobody_elses_rows(
    bouncer, salon, clinic, everything, django_db_blocker
):
    each = 1250 if everything else 10  # 10,000 requests altogether, or one of each kind
    workers = f"--workers={2 if everything else 1}"
    with CopiedGunicorn(django_db_blocker.unblock, workers, place=behind(bouncer, "transaction")) as server:
        members = [Member(server, cast) for cast in (salon, clinic) for _ in range(CALLERS // 2)]
        with ThreadPoolExecutor(CALLERS) as threads:
            list(threads.map(lambda member: member.work(each), members))
        wait_for(lambda: pooler.TOLD.format("transaction") in server.output)
    statuses = sum((member.statuses for member in members), Counter())
    assert {status for _, status in statuses} == {200, 201, 409}, statuses
    assert statuses.total() == CALLERS * each
    assert [row for member in members for row in member.foreign] == []
    assert left_behind(bouncer) == {("", "none", "0", '"$user", public')}


@pytest.fixture
def empty_database(bouncer):
    """The environment of a database behind the pooler in which nothing is yet."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)} TEMPLATE template0")
    bouncer.parameters["dbname"] = name
    try:
        yield bouncer.environment()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")


@pytest.mark.whole
def test_a_database_is_migrated_through_the_pooler_from_nothing_and_again(empty_database):
    def manage(*command):
        asked = [sys.executable, "manage.py", *command]
        return subprocess.check_output(asked, cwd=PROJECT, env=os.environ | empty_database, text=True)

    assert "Applying accounts.0001_initial... OK" in manage("migrate")
    assert "No migrations to apply." in manage("migrate")
    assert "BROKEN" not in manage("check_invariants")


def left_behind(bouncer):
    """What the pooler's connections have kept of what was set on them."""
    asked = ("clientline.organization_id", "role", "statement_timeout", "search_path")
    columns = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in asked)
    links = [bouncer.connect() for _ in range(10)]
    try:
        return {link.execute(f"SELECT {columns}").fetchone() for link in links for _ in range(10)}
    finally:
        for link in links:
            link.close()


def behind(bouncer, told):
    return {"HOST": "127.0.0.1", "PORT": bouncer.port, "EMBEDDED_DATA": None, "POOLER": told}


@contextmanager
def connected(bouncer, told):
    """As ClientLine connects through the pooler, with DATABASE_POOLER as `told`."""
    wrapper = DatabaseWrapper(connection.settings_dict | behind(bouncer, told), alias=connection.alias)
    try:
        yield wrapper
    finally:
        wrapper.close()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", (pooler.UNTOLD, True)),
        ("session", (pooler.TOLD.format("session"), False)),
        ("transaction", (pooler.TOLD.format("transaction"), False)),
    ],
)
def test_a_pooler_is_found_whatever_is_said_of_it(bouncer, told, expected):
    with connected(bouncer, told) as wrapper:
        assert pooler.look_for_pooler(wrapper) == pooler.Pooler(*expected)


@pytest.mark.parametrize(
    ("told", "expected"), [("", None), ("session", pooler.Pooler(pooler.MISSING.format("session"), is_wrong=True))]
)
def test_a_pooler_that_is_not_there_is_missed_where_one_is_expected(db, monkeypatch, told, expected):
    monkeypatch.setitem(connection.settings_dict, "POOLER", told)
    assert pooler.look_for_pooler(connection) == expected


def test_nothing_is_prepared_and_nothing_sent_ahead(bouncer):
    with connected(bouncer, "transaction") as wrapper:
        for _ in range(20):
            assert wrapper.ask(("SELECT %s::int", [1]), ("SELECT %s::int", [2])) == [[(1,)], [(2,)]]
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements")
            assert cursor.fetchone() == (0,)
