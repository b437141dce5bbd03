"""Reads from a replica, for reports and exports alone: for what shows figures and decides nothing.

Who calls and what they may do is asked of the primary before. A replica that is far behind, or away, or ends a
statement, is passed by: the primary answers, once, and nobody notices. `read_behind` is the one way there.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, transaction
from django.utils.timezone import localtime

from clientline.callers import Caller
from organizations.tenancy import confine_transaction

T = TypeVar("T")
logger = logging.getLogger(__name__)

FARTHEST = 1_000_000  # bytes, as HAProxy asks of those that answer
LONGEST_LAG = timedelta(seconds=10)
CONNECTING = 2  # seconds
CHOICE = "target_session_attrs"
REST = 1.0  # seconds, and up to as many more, for which a replica that did not answer is not asked again
OVERTIME = "57014"  # what takes too long here takes too long at the primary, too
POSITION = "SELECT pg_current_wal_lsn()::text"
# One that is no standby is the primary itself.
LAG = """
SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn()) ELSE 0 END,
    now() - pg_last_xact_replay_timestamp(), now(), pg_last_xact_replay_timestamp()
"""


class TooFarBehind(OperationalError):
    """The replica does not keep up."""


class _Thread(threading.local):
    """Of each thread a connection of its own, as Django has for the primary."""

    replica: Any = None
    asleep_until = 0.0


_thread = _Thread()


def read_behind(read: Callable[[], T], *, by: Caller) -> tuple[T, datetime | None]:
    """What `read` answers, and as of when; None is now. It runs as the caller, once more where the replica fails."""
    if settings.DATABASE_REPLICA and monotonic() > _thread.asleep_until:
        try:
            with _read_replica(by) as as_of:
                return read(), as_of
        except (OperationalError, InterfaceError) as error:
            if getattr(error.__cause__, "sqlstate", None) == OVERTIME:
                raise
            logger.warning("The primary answers in place of the replica: %s", str(error).strip().partition("\n")[0])
            _rest()
    return read(), None


def answer_behind(read: Callable[[], dict[str, Any]], *, by: Caller) -> dict[str, Any]:
    """The answer, with `as_of` where a replica gave it, at the offset of the caller's organization as all instants."""
    answer, as_of = read_behind(read, by=by)
    return answer | {"as_of": localtime(as_of)} if as_of else answer


@contextmanager
def _read_replica(by: Caller) -> Iterator[datetime]:
    """In place of this thread's connection, in a transaction of its own, behind the same walls."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION)
        (position,) = cursor.fetchone()
    primary = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = _find_replica(primary)
    try:
        with transaction.atomic():
            as_of = _measure(position)
            confine_transaction(organization_id=by.organization_id, user_id=by.pk, operator=by.is_superuser)
            yield as_of
    finally:
        connections[DEFAULT_DB_ALIAS] = primary


def _find_replica(primary: Any) -> Any:
    if _thread.replica is None:
        _thread.replica = primary.copy()
        named = {"VARIABLE": "DATABASE_REPLICA_URL"}  # what says so is mended there
        _thread.replica.settings_dict = primary.settings_dict | settings.DATABASE_REPLICA | named
        # Which of several servers is meant, DATABASE_URL says for itself alone: the one that writes.
        shared = {name: value for name, value in primary.settings_dict["OPTIONS"].items() if name != CHOICE}
        own = settings.DATABASE_REPLICA.get("OPTIONS", {})
        _thread.replica.settings_dict["OPTIONS"] = {"connect_timeout": CONNECTING} | shared | own
    _thread.replica.close_if_unusable_or_obsolete()
    return _thread.replica


def _measure(position: str) -> datetime:
    """As of when the replica answers. Raises TooFarBehind."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(LAG, [position])
        behind, age, now, replayed_at = cursor.fetchone()
    if behind <= 0:
        return now
    if behind > FARTHEST or age is None or age > LONGEST_LAG:
        raise TooFarBehind(f"{behind} bytes behind")
    return replayed_at


def _rest() -> None:
    _thread.replica.close()
    _thread.asleep_until = monotonic() + REST * (1 + random.random())
