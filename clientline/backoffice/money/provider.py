"""Online payments and refunds that the back office has recorded: their provider is asked at once, as by the API."""

from django.utils import timezone

from accounts.middleware import between_transactions
from payments import online
from payments.models import Payment, Refund

PAYMENT_NOTES = {
    "pending": "The payment is recorded. It is pending until the client has paid on its payment page.",
    "failed": "The payment provider declined the payment.",
}
REFUND_NOTES = {
    "pending": "The refund is recorded. It is pending until the payment provider confirms it.",
    "failed": "The payment provider declined the refund.",
}


def ask_provider(request, made):
    """What to tell of a payment or refund that its provider has not completed; None for anything else."""
    if isinstance(made, Payment) and made.provider:
        with between_transactions(request):
            answer = online.ask_for_payment(made)
        online.note_payment(made.pk, answer, now=timezone.now())
        return PAYMENT_NOTES.get(Payment.objects.get(pk=made.pk).status)
    if isinstance(made, Refund) and made.key:
        with between_transactions(request):
            answer = online.ask_for_refund(made)
        online.note_refund(made, answer, now=timezone.now())
        return REFUND_NOTES.get(Refund.objects.get(pk=made.pk).status)
    return None
