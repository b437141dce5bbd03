"""Numbers of new rows. Of several installations each is a cell: its ids leave a rest of their own, divided by STRIDE.

So no id is given twice, and an organization can move with its rows. Whatever sets a sequence forward goes through
here: it stays in its residue, which the sequence itself knows, whoever forgot to say which cell this is.
"""

from typing import Any, cast

from django.apps import apps
from django.db import models
from psycopg.sql import SQL, Composed, Identifier, Literal

STRIDE = 1024
CELLS = range(1, STRIDE)

# nextval comes first, and only what lies behind is set: others who draw meanwhile draw nothing twice.
MOVE_PAST = """
SELECT CASE WHEN past > drawn THEN setval(name, drawn + step * ceil((past - drawn)::numeric / step)::bigint) END
FROM (SELECT name, nextval(name) AS drawn, past,
    (SELECT seqincrement FROM pg_sequence WHERE seqrelid = name) AS step
    FROM (SELECT pg_get_serial_sequence({table}, {column})::regclass, {past}::bigint) AS of (name, past)) AS drawing
"""
STATE = """
SELECT seqincrement, seqstart, coalesce(pg_sequence_last_value(seqrelid), 0)
FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence(%s, 'id')::regclass
"""


def list_own_tables() -> list[str]:
    """The tables whose ids are unique among all cells: not Django's, axes' and procrastinate's, which never move."""
    return [
        model._meta.db_table
        for model in apps.get_models()
        if isinstance(model._meta.pk, models.BigAutoField) and model._meta.managed
    ]


def move_past_rows(table: str, *, column: str = "id") -> Composed:
    """The statement after which new rows of the table get ids above those of all rows that it has."""
    past = SQL("(SELECT max({}) FROM {})").format(Identifier(column), Identifier(table))
    return move_past(table, past, column=column)


def move_past(table: str, past: Composed | Literal, *, column: str = "id") -> Composed:
    """The statement after which new rows of the table get ids above `past`."""
    return SQL(MOVE_PAST).format(table=Literal(f'"{table}"'), column=Literal(column), past=past)


def find_highest_id(cursor: Any) -> int:
    """The highest id that a sequence of ours has given; 0 where none has given any."""
    return max(_read_state(cursor, table)[2] for table in list_own_tables())


def keep_residue(cursor: Any, table: str, cell: int, above: int) -> bool:
    """Let new ids of the table be those of the cell, above all that were given and `above`. Whether it was not so.

    Must be called in a transaction, until whose end nobody draws an id of the table.
    """
    if _keeps_residue(_read_state(cursor, table), cell, above):
        return False
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
    sequence = SQL(cursor.fetchone()[0])
    cursor.execute(SQL("ALTER SEQUENCE {} INCREMENT BY {}").format(sequence, Literal(STRIDE)))  # and locks it
    cursor.execute(SQL("SELECT max(id) FROM {}").format(Identifier(table)))
    highest = max(cursor.fetchone()[0] or 0, _read_state(cursor, table)[2], above)
    first = find_first_above(highest, cell)
    cursor.execute(SQL("ALTER SEQUENCE {0} START WITH {1} RESTART WITH {1}").format(sequence, Literal(first)))
    return True


def _read_state(cursor: Any, table: str) -> tuple[int, int, int]:
    """Step, start, and the last id given, 0 where none was."""
    cursor.execute(STATE, [table])
    return cast("tuple[int, int, int]", cursor.fetchone())


def _keeps_residue(state: tuple[int, int, int], cell: int, above: int) -> bool:
    step, start, last = state
    return (
        step == STRIDE and start % STRIDE == cell and (last == 0 or last % STRIDE == cell) and max(start, last) > above
    )


def find_first_above(highest: int, cell: int) -> int:
    """The lowest id of a cell that is above this one."""
    return highest + 1 + (cell - highest - 1) % STRIDE
