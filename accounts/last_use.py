"""When and from where a token or a session was last used; and when one that nobody uses has ended.

It is noted after the answer, at most once a minute, and never waited for.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from accounts.models import Session, Token
from clientline.database.prepared import Given

USE_IS_WRITTEN_EVERY = timedelta(minutes=1)
# Unused for so long, a sign-in ends: a session, or a token without a name.
IDLE_LASTS = timedelta(days=14)
OPERATORS_IDLE_LASTS = timedelta(hours=12)


def match_in_use(now: datetime) -> Q:
    """A condition over tokens or sessions: used, or else made, not too long ago for whose they are."""
    return match_used_since(now - OPERATORS_IDLE_LASTS, now - IDLE_LASTS)


def match_used_since(operators_moment: datetime | Given, moment: datetime | Given) -> Q:
    """The same condition, with these two moments for operators and for all others."""
    ordinary = Q(user=None) | Q(user__is_superuser=False)
    return _match_used_since(operators_moment) | _match_used_since(moment) & ordinary


def _match_used_since(moment: datetime | Given) -> Q:
    return Q(last_used_at__gt=moment) | Q(last_used_at=None, created_at__gt=moment)


def is_use_old(row: Token | Session, now: datetime) -> bool:
    """Whether the last use that was written is a minute old, or none was."""
    return row.last_used_at is None or row.last_used_at < now - USE_IS_WRITTEN_EVERY


def write_use(row: Token | Session, *, now: datetime, address: str | None = None) -> None:
    """Remember that the row was used, and from where, unless that was written within the last minute, or the row is
    held by somebody.
    """
    if not is_use_old(row, now):
        return
    table = connection.ops.quote_name(row._meta.db_table)
    # Not a plain UPDATE: there is no transaction here any more, hence no lock_timeout, and whoever holds the row
    # would hold a thread for every request.
    unheld = f"SELECT id FROM {table} WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608 -- a table of ours
    with connection.cursor() as cursor:
        use = f"UPDATE {table} SET last_used_at = %s, last_used_address = %s WHERE id = ({unheld})"  # noqa: S608
        cursor.execute(use, [now, address, row.pk])
