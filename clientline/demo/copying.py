"""Many rows at once: COPY is several times faster than INSERT, and passes every constraint and trigger all the same."""

from operator import attrgetter

from django.db import connection
from psycopg.sql import SQL, Identifier

from accounts import words


def copy_rows(rows):
    """Write new rows of one model and give them their keys. Raises IntegrityError."""
    if not rows:
        return
    model = type(rows[0])
    number(rows, model._meta.db_table)
    fields = model._meta.concrete_fields
    values = attrgetter(*(field.attname for field in fields))
    statement = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(model._meta.db_table), SQL(", ").join(Identifier(field.column) for field in fields)
    )
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(values(row))


def number(rows, table):
    """Take keys from the table's own sequence, so that rows which others save meanwhile never collide."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)]
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key


def copy_people(people):
    """The same of people, who are found by words."""
    copy_rows(people)
    words.write_words(map(words.take_columns, people))
