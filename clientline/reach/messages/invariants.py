"""What must hold of the messages that left."""

from clientline.database.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="no_message_for_a_visit_that_does_not_stand",
        # What leaves is looked at under a lock on the visit: a change of it is later than the claim.
        sql="""
            SELECT message.id FROM messages message JOIN appointments visit ON visit.id = message.appointment_id
            WHERE message.state IN ('sending', 'sent', 'delivered', 'bounced', 'unsure')
            AND message.kind IN ('confirmation', 'moved', 'reminder')
            AND (visit.cancelled_at < message.claimed_at OR message.claimed_at >= message.start)
        """,
        says="messages that were sent for a visit that did not stand any more",
    ),
    Invariant(
        name="no_reminder_twice_for_one_start",
        sql="""
            SELECT min(id) FROM messages
            WHERE kind = 'reminder' AND state IN ('sending', 'sent', 'delivered', 'bounced', 'unsure')
            GROUP BY appointment_id, rule, channel, start HAVING count(*) > 1
        """,
        says="reminders that were sent twice for one start",
    ),
    Invariant(
        name="messages_under_way_are_taken_up",
        sql="SELECT id FROM messages WHERE state = 'sending' AND claimed_at < now() - interval '1 hour'",
        says="messages that somebody began to send an hour ago: is a worker running?",
        is_fault=False,
    ),
]
