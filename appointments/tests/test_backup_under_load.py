"""A backup made while people book, and all else destroyed: it has everything from before it, and nothing half."""

import re
import shutil

import pytest

from appointments.tests.load import CALLERS, ONCE_EACH, Load

# What a backup brings back is asked in clientline/postgres/tests/test_db_command.py in every `make test`.
pytestmark = [pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("house")]
COPY = re.compile(r"^COPY public\.(\w+) .*\n((?:.*\n)*?)\\\.$", re.MULTILINE)


def rows_in_dump(house, path):
    """How many rows the backup has of each table."""
    text = house.program("pg_restore", "--data-only", "--file=-", path)
    return {table: rows.count("\n") for table, rows in COPY.findall(text)}


def rows_in_database(house, tables):
    with house.connect() as connection:
        counts = ((table, connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables)
        return dict(counts)


def test_a_backup_under_load_brings_everything_back(house, server, tmp_path):
    path = tmp_path / "all.dump"
    with Load(server, house, rest=0.5) as load:
        before = list(load.done)
        house.manage("audit_seal")
        house.manage("db", "backup", path)
        load.wait_for_bookings(CALLERS)
    assert load.refusals == {}

    house.cluster.stop()
    shutil.rmtree(house.cluster.directory)
    house.manage("db", "restore", path, "--noinput")

    assert "BROKEN" not in house.manage("check_invariants")
    snapshot, effects = rows_in_dump(house, path), house.effects()
    assert snapshot["appointments"] > len(before) > 0
    assert rows_in_database(house, snapshot) == snapshot
    assert {key: effects.get(key) for key in before} == dict.fromkeys(before, ONCE_EACH)
    assert set(effects.values()) <= {ONCE_EACH, (1, 1, 0)}  # booked, and not yet paid
    assert set(load.tried) - effects.keys()  # the last were booked when the backup was done

    # Whoever was answered, before the backup or after it, may ask again, and finds it done once.
    asked_again = [*load.tried[:CALLERS], *load.tried[-CALLERS:]]
    for key in asked_again:
        load.book_and_pay(int(key.removeprefix("key ")))
    effects = house.effects()
    assert {key: effects.get(key) for key in asked_again} == dict.fromkeys(asked_again, ONCE_EACH)
