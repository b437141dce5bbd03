"""What must hold for payments beyond their constraints."""

from clientline.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="payment_settled_after_it_was_recorded",
        sql="SELECT id FROM payments WHERE settled_at < created_at",
        says="payments settled before they were recorded",
    ),
]
