"""Messages as operators watch them."""

from django.db import connection

from clientline.web import metrics

FIGURES = """
SELECT (SELECT count(*) FROM messages WHERE state = 'planned' AND try_at <= now()),
    (SELECT coalesce(extract(epoch FROM now() - min(try_at)), 0) FROM messages
        WHERE state = 'planned' AND try_at <= now()),
    (SELECT count(*) FROM messages WHERE state = 'sending'),
    (SELECT count(*) FROM messages
        WHERE state IN ('failed', 'bounced', 'unsure') AND claimed_at > now() - interval '1 day')
"""


@metrics.gauge
def measure_messages() -> dict[str, float]:
    """Messages that are due, seconds the oldest has waited, those on their way, and those of a day that failed."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES)
        due, seconds, sending, failed = cursor.fetchone()
    told = {"messages_due": due, "messages_oldest_seconds": float(seconds)}
    return told | {"messages_sending": sending, "messages_failed": failed}
