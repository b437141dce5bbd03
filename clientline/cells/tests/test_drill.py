"""What was archived comes back as it was in a named second, and the drill says so, or what is wrong."""

import re
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from clientline.cells.drill import Drill, DrillFailed, Snapshot, _compare
from clientline.postgres import archive
from clientline.postgres.cluster import PORT, Cluster

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]
ADD_ORGANIZATION = "INSERT INTO organizations (name, email) VALUES ('Salon', 'office@salon.example')"
ADD_SERVICE = """
INSERT INTO services (organization_id, name, duration, price)
SELECT id, gen_random_uuid()::text, 5, 1 FROM organizations
"""


@pytest.fixture(scope="module")
def archived(first):
    """A server that archives, and the directory where to."""
    with tempfile.TemporaryDirectory(prefix="clientline-") as data, tempfile.TemporaryDirectory() as directory:
        shutil.copytree(first.copy / "postgres", Path(data, "postgres"))
        cluster = Cluster(data)
        try:
            ask(cluster, ADD_ORGANIZATION)
            base = archive.start_archiving(cluster, Path(directory))
            assert base.parent == Path(directory)
            yield cluster, Path(directory)
        finally:
            cluster.stop()


@pytest.fixture
def drill(archived, settings):
    """`drill(*arguments)` is what the command says."""
    cluster, directory = archived
    settings.EMBEDDED_DATA = cluster.data

    def drill(*arguments):
        out = StringIO()
        call_command("db", "drill", str(directory), *arguments, stdout=out)
        return out.getvalue()

    return drill


def ask(cluster, statement):
    place = {"host": str(cluster.ensure_running()), "port": PORT, "user": "clientline", "dbname": "clientline"}
    with psycopg.connect(**place) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def count_services(cluster):
    return ask(cluster, "SELECT count(*) FROM services")[0]


def test_a_named_second_comes_back_with_the_counts_that_it_had(archived, drill):
    cluster, _ = archived
    ask(cluster, ADD_SERVICE)
    time.sleep(1.1)
    second, rows = datetime.now(UTC), count_services(cluster)
    for _ in range(3):
        ask(cluster, ADD_SERVICE)
    said = drill("--to", second.isoformat())
    assert f"to {second.isoformat()} in" in said
    assert "Without this machine, the last " in said
    assert f"\n  services {rows}\n" in said
    assert count_services(cluster) == rows + 3
    assert not list(cluster.data.glob("drill-*"))


@pytest.mark.whole  # a named second comes back above, and what is compared with now is below
def test_now_comes_back_whole_and_what_would_be_lost_is_said(archived, drill):
    cluster, _ = archived
    ask(cluster, ADD_SERVICE)
    said = drill()
    assert "Without this machine, the last " in said
    assert f"\n  services {count_services(cluster)}\n" in said


NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
BEFORE, AFTER = Snapshot({"services": 2}, NOON), Snapshot({"services": 4}, NOON + timedelta(seconds=2))


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_what_was_there_around_its_second_is_whole(rows):
    _compare(Snapshot({"services": rows}, NOON), [BEFORE, AFTER])


@pytest.mark.parametrize(
    "found, says",
    [
        (Snapshot({"services": 1}, NOON), "services has 1 rows, and had 2"),
        (Snapshot({"services": 5}, NOON), "services has 5 rows, and had 2"),
        (Snapshot({"services": 2}, NOON - timedelta(seconds=1)), "The newest change is of 2026-11-29 11:59:59"),
        (Snapshot({"services": 2}, None), "The newest change is of None"),
    ],
)
def test_rows_that_are_lost_or_too_many_are_found(found, says):
    with pytest.raises(DrillFailed, match=says):
        _compare(found, [BEFORE, AFTER])


def test_what_is_restored_is_compared_with_what_was_there_around_now(archived, tmp_path, settings, monkeypatch):
    """Of a restore that brings back nothing, where none is made."""
    cluster, directory = archived
    settings.EMBEDDED_DATA = cluster.data
    asked = []
    monkeypatch.setattr(Drill, "_restore", lambda self, live, target, expected: asked.append(expected))
    Drill(directory, tmp_path, print).rehearse(None)
    [(before, after)] = asked
    assert before.counts["services"] == after.counts["services"] == count_services(cluster)


@pytest.mark.parametrize(
    "target, says",
    [
        ("2026-11-29T12:00:00", "write it with its offset"),
        ("yesterday", "write it with its offset"),
        ("2026-11-29T24:00:00+01:00", "write it with its offset"),
        ("2001-01-01T00:00:00+00:00", "no base backup from before 2001-01-01T00:00:00+00:00"),
        ("2999-01-01T00:00:00+00:00", "is still to come"),
    ],
)
def test_a_target_that_is_no_second_of_the_archive_is_refused(drill, target, says):
    with pytest.raises(CommandError, match=re.escape(says)):
        drill("--to", target)


def test_a_gap_in_the_archive_is_found(archived, drill):
    cluster, directory = archived
    ask(cluster, ADD_SERVICE)
    archive.push_wal(cluster)
    newest = max((directory / "wal").iterdir())
    newest.rename(directory / "hidden")
    ask(cluster, ADD_SERVICE)
    with pytest.raises(CommandError):
        drill()
    (directory / "hidden").rename(newest)
