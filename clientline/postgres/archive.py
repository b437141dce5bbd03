"""Point in time for the embedded server: base backups and all WAL since, in a directory, and their way back.

Production archives with pgBackRest (docs/operators/point-in-time.md). Both are restored by PostgreSQL's own recovery.
"""

import shlex
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Literal

from clientline.notations import read_moment
from clientline.postgres.cluster import DATABASE, PORT, SUPERUSER, Cluster
from clientline.postgres.dumps import DumpFailed

BASE, WAL = "base", "wal"
PATIENCE = 60  # seconds for the archive to take in what is written


class NoOffset(Exception):
    """A target without an offset means another second in each zone: one restored an empty table and said success."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text} names no second: write it with its offset, as 2026-11-29T12:00:00+01:00.")


def read_target(text: str) -> datetime:
    """Raises NoOffset."""
    try:
        target = read_moment(datetime, text)
    except ValueError as error:
        raise NoOffset(text) from error
    if target.tzinfo is None:
        raise NoOffset(text)
    return target


def connect(cluster: Cluster) -> psycopg.Connection[Any]:
    """As the superuser, who alone may set and look."""
    host = str(cluster.ensure_running())
    return psycopg.connect(host=host, port=PORT, user=SUPERUSER, dbname=DATABASE, autocommit=True, connect_timeout=10)


def start_archiving(cluster: Cluster, directory: Path) -> Path:
    """Archive each WAL file into the directory from now on, and take a first base backup. Restarts the server."""
    (directory / WAL).mkdir(parents=True, exist_ok=True, mode=0o700)
    cluster.hand_over(directory)
    kept = shlex.quote(str(directory / WAL))
    # Written beside its place, so that a kill leaves nothing half; a name that is taken is never overwritten.
    command = f"test ! -f {kept}/%f && cp %p {kept}/.%f && sync {kept}/.%f && mv {kept}/.%f {kept}/%f"
    with connect(cluster) as connection:
        for name, value in {"archive_mode": "on", "archive_command": command, "archive_timeout": "60"}.items():
            connection.execute(SQL("ALTER SYSTEM SET {} = {}").format(SQL(name), Literal(value)))
    cluster.stop()
    cluster.ensure_running()
    return take_base(cluster, directory)


def take_base(cluster: Cluster, directory: Path) -> Path:
    """A new base backup. Raises DumpFailed."""
    made = directory / f"{BASE}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    draft = directory / f".{made.name}"
    host = str(cluster.ensure_running())
    command = [cluster.find_binary("pg_basebackup"), f"--pgdata={draft}", "--checkpoint=fast", "--wal-method=fetch"]
    command += [f"--host={host}", f"--port={PORT}", f"--username={SUPERUSER}"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        raise DumpFailed(result.stderr.strip())
    draft.rename(made)
    return made


def find_base(directory: Path, target: datetime) -> Path:
    """The newest base backup that was complete before. Raises DumpFailed."""
    bases = sorted(path for path in directory.glob(f"{BASE}-*") if _read_end(path) <= target)
    if not bases:
        raise DumpFailed(f"{directory} has no base backup from before {target.isoformat()}.")
    return bases[-1]


def _read_end(base: Path) -> datetime:
    """By the second in which it was begun, and its label's file was written last."""
    return datetime.fromtimestamp((base / "backup_manifest").stat().st_mtime, UTC)


def push_wal(cluster: Cluster) -> None:
    """Have all that is written so far archived. Raises DumpFailed."""
    with connect(cluster) as connection:
        # Recovery stops before the first commit after its target: without one it would not know that it is there.
        connection.execute("SELECT pg_current_xact_id()")
        (name,) = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        deadline = time.monotonic() + PATIENCE
        while not _has_archived(connection, name):
            if time.monotonic() > deadline:
                raise DumpFailed(f"{name} is not archived after {PATIENCE} s: see the server's log.")
            time.sleep(0.05)


def _has_archived(connection: psycopg.Connection[Any], name: str) -> bool:
    (last,) = connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone() or (None,)
    return bool(last) and last >= name


def restore(directory: Path, base: Path, target: datetime, scratch: Path) -> Cluster:
    """A server of its own below `scratch`, as the archived one was at the target. Raises PostgresUnavailable."""
    cluster = Cluster(scratch)
    # Copied by PostgreSQL's user or not: who starts it gives it to that one.
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(cluster.directory)], check=True)
    wal = shlex.quote(str(directory / WAL))
    settings = {
        "archive_mode": "off",
        "restore_command": f"cp {wal}/%f %p",
        "recovery_target_time": target.astimezone(UTC).isoformat(sep=" "),
        "recovery_target_action": "promote",  # by default the server is paused there, and only reads
        "hot_standby": "off",  # so that nobody reads what is half restored
    }
    with open(cluster.directory / "postgresql.auto.conf", "a") as file:
        file.writelines(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
    (cluster.directory / "recovery.signal").touch()
    cluster.ensure_running()
    return cluster
