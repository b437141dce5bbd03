"""Rows that most tests begin with: made once in a process, and put back by one statement in each test after that."""

import pickle
from contextlib import contextmanager
from functools import cache

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext


def perform(make, *arguments, **options):
    """What `make` returns, a namespace of rows, with these rows in the database: with the same ids each time."""
    cast, statement = rehearse(make, arguments, tuple(options.items()))
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return pickle.loads(cast)


@cache
def rehearse(make, arguments, options):
    """The namespace as bytes, and the SQL that inserts its rows; leaves nothing in the database."""
    with undone():
        cast = make(*arguments, **dict(options))
    with undone(), CaptureQueriesContext(connection) as captured:
        for model, rows in grouped(vars(cast).values()).items():
            model._default_manager.bulk_create(rows)  # which of people writes their words, too
            # Sequences do not roll back, but begin anew where a test makes the tables anew.
            move_sequence(model, max(row.pk for row in rows))
    statements = [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "SELECT setval", "WITH"))]
    return pickle.dumps(cast), ";\n".join(statements)


def move_sequence(model, past):
    """No row to come gets an id up to this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, greatest(%s, nextval(name))) FROM pg_get_serial_sequence(%s, 'id') AS name",
            [past, model._meta.db_table],
        )


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def grouped(rows):
    """By model, in the order in which the models come."""
    groups = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    return groups
