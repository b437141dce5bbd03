"""Rows that most tests begin with: made once in a process, and put back by one statement in each test after that."""

import pickle
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

standing = set()  # what made rows that are there for every test, see `clientline.tests.standing`


def perform(make, *arguments, **options):
    """What `make` returns, a namespace of rows, with these rows in the database: with the same ids each time."""
    cast, statement, passing = rehearse(make, arguments, tuple(options.items()))
    stands = make in standing and not (arguments or options)
    with connection.cursor() as cursor:
        cursor.execute(passing if stands else f"{statement};\n{passing}")
    return pickle.loads(cast)


@cache
def rehearse(make, arguments, options):
    """The namespace as bytes, the SQL that inserts its rows, and that after it; leaves nothing in the database."""
    with undone():
        cast = make(*arguments, **dict(options))
    groups = grouped(list_rows(cast))
    passing = pass_sequences(groups)
    with undone(), CaptureQueriesContext(connection) as captured:
        for model, rows in groups.items():
            model._default_manager.bulk_create(rows)  # which of people writes their words, too
    statements = [write_alone(query["sql"]) for query in captured if query["sql"].startswith(("INSERT", "WITH"))]
    return pickle.dumps(cast), ";\n".join(statements), passing


def list_rows(cast):
    """Those of the namespace, and of the namespaces in it."""
    for row in vars(cast).values():
        yield from list_rows(row) if isinstance(row, SimpleNamespace) else [row]


def pass_sequences(groups):
    """The SQL by which no row to come gets an id up to those of these rows.

    Sequences do not roll back, but begin anew where a test makes the tables anew. One statement, with the names looked
    up: for each of them PostgreSQL would take a third of a millisecond.
    """
    moves = []
    for model, rows in groups.items():
        name, past = find_sequence(model), max(row.pk for row in rows)
        moves.append(f"setval('{name}', greatest({past}, nextval('{name}')))")
    return f"SELECT {', '.join(moves)}"


def find_sequence(model):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        return cursor.fetchone()[0]


def write_alone(statement):
    """The same without an answer, which would be made and sent in vain."""
    return statement.partition(" RETURNING ")[0] if statement.startswith("INSERT") else statement


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
