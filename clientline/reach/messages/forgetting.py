"""What was told is kept for a year after the visit, then forgotten with the address it went to."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from clientline.reach.jobs import every

KEPT = timedelta(days=365)
AT_ONCE = 10_000  # rows that are looked at in one statement

# The oldest rows alone are looked at, by their key: where some were told long ahead, those behind wait for them.
FORGET = """
WITH oldest AS (SELECT id, start, state FROM messages ORDER BY id LIMIT %s)
DELETE FROM messages WHERE id IN (SELECT id FROM oldest WHERE start < %s AND state NOT IN ('planned', 'sending'))
"""


@every(3600)
def forget_old_messages() -> bool:
    """Of all organizations; whether there may be more."""
    return forget_messages(now=timezone.now())


def forget_messages(*, now: datetime) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET, [AT_ONCE, now - KEPT])
        return bool(cursor.rowcount == AT_ONCE)
