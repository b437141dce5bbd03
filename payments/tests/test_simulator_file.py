"""The file of the simulator: made for its owner only, mended where it is not, and locked while it is looked at."""

import os
import stat
import subprocess
import sys

import pytest

from payments.gateways.simulator import make_private, store


@pytest.fixture
def file(settings):
    return settings.SIMULATOR_FILE


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_handed():
    """The umask under which everything would be readable."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_it_and_its_journal_are_read_by_nobody_else(file):
    with store() as db:
        db.execute("INSERT INTO script (operation, behaviour) VALUES ('begin', 'decline')")
        found = {path.name: mode(path) for path in file.parent.iterdir()}
    assert found == {file.name: 0o600, f"{file.name}-journal": 0o600}


def test_one_that_others_could_read_is_mended_and_keeps_what_it_holds(file):
    with store() as db:
        db.execute("INSERT INTO script (operation, behaviour) VALUES ('begin', 'decline')")
    file.chmod(0o644)
    with store() as db:
        assert [row["behaviour"] for row in db.execute("SELECT * FROM script")] == ["decline"]
    assert mode(file) == 0o600


def test_looking_at_it_takes_no_lock_away(file):
    """POSIX locks are the process's: closing any handle on the file would let everybody else in."""
    stranger = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    with store():
        make_private(file)
        tried = subprocess.run([sys.executable, "-I", "-S", "-c", stranger, file], capture_output=True, text=True)
    assert tried.stderr.splitlines()[-1] == "sqlite3.OperationalError: database is locked"
