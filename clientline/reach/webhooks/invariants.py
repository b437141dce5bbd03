"""What must hold of calls beyond their constraints."""

from clientline.database.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="delivered_webhook_was_received",
        sql="""
            SELECT d.id FROM webhook_deliveries d WHERE d.state = 'delivered' AND NOT EXISTS (
                SELECT FROM webhook_attempts a WHERE a.delivery_id = d.id AND a.failure = ''
            )
        """,
        says="webhook deliveries that count as delivered without an attempt that succeeded",
    ),
    Invariant(
        name="due_webhooks_are_called",
        sql="""
            SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
            WHERE d.state = 'pending' AND d.due_at < now() - interval '1 hour' AND e.is_active
                AND coalesce(e.attended_until, d.due_at) < now() - interval '15 minutes'
        """,
        says="webhook deliveries that are due for an hour and nobody makes: is there a worker?",
        is_fault=False,
    ),
]
