"""Which statements may change rows, so that a lost COMMIT after them leaves their outcome open."""

import pytest
from psycopg import errors, sql

from clientline.postgres.backend.base import NOTHING
from clientline.postgres.backend.outcomes import writes
from clientline.postgres.tests.servers import connect


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


@pytest.mark.faults
def test_a_standby_refuses_to_confirm_as_it_refuses_a_change(cluster):
    cluster.ensure_running()
    cluster.stop()
    (cluster.directory / "standby.signal").touch()
    with connect(cluster) as standby:
        for change in ("CREATE TABLE a ()", NOTHING):
            with pytest.raises(errors.ReadOnlySqlTransaction):
                standby.execute(change)
