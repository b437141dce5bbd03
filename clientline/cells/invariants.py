"""What must hold of the numbers of an installation among several."""

from clientline.database.doubtful_homes import DOUBTFUL_HOMES
from clientline.database.invariants import Invariant
from clientline.database.sequences import STRIDE, list_own_tables

INVARIANTS = [
    Invariant(
        name="sequences_keep_to_their_cell",
        # Without a cell, an installation counts in ones.
        sql="""
            SELECT name FROM unnest(%(tables)s::text[]) AS name
            JOIN pg_sequence ON seqrelid = pg_get_serial_sequence(name, 'id')::regclass
            LEFT JOIN cells ON true
            WHERE seqincrement <> CASE WHEN number IS NULL THEN 1 ELSE %(stride)s END
               OR mod(seqstart, %(stride)s) <> number
               OR mod(pg_sequence_last_value(seqrelid), %(stride)s) <> number
        """,
        says="tables whose next ids another installation may give, too",
        parameters=lambda: {"tables": list_own_tables(), "stride": STRIDE},
    ),
    Invariant(
        name="who_came_is_followed_by_its_former_home",
        sql=DOUBTFUL_HOMES,
        says="organizations whose former home reads nothing of what changes here, and may have become a home again",
        is_fault=False,
    ),
]
