"""Which statements may change rows, so that a lost COMMIT after them leaves their outcome open."""

import pytest
from psycopg import sql

from clientline.postgres.backend.outcomes import writes


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("SELECT 1 FOR UPDATE", False),
        ("\n  select set_config('role', 'none', true)", False),
        ("SAVEPOINT x", False),
        ("WITH a AS (SELECT updated_at FROM b) SELECT * FROM a", False),
        ("WITH a AS (DELETE FROM b RETURNING id) SELECT * FROM a", True),
        ("INSERT INTO a VALUES (1)", True),
        ("update a SET b = 1", True),
        ("DO $$ BEGIN END $$", True),
        ("SELECTION", True),
        (sql.SQL("SELECT 1"), True),  # not read: better a doubt too many
    ],
)
def test_a_statement_writes_unless_it_surely_reads(statement, does):
    assert writes(statement) == does
