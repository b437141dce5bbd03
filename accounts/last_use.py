"""When a token or a session was last used: noted after the answer, at most once a minute, and never waited for."""

from datetime import datetime, timedelta

from django.db import connection

from accounts.models import Session, Token

USE_IS_WRITTEN_EVERY = timedelta(minutes=1)


def write_use(row: Token | Session, *, now: datetime) -> None:
    """Remember that the row was used, unless that was written within the last minute, or somebody holds the row."""
    if row.last_used_at is not None and row.last_used_at >= now - USE_IS_WRITTEN_EVERY:
        return
    table = connection.ops.quote_name(row._meta.db_table)
    # Not a plain UPDATE: there is no transaction here any more, hence no lock_timeout, and whoever holds the row
    # would hold a thread for every request.
    unheld = f"SELECT id FROM {table} WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608 -- a table of ours
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET last_used_at = %s WHERE id = ({unheld})", [now, row.pk])  # noqa: S608
