"""The database of the tests: a server of their own that need not last, a template that is migrated once, a copy each.

Where DATABASE_URL names a server, that one is used, and every worker migrates by itself. Tests about durability
start servers of their own, as the product ships them.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from psycopg import sql

from clientline.demo.serving import PROJECT, write_database_url
from clientline.postgres.cluster import PORT, ROLE, SUPERUSER, Cluster

# A crash of the machine may cost this cluster, which is made again in two seconds.
HASTE = """
fsync = off
full_page_writes = off
synchronous_commit = off
checkpoint_timeout = 1h
max_wal_size = 4GB
"""
# What the shape and the first rows of a database come from: not what apps do with them.
SOURCES = ("*/migrations/*.py", "clientline/**/*.py", "requirements.txt")
FILLED_BY_MIGRATING = ["django_content_type", "auth_permission", "django_migrations"]
TABLES = """
SELECT array_agg(oid::regclass::text), max(pg_relation_size(oid)) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname != ALL(%s)
"""
MANY_BYTES = 4 * 2**20  # in a table, from which on its rows are not worth deleting one by one


class Server:
    """A private PostgreSQL beside the developer's own, without anything that makes rows survive a crash.

    Under a shifted clock it is another one, as it has to start under that clock, too.
    """

    def __init__(self, data):
        self.data = Path(data) / ("shifted" if "DATEFUDGE" in os.environ else "tests")
        self.cluster = Cluster(self.data)

    def template(self):
        """The name of a database in which all migrations have run; made anew when its sources have changed."""
        with self.alone():
            self.start()
            name = f"template_{fingerprint()}"
            if (name,) not in self.ask("SELECT datname FROM pg_database"):
                self.make(name)
        return name

    @contextmanager
    def alone(self):
        """One worker at a time."""
        self.data.mkdir(parents=True, exist_ok=True)
        with open(self.data / "template.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start(self):
        if not self.cluster.exists:
            self.cluster._create()
            self.hasten()
        if abs(self.ask("SELECT clock_timestamp()")[0][0] - timezone.now()) > timedelta(seconds=1):
            self.cluster.stop()  # it was started under another clock
            self.cluster.ensure_running()

    def hasten(self):
        with open(self.cluster.directory / "postgresql.conf", "a") as config:
            config.write(HASTE)

    def make(self, name):
        for (old,) in self.ask("SELECT datname FROM pg_database WHERE starts_with(datname, 'template_')"):
            self.ask(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
        self.ask("DROP DATABASE IF EXISTS draft")
        self.ask("CREATE DATABASE draft")
        address = write_database_url(
            {"host": self.cluster.ensure_running(), "port": PORT, "user": ROLE, "dbname": "draft"}
        )
        own = {"DATABASE_URL": address, "SECRET_KEY": "of the tests"}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=PROJECT, env=os.environ | own, check=True)
        self.ask(sql.SQL("ALTER DATABASE draft RENAME TO {}").format(sql.Identifier(name)))

    def ask(self, statement):
        address = {"host": str(self.cluster.ensure_running()), "port": PORT, "user": ROLE, "dbname": ROLE}
        with psycopg.connect(**address, autocommit=True) as link:
            answer = link.execute(statement)
            return answer.fetchall() if answer.description else []


def fingerprint():
    digest = hashlib.sha256(django.get_version().encode())
    for path in sorted({path for pattern in SOURCES for path in PROJECT.glob(pattern)}):
        if "tests" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    if settings.EMBEDDED_DATA:
        server = Server(settings.EMBEDDED_DATA)
        connection.settings_dict["TEST"]["TEMPLATE"] = server.template()
        connection.settings_dict["EMBEDDED_DATA"] = server.data


END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EMPTIED = ["appointments", "appointment_history", "audit", "payments", "refunds", "seals"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The database as migrated, but for the triggers that refuse TRUNCATE: tests empty all tables at their end."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in EMPTIED:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_are_never_emptied ON {table}")
    yield
    with django_db_blocker.unblock():
        sweeper.end_others()
    sweeper.close()


class Sweeper:
    """Empties all tables: instead of `flush`, which makes all content types and permissions again, and takes longer.

    TRUNCATE makes the files of 42 tables and all their indexes anew, which takes a server 70 ms. Where it is our own,
    its superuser deletes the few rows that there are, in 5 ms.
    """

    link = None

    def sweep(self):
        with connection.cursor() as cursor:
            cursor.execute(TABLES, [FILLED_BY_MIGRATING])
            tables, most = cursor.fetchone()
            # In a transaction, only the connection that has it can end its rows.
            if not settings.EMBEDDED_DATA or most > MANY_BYTES or connection.in_atomic_block:
                cursor.execute(f"TRUNCATE {', '.join(tables)}")
                return
        self.connect().execute("; ".join(deletion(tables)))

    def end_others(self):
        """Whoever still has a session, as servers in threads do: to drop the database would wait for them, and fail."""
        if settings.EMBEDDED_DATA:
            self.connect().execute(END_OTHERS)

    def connect(self):
        params = connection.get_connection_params()
        address = {name: params[name] for name in ("host", "port", "dbname")}
        if self.link is None or self.link.closed or self.link.info.dbname != address["dbname"]:
            self.close()
            self.link = psycopg.connect(**address, user=SUPERUSER, autocommit=True)
        return self.link

    def close(self):
        if self.link is not None:
            self.link.close()


def deletion(tables):
    """What one query asks, and so one transaction."""
    # Whoever still writes is waited for, as TRUNCATE would: what comes after would meet the next test.
    yield f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE"
    yield "SET LOCAL session_replication_role = replica"  # neither foreign keys nor triggers have a say
    for table in tables:
        yield f"DELETE FROM {table}"


sweeper = Sweeper()


def empty_tables(case):
    sweeper.sweep()


TransactionTestCase._fixture_teardown = empty_tables
# Constraints are checked at once, see `clientline.postgres.backend`: two statements less at the end of each test.
TestCase._should_check_constraints = lambda self, connection: False
