"""What a bookkeeper reads of a payment: headings and the lookups behind them."""

COLUMNS = {
    "id": "id",
    "organization": "organization__name",
    "appointment": "appointment_id",
    "client": "appointment__client__name",
    "staff": "appointment__staff__name",
    "service": "appointment__service__name",
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
