"""Turns: what starts, migrates or fills comes one after the other, on one database or in one directory."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from django.db import connection

TURN = 0x636C69656E746C69  # "clientli" in ASCII; within one database
ENDLESS = """
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
    'lock_timeout', 'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout'
)
"""
HOLDER = """
SELECT pid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) + objid::bigint = %s
"""


class Cursor(Protocol):
    """What is asked of a cursor."""

    def execute(self, sql: str, params: Any = None, /) -> object: ...

    def fetchone(self) -> Any: ...


@contextmanager
def turn_on_database(say: Callable[[str], object]) -> Iterator[None]:
    """One block at a time on this database, whichever machines they run on; `say` tells for whom this one waits.

    The lock belongs to a transaction on a connection of its own, idle until the block has ended. The block commits
    many times, and a session's lock would stay on a connection that a transaction pooler hands to somebody else.
    Idle, it has no snapshot, so neither vacuum nor an index that is built concurrently waits for it.
    """
    holder = connection.copy()
    try:
        # Not Django's own connection: the block opens and ends transactions there, and the lock would end with the
        # first.
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            _take_turn(cursor, say)
        yield
    finally:
        holder.close()


def _take_turn(cursor: Cursor, say: Callable[[str], object]) -> None:
    cursor.execute(ENDLESS)
    # Tried first: who waits without a word looks as if it had crashed.
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
    if cursor.fetchone() == (True,):
        return
    cursor.execute(HOLDER, [TURN])
    pid, program = cursor.fetchone() or ("of an unknown number", "")
    say(
        "Another program starts, migrates or fills this database "
        f"({program or 'without a name'}, PostgreSQL's process {pid}): waiting ..."
    )
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


@contextmanager
def turn_on_file(path: Path, say: Callable[[str], object]) -> Iterator[None]:
    """One block at a time on this machine; the file only carries the lock, which ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_file(file, path, say)
        yield
    finally:
        # The file stays: whoever unlinked it would let two programs lock two files of one name.
        os.close(file)


def _wait_for_file(file: int, path: Path, say: Callable[[str], object]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"Another start is at work in {path.parent}: waiting until it is done ...")
        fcntl.flock(file, fcntl.LOCK_EX)
