"""All SQL of the tests comes by here: PostgreSQL has time zone rules of its own, so it computes no local time."""

import re
from functools import lru_cache, wraps

import psycopg

from clientline.database import direct

LOCAL_TIME = re.compile(r"\bat\s+(time\s+zone|local)\b|\btimezone\s*\(|\bto_char\s*\(|\bdate_trunc\s*\(", re.IGNORECASE)

# Of which each such text has one: to look for these takes a tenth of the time, and a test runs thirty statements.
HINTS = ("zone", "local", "to_char", "date_trunc")


def refuse_local_times():
    """From now on, every statement of this process is read before it runs, however it runs."""
    for name in ("execute", "executemany", "copy", "stream"):
        setattr(psycopg.Cursor, name, reading(getattr(psycopg.Cursor, name)))
    direct.Connection.ask = reading_all(direct.Connection.ask)


def reading(method):
    @wraps(method)
    def read_and_run(cursor, query, *args, **kwargs):
        read(query if isinstance(query, str) else cursor_text(cursor, query))
        return method(cursor, query, *args, **kwargs)

    return read_and_run


def reading_all(method):
    @wraps(method)
    def read_and_ask(connection, asked, **kwargs):
        for sql, _ in asked:
            read(sql)
        return method(connection, asked, **kwargs)

    return read_and_ask


def read(text):
    assert not computes_local_time(text), f"PostgreSQL would compute a local time: {text}"


@lru_cache(2000)  # tests run few statements, and these often
def computes_local_time(text):
    lowered = text.lower()
    return any(hint in lowered for hint in HINTS) and LOCAL_TIME.search(text)


def cursor_text(cursor, query):
    return query.decode() if isinstance(query, bytes) else query.as_string(cursor)
