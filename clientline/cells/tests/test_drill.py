"""What was archived comes back as it was in a named second, and the drill says so, or what is wrong."""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appointments.tests.load import House
from clientline.demo.serving import PROJECT

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("drill")]


@pytest.fixture(scope="module")
def archived():
    """A salon whose server archives, and the directory where to."""
    with tempfile.TemporaryDirectory(prefix="clientline-") as data, tempfile.TemporaryDirectory() as directory:
        house = House(data)
        house.furnish()
        said = house.manage("db", "archive", directory)
        assert "Everything that is saved from now on can be restored" in said
        try:
            yield house, Path(directory)
        finally:
            house.cluster.stop()


def count_services(house):
    with house.connect() as connection:
        return connection.execute("SELECT count(*) FROM services").fetchone()[0]


def add_service(house):
    with house.connect() as connection:
        connection.execute(
            "INSERT INTO services (organization_id, name, duration, price)"
            " SELECT organization_id, gen_random_uuid()::text, 5, 1 FROM services LIMIT 1"
        )


def refuse(house, directory, *arguments):
    """What the drill says as it fails."""
    command = [sys.executable, "manage.py", "db", "drill", str(directory), *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ | house.environment, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr


def test_a_named_second_comes_back_with_the_counts_that_it_had(archived):
    house, directory = archived
    add_service(house)
    time.sleep(1.1)
    second, rows = datetime.now(UTC), count_services(house)
    time.sleep(1.1)
    for _ in range(3):
        add_service(house)
    said = house.manage("db", "drill", directory, "--to", second.isoformat())
    assert f"to {second.isoformat()} in" in said
    assert f"\n  services {rows}\n" in said
    assert count_services(house) == rows + 3
    assert not list(Path(house.environment["CLIENTLINE_DATA"]).glob("drill-*"))


def test_now_comes_back_whole_and_what_would_be_lost_is_said(archived):
    house, directory = archived
    add_service(house)
    said = house.manage("db", "drill", directory)
    assert "Without this machine, the last " in said
    assert f"\n  services {count_services(house)}\n" in said


@pytest.mark.parametrize(
    "target, says",
    [
        ("2026-11-29T12:00:00", "write it with its offset"),
        ("yesterday", "write it with its offset"),
        ("2001-01-01T00:00:00+00:00", "no base backup from before 2001-01-01T00:00:00+00:00"),
        ("2999-01-01T00:00:00+00:00", "is still to come"),
    ],
)
def test_a_target_that_is_no_second_of_the_archive_is_refused(archived, target, says):
    assert says in refuse(*archived, "--to", target)


def test_a_gap_in_the_archive_is_found(archived):
    house, directory = archived
    add_service(house)
    house.manage("db", "drill", directory)
    newest = max((directory / "wal").iterdir())
    newest.rename(directory / "hidden")
    add_service(house)
    assert refuse(house, directory)
    (directory / "hidden").rename(newest)
