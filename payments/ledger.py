"""The ledger: the only writer of payments."""

from django.db import transaction

from clientline.errors import FieldRefused
from payments.models import Payment

# An online payment is settled by its provider alone.
SETTLED_BY_HAND = (Payment.Method.CASH, Payment.Method.CARD)


def record(*, by, appointment, amount, now, payment_method="", status=Payment.Status.PENDING):
    """Save a payment for a visit, pending or already completed. Raises FieldRefused."""
    completed = status == Payment.Status.COMPLETED
    if completed and payment_method not in SETTLED_BY_HAND:
        raise FieldRefused("status", "invalid", "Only cash and card payments can be recorded as completed.")
    with transaction.atomic():
        return Payment.objects.create(
            organization_id=appointment.organization_id,
            appointment=appointment,
            amount=amount,
            payment_method=payment_method,
            status=status,
            settled_at=now if completed else None,
            created_by=by,
            created_at=now,
        )
