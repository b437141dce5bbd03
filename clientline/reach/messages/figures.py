"""Messages as operators watch them."""

from django.db import connection

from clientline.web import metrics

FIGURES = """
SELECT (SELECT count(*) FROM messages WHERE state = 'planned' AND try_at <= now()),
    (SELECT coalesce(extract(epoch FROM now() - min(try_at)), 0) FROM messages
        WHERE state = 'planned' AND try_at <= now()),
    (SELECT count(*) FROM messages WHERE state = 'sending')
"""


@metrics.gauge
def measure_messages() -> dict[str, float]:
    """Messages that are due, seconds the oldest has waited, and those that are on their way right now."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES)
        due, seconds, sending = cursor.fetchone()
    return {"messages_due": due, "messages_oldest_seconds": float(seconds), "messages_sending": sending}
