"""How the database is doing beyond answering: who writes, who follows and how far, what is archived, who dawdles."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from clientline.database.doubtful_homes import DOUBTFUL_HOMES

FARTHEST = 1_000_000  # bytes that a standby may be behind, as HAProxy asks of those that answer reports
LONGEST_TRANSACTION = timedelta(minutes=10)  # what is open longer keeps VACUUM from cleaning up

# Behind a proxy, its own address is what says which one it is; on a socket there is none.
SERVER = """SELECT pg_is_in_recovery(), current_setting('server_version'), pg_has_role('pg_monitor', 'USAGE'),
    coalesce(' at ' || host(inet_server_addr()) || ':' || inet_server_port(), ''),
    (SELECT ' of ' || sender_host || ':' || sender_port FROM pg_stat_wal_receiver)
"""
# `replay_lag` is no measure: on an idle server it stays at what it last was.
STANDBYS = """SELECT application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint
FROM pg_stat_replication ORDER BY application_name"""
ARCHIVING = """SELECT current_setting('archive_mode'), last_archived_wal, now() - last_archived_time,
    coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) FROM pg_stat_archiver"""
OLDEST = """SELECT max(now() - xact_start) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()"""


HOMES = f"""SELECT organization, state, address, organization IN ({DOUBTFUL_HOMES})
FROM relocations ORDER BY organization"""  # noqa: S608 -- ours
PATIENCE = 3  # seconds for another installation


@dataclass(frozen=True)
class Finding:
    """One line. `is_well` is None where it is told and judged by nobody."""

    name: str
    says: str
    is_well: bool | None


def examine_cluster(cursor: Any, *, needs_standby: bool) -> Iterator[Finding]:
    """What a monitor wants to know of the server that is asked by this cursor; it has to be the one that writes.

    Only a superuser or a member of pg_monitor sees the standbys of others' connections: so says the first line then.
    """
    cursor.execute(SERVER)
    is_standby, version, may_look, place, leader = cursor.fetchone()
    reads = f", a standby{leader or ''} that only reads: name the one that writes in DATABASE_URL"
    says = f"PostgreSQL {version}{place}{reads if is_standby else ''}"
    yield Finding("writes", says, not is_standby)
    if is_standby:
        return
    yield from _examine_homes(cursor)
    if not may_look:
        yield Finding("rights", "this role sees no standbys: GRANT pg_monitor TO it", False)
        return
    yield from _examine_standbys(cursor, needs_standby)
    yield from _examine_archive(cursor)
    cursor.execute(OLDEST)
    (age,) = cursor.fetchone()
    yield Finding("oldest transaction", _say_age(age), age is None or age < LONGEST_TRANSACTION)


def _examine_homes(cursor: Any) -> Iterator[Finding]:
    """Of organizations that move, or have moved, or whose other home was given up."""
    cursor.execute("SELECT to_regclass('relocations') IS NOT NULL")
    if cursor.fetchone() != (True,):
        return
    cursor.execute(HOMES)
    for organization, state, address, is_doubtful in cursor.fetchall():
        says, is_well = f"{state}, with {address}", None
        if is_doubtful:
            says = f"{says}, which does not read what changes here: if this one was given up there, it has two homes"
            is_well = False
        elif state == "alone":
            is_well = not _answers(address)
            says = f"here, as {address} was given up as destroyed{'' if is_well else ', and answers: it may have two'}"
        yield Finding(f"home of {organization}", says, is_well)


def _answers(address: str) -> bool:
    try:
        urlopen(f"{address}/live", timeout=PATIENCE).close()
    except HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _examine_standbys(cursor: Any, needs_standby: bool) -> Iterator[Finding]:
    cursor.execute(STANDBYS)
    standbys = cursor.fetchall()
    for name, state, in_step, behind in standbys:
        is_near = state == "streaming" and behind is not None and behind <= FARTHEST
        yield Finding(f"standby {name}", f"{state}, {in_step}, {behind} bytes behind", is_near)
    waits = any(in_step in ("sync", "quorum") for _, _, in_step, _ in standbys)
    if needs_standby or standbys:
        says = "acknowledged on two machines" if waits else "on this machine alone: no standby is synchronous"
        yield Finding("what is saved", says, waits)


def _examine_archive(cursor: Any) -> Iterator[Finding]:
    cursor.execute(ARCHIVING)
    mode, last, age, fails = cursor.fetchone()
    if mode == "off":
        yield Finding("archive", "off: only dumps can be restored, no point in time", None)
        return
    says = f"{last} {_say_age(age)} ago" if last else "nothing yet"
    yield Finding("archive", f"{says}{', and failing since' if fails else ''}", not fails)


def _say_age(age: timedelta | None) -> str:
    return "none" if age is None else f"{age.total_seconds():.0f} s"
