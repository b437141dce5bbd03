"""A pooler between ClientLine and PostgreSQL, such as PgBouncer: whether one is there, and is spoken to as it needs.

One that pools transactions hands each of ours to whichever of its connections is free: what is prepared on one is
unknown to the next. `DATABASE_POOLER=transaction` prepares nothing and sends nothing ahead.
"""

from dataclasses import dataclass

UNTOLD = (
    "A pooler stands before the database. If it pools transactions, requests will fail with 500 until "
    "DATABASE_POOLER=transaction is set; if it pools sessions, DATABASE_POOLER=session says so."
)
TOLD = "A pooler stands before the database, as DATABASE_POOLER={} says."
MISSING = "DATABASE_POOLER is {}, and no pooler stands before the database: unset it, and answers come quicker."


@dataclass(frozen=True)
class Pooler:
    """What is said of a pooler at the start, and whether something has to be mended."""

    says: str
    is_wrong: bool


def look_for_pooler(connection):
    """The Pooler to tell of; None where there is none and none is expected."""
    told, is_there = connection.settings_dict.get("POOLER"), _is_there(connection)
    if is_there:
        return Pooler(TOLD.format(told), is_wrong=False) if told else Pooler(UNTOLD, is_wrong=True)
    return Pooler(MISSING.format(told), is_wrong=True) if told else None


def _is_there(connection):
    """A pooler answers with a process number of its own invention."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone() != (connection.connection.info.backend_pid,)
