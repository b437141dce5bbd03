"""What a bookkeeper reads of a payment: headings and the lookups behind them."""

from django.db.models.functions import Coalesce

# Whose it was and for what when the money came, as reports and receipts have it; of money to come, what the visit says.
COLUMNS = {
    "id": "id",
    "organization": "organization__name",
    "appointment": "appointment_id",
    "client": "appointment__client__name",
    "staff": Coalesce("staff__name", "appointment__staff__name"),
    "service": Coalesce("service__name", "appointment__service__name"),
    "payment_method": "payment_method",
    "status": "status",
    "currency": "organization__currency",
    "amount": "amount",
    "refunded_amount": "refunded_amount",
    "reference": "reference",
    "created_at": "created_at",
    "settled_at": "settled_at",
    # Behind those that programs have long been reading by their places.
    "tip": "tip",
    "rounding": "rounding",
    "receipt_number": "receipt_number",
    "voided_at": "voided_at",
}
