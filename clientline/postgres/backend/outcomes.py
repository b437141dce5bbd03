"""Whether what was written is saved: known, unless the connection is lost while the server makes it last."""

import re
from functools import lru_cache

from django.db import OperationalError

READING = re.compile(r"\s*(SELECT|SET|SAVEPOINT|RELEASE|ROLLBACK|SHOW|DECLARE|FETCH|CLOSE|WITH)\b", re.IGNORECASE)
WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
WAITING_FOR_STANDBYS = "SyncRepWaitForLSN"  # in PostgreSQL's source; its messages may be translated
SHUTDOWN = "57P01"


class OutcomeLost(OperationalError):
    """The connection broke, or the server gave up waiting for a standby, while it saved: it may be saved or not."""


def writes(sql):
    """Whether a statement may change rows. One that selects from a function that does is taken for reading."""
    return not isinstance(sql, str) or _may_write(sql)


@lru_cache(maxsize=1000)  # the same ones come again and again, with placeholders
def _may_write(sql):
    begins = READING.match(sql)
    return begins is None or (begins[1].upper() == "WITH" and WRITING.search(sql) is not None)


def leaves_doubt(notice):
    """Whether the server tells that it has ended its wait for a standby: what is saved here may be lost with it."""
    return notice.sqlstate == SHUTDOWN or notice.source_function == WAITING_FOR_STANDBYS


def watch_writing(execute, sql, params, many, context):
    """Note on the connection that it wrote. Outside of a transaction, each statement ends one.

    For Django's `execute_wrappers`, so it sees every statement but COPY.
    """
    connection = context["connection"]
    if not writes(sql):
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        connection.has_written = True
        return execute(sql, params, many, context)
    with connection.saving():
        return execute(sql, params, many, context)
