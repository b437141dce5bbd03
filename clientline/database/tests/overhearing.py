"""What a connection says to PostgreSQL, and what others see of it."""

import re
import tempfile
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import Trace

ONE = ("SELECT %s::bigint", [1])


def read(cursor, sql, *values):
    cursor.execute(sql, values)
    return cursor.fetchall()


@contextmanager
def overheard():
    """What is said, a line for each message: `F` is sent by us, `B` answered; without lengths."""
    connection.ensure_connection()
    said, pgconn = [], connection.connection.pgconn
    with tempfile.TemporaryFile("w+") as file:
        pgconn.trace(file.fileno())
        pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        yield said
        pgconn.untrace()
        file.seek(0)
        said += [re.sub(r"\s*\t\d*\s*", " ", line.strip()) for line in file]


def find_trips(said):
    """The SQL of each trip: what was sent before the answer to what went before was complete."""
    trips = [[]]
    for line in said:
        if line.startswith("B ReadyForQuery"):
            trips.append([])
        elif found := re.match(r'F (?:Query|Parse ".*?"|Bind "") "(.+?)"(?: \d.*)?$', line):
            trips[-1].append(found[1])
    return [trip for trip in trips if trip]
