"""What must hold for payments and refunds beyond their constraints and triggers."""

from clientline.database.invariants import Invariant
from clientline.redaction import REDACTOR_ROLE

INVARIANTS = [
    Invariant(
        name="payment_settled_after_it_was_recorded",
        sql="SELECT id FROM payments WHERE settled_at < created_at",
        says="payments settled before they were recorded",
    ),
    Invariant(
        name="payment_says_what_was_refunded",
        sql="""
            SELECT payment.id FROM payments payment
            LEFT JOIN refunds refund ON refund.payment_id = payment.id AND refund.status = 'completed'
            GROUP BY payment.id HAVING payment.refunded_amount <> coalesce(sum(refund.amount), 0)
        """,
        says="payments whose refunded amount is not the sum of their completed refunds",
    ),
    Invariant(
        name="refund_recorded_after_the_money_came",
        sql="""
            SELECT refund.id FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
            WHERE refund.created_at < payment.settled_at
        """,
        says="refunds of money that had not come",
    ),
    Invariant(
        name="money_that_moved_has_its_number",
        sql="""
            SELECT id FROM payments WHERE (settled_at IS NULL) <> (receipt_number IS NULL)
            UNION ALL SELECT id FROM refunds WHERE (settled_at IS NULL) <> (receipt_number IS NULL)
        """,
        says="settled payments or refunds without a receipt number, or others with one",
    ),
    Invariant(
        name="receipts_are_numbered_without_gaps",
        # Numbers are distinct in each table; so many up to the last in both together are all of them.
        sql="""
            SELECT counter.organization_id FROM receipt_counters counter LEFT JOIN (
                SELECT organization_id, receipt_number FROM payments WHERE receipt_number IS NOT NULL
                UNION SELECT organization_id, receipt_number FROM refunds WHERE receipt_number IS NOT NULL
            ) AS numbered USING (organization_id)
            GROUP BY counter.organization_id, last_number
            HAVING count(receipt_number) <> last_number OR max(receipt_number) <> last_number
        """,
        says="organizations whose receipts have gaps, or a number twice",
    ),
    Invariant(
        name="receipts_follow_their_counter",
        sql="""
            SELECT organization_id FROM (
                SELECT organization_id FROM payments WHERE receipt_number IS NOT NULL
                UNION SELECT organization_id FROM refunds WHERE receipt_number IS NOT NULL
            ) AS numbered
            WHERE NOT EXISTS (SELECT FROM receipt_counters WHERE organization_id = numbered.organization_id)
        """,
        says="organizations with receipts and without their counter",
    ),
    Invariant(
        name="figures_of_clients_add_up",
        # All figures of each client; and of each visit what is left to pay, as what is folded away has nothing left.
        sql="""
            SELECT client_id FROM (
                SELECT client_id, scheduled, completed, cancelled, no_show, price, charge, paid, refunded
                FROM client_totals
                UNION ALL SELECT client_id, -scheduled, -completed, -cancelled, -no_show, -price, -charge, -paid,
                    -refunded FROM list_figures_of_visits(NULL)
            ) AS both_sides GROUP BY client_id
            HAVING (sum(scheduled), sum(completed), sum(cancelled), sum(no_show), sum(price), sum(charge), sum(paid),
                sum(refunded)) <> (0, 0, 0, 0, 0, 0, 0, 0)
            UNION SELECT min(client_id) FROM (
                SELECT client_id, visit, charge - paid + refunded AS net FROM client_totals
                UNION ALL SELECT client_id, id, -(charge - paid + refunded) FROM list_figures_of_visits(NULL)
            ) AS open GROUP BY visit HAVING sum(net) <> 0
        """,
        says="clients whose figures are not the sum of their visits",
    ),
    Invariant(
        name="payment_is_what_was_asked_for",
        sql="SELECT id FROM payments WHERE instead_of_id IS NOT NULL",
        says="online payments of which the provider took another amount than it was asked for",
        is_fault=False,
    ),
    Invariant(
        name="refund_settled_after_it_was_recorded",
        sql="SELECT id FROM refunds WHERE settled_at < created_at",
        says="refunds settled before they were recorded",
    ),
    Invariant(
        name="words_are_blanked_by_the_redactor_alone",
        sql="""
            SELECT 'redact_client' WHERE NOT EXISTS (
                SELECT FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner
                WHERE proname = 'redact_client' AND rolname = %(role)s AND NOT rolcanlogin AND NOT rolsuper
            )
        """,
        says="functions that do not belong to the role that alone may blank words: nobody can be erased",
        parameters=lambda: {"role": REDACTOR_ROLE},
    ),
]
