"""Rehearsing the loss of the database: a restore to a named second, beside the real one, and whether it is the same.

What is not rehearsed is not there: the drill says how long a restore takes, and how much would be lost.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from psycopg.sql import SQL, Identifier

from clientline.postgres import archive
from clientline.postgres.cluster import Cluster

# What was noted before is committed, or never will be: no request lasts as long.
SETTLED = timedelta(seconds=30)
NEWEST = "SELECT count(*), max(at) FROM audit WHERE at <= %s"


class DrillFailed(Exception):
    """What was restored is not what was there."""


@dataclass(frozen=True)
class Snapshot:
    """Rows by table, and when the newest row of the audit was written."""

    counts: dict[str, int]
    newest: datetime | None


@dataclass
class Drill:
    """Of the private server's archive in `directory`; the restored server lies in `scratch` until it is over."""

    directory: Path
    scratch: Path
    say: Callable[[str], object]

    def rehearse(self, target: datetime | None) -> None:
        """Restore to the target, or to now, and compare. Raises DrillFailed, DumpFailed and PostgresUnavailable."""
        original = Cluster(settings.EMBEDDED_DATA)
        with archive.connect(original) as live:
            self._say_loss(live)
            expected = [take_snapshot(live)] if target is None else []
            (now,) = _ask(live, "SELECT clock_timestamp()")
            expected += [take_snapshot(live)] if expected else []
            if target and target > now:
                raise DrillFailed(f"{target.isoformat()} is still to come.")
            archive.push_wal(original)
            self._restore(live, target or now, expected)

    def _say_loss(self, live: Any) -> None:
        (age,) = _ask(live, "SELECT now() - last_archived_time FROM pg_stat_archiver")
        lost = "everything" if age is None else f"the last {age.total_seconds():.0f} s"
        self.say(f"Without this machine, {lost} would be lost.")

    def _restore(self, live: Any, target: datetime, expected: list[Snapshot]) -> None:
        began = time.monotonic()
        base = archive.find_base(self.directory, target)
        restored = archive.restore(self.directory, base, target, self.scratch)
        try:
            took = time.monotonic() - began
            with archive.connect(restored) as copy:
                found = take_snapshot(copy)
                self.say(f"Restored {base.name} to {target.isoformat()} in {took:.1f} s.")
                _refuse_newer(found, target)
                _compare(found, expected) if expected else _compare_audits(live, copy, target)
            self._check_invariants()
            self._tell(found)
        finally:
            restored.stop()

    def _tell(self, found: Snapshot) -> None:
        self.say(f"Its newest change is of {found.newest.isoformat() if found.newest else 'no time'}. Rows:")
        for table, rows in found.counts.items():
            if rows:
                self.say(f"  {table} {rows}")

    def _check_invariants(self) -> None:
        own = {"CLIENTLINE_DATA": str(self.scratch), "DATABASE_URL": ""}
        command = [sys.executable, "manage.py", "check_invariants"]
        checked = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | own, capture_output=True, text=True)
        if checked.returncode:
            raise DrillFailed(f"What was restored breaks its rules:\n{checked.stdout}{checked.stderr}")


def take_snapshot(connection: psycopg.Connection[Any]) -> Snapshot:
    tables = sorted(model._meta.db_table for model in apps.get_models())
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        counts = {table: _ask(connection, _count(table))[0] for table in tables}
        (newest,) = _ask(connection, "SELECT max(at) FROM audit")
    return Snapshot(counts, newest)


def _count(table: str) -> Any:
    return SQL("SELECT count(*) FROM {}").format(Identifier(table))


def _ask(connection: psycopg.Connection[Any], statement: Any, values: Any = None) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    assert row is not None
    return row


def _refuse_newer(found: Snapshot, target: datetime) -> None:
    """A target read in another zone restores another day, and says success."""
    if found.newest and found.newest > target:
        raise DrillFailed(f"The newest change is of {found.newest.isoformat()}, after {target.isoformat()}.")


def _compare(found: Snapshot, expected: list[Snapshot]) -> None:
    """Between two snapshots, one before the target and one after: without traffic they are the same."""
    before, after = expected
    for table, rows in found.counts.items():
        least, most = sorted((before.counts[table], after.counts[table]))
        if not least <= rows <= most:
            raise DrillFailed(f"{table} has {rows} rows, and had {least}.")
    if before.newest and (not found.newest or found.newest < before.newest):
        raise DrillFailed(f"The newest change is of {found.newest}, and was of {before.newest}.")


def _compare_audits(live: Any, copy: Any, target: datetime) -> None:
    """Of the past, the audit tells: its rows stay."""
    settled = target - SETTLED
    there, here = (_ask(each, NEWEST, [settled]) for each in (live, copy))
    if there != here:
        raise DrillFailed(f"Of {there[0]} changes until {settled.isoformat()}, {here[0]} are there.")
