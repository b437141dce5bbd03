"""What was told is kept for a year after the visit, then forgotten with the address it went to."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from clientline.reach.jobs import every

KEPT = timedelta(days=365)
AT_ONCE = 10_000  # rows that are looked at in one statement

# By the key, as nothing else leads through them: an index would be written with each message, to be read once a day.
FORGET = """
WITH looked AS (SELECT id, start, state FROM messages WHERE id > %s ORDER BY id LIMIT %s),
gone AS (
    DELETE FROM messages
    WHERE id IN (SELECT id FROM looked WHERE start < %s AND state NOT IN ('planned', 'sending'))
)
SELECT max(id) FROM looked
"""


@every(24 * 3600)
def forget_old_messages() -> bool:
    """Of all organizations. Nothing more is waiting then."""
    forget_messages(now=timezone.now())
    return False


def forget_messages(*, now: datetime) -> None:
    """Look through all messages, some thousand in a transaction of their own, for those whose time is over."""
    last: int | None = 0
    # To the end: what was told long ahead of its visit stays among the oldest, and would hide all that lies behind.
    while last is not None:
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [last, AT_ONCE, now - KEPT])
            (last,) = cursor.fetchone()
