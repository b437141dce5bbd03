"""Every migration since version 0.1 can be taken back and made again, with rows in the tables."""

import os
import re
import secrets
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from clientline.demo.serving import write_database_url
from clientline.postgres.dumps import find_postgres_program

pytestmark = [pytest.mark.whole, pytest.mark.faults]

# What version 0.1 had.
FIRST_VERSION = {
    "reach": "zero",
    "cells": "zero",
    "payments": "0005",
    "appointments": "0006",
    "services": "0002",
    "accounts": "0006",
    "organizations": "0004",
}
KEPT = {  # what is the same after the way back and forth
    "organizations": "id, name, email, timezone, currency, slot_interval",
    "users": "id, name, phone, role, is_active",
    "services": "id, name, duration, price",
    "working_hours": "id, staff_id, weekday, starts, ends",
    "time_off": "id, staff_id, starts_at, ends_at",
    "appointments": "id, client_id, staff_id, appointment_date, ends_at, status, price, local_start",
    "payments": "id, appointment_id, amount, settled_at, receipt_number",
    "refunds": "id, payment_id, amount, status",
    "appointment_history": "id, appointment_id, at, action, was, became",
}


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """DATABASE_URL and parameters of a database of the present version, with the demo's rows."""
    with django_db_blocker.unblock():
        parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    server = {name: parameters[name] for name in known if parameters.get(name)}
    name = f"backward_{secrets.token_hex(4)}"
    with psycopg.connect(**server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
        database = server | {"dbname": name}
        url = write_database_url(database)
        manage(url, "migrate", "--verbosity=0")
        manage(url, "seed_demo", "--appointments=1500", "--verbosity=0")
        yield url, database
        link.execute(f"DROP DATABASE {name}")


def manage(url, *arguments):
    """What a command said that went well."""
    told = try_to_manage(url, *arguments)
    assert told.returncode == 0, f"{arguments}: {told.stdout}{told.stderr}"
    return told.stdout


def try_to_manage(url, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SECRET_KEY": "a-key", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def read_schema(database):
    """All that pg_dump writes about tables, constraints, functions, triggers, policies and grants, in one order."""
    told = subprocess.run(
        [find_postgres_program("pg_dump"), "--schema-only", "--no-owner", f"--dbname={database['dbname']}"],
        env=os.environ | {"PGHOST": str(database["host"]), "PGPORT": str(database["port"]), "PGUSER": database["user"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    statements = re.split(r";\n\n", re.sub(r"--.*\n|\\(un)?restrict .*\n", "", told))
    # A column that is added again stands behind the others.
    return sorted("\n".join(sorted(line.strip(" ,") for line in each.splitlines() if line)) for each in statements)


def read_rows(database):
    with psycopg.connect(**database) as link:
        return {
            table: link.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
            for table, columns in KEPT.items()
        }


def test_all_migrations_since_the_first_version_go_back_and_forth_with_rows(filled):
    url, database = filled
    with psycopg.connect(**database) as link:
        link.execute(OVER)
    schema, rows = read_schema(database), read_rows(database)
    assert all(rows.values()), "each table has rows to lose"
    for app, migration in FIRST_VERSION.items():
        manage(url, "migrate", app, migration, "--verbosity=0")
    manage(url, "migrate", "--verbosity=0")
    assert read_schema(database) == schema
    rows["working_hours"].pop(0)  # they were over, and would hold again
    assert read_rows(database) == rows
    manage(url, "check_invariants")


OVER = "UPDATE working_hours SET valid_until = current_date - 2 WHERE id = (SELECT min(id) FROM working_hours)"
# What version 0.1 cannot hold.
NIGHT = "UPDATE working_hours SET starts = '18:00', ends = '02:00' WHERE id = (SELECT max(id) FROM working_hours)"
VOID = """
    UPDATE payments SET status = 'failed', voided_at = settled_at WHERE id = (
        SELECT max(id) FROM payments WHERE status = 'completed' AND payment_method = 'cash'
            AND id NOT IN (SELECT payment_id FROM refunds)
    )
"""


def read_former_numbers(database):
    with psycopg.connect(**database) as link:
        return link.execute("SELECT id, former_number FROM payments ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("app", "newer", "reason"),
    [
        ("appointments", NIGHT, "Hours over midnight"),
        ("payments", VOID, "payment_settled_has_its_time"),
    ],
)
def test_what_the_first_version_cannot_hold_is_refused_and_forward_again_nothing_is_lost(filled, app, newer, reason):
    url, database = filled
    with psycopg.connect(**database) as link:
        link.execute(newer)
    schema, rows, former = read_schema(database), read_rows(database), read_former_numbers(database)
    told = try_to_manage(url, "migrate", app, FIRST_VERSION[app], "--verbosity=0")
    assert (told.returncode, reason in told.stderr) == (1, True), told.stderr
    manage(url, "migrate", "--verbosity=0")
    assert (read_schema(database), read_rows(database)) == (schema, rows)
    if app == "payments":  # of the other app, the columns of payments were gone already
        assert read_former_numbers(database) == former
    manage(url, "check_invariants")
