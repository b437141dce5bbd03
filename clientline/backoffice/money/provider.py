"""Online payments and refunds that the back office has recorded: their provider is asked at once, as by the API."""

from django.utils import timezone

from accounts.middleware import between_transactions
from clientline import wording
from payments import online
from payments.models import Payment, Refund

PAYMENT_NOTES = {
    "pending": "The payment of {amount} is recorded. It is pending until the client has paid on its payment page.",
    "failed": "The payment provider declined the payment of {amount}.",
}
REFUND_NOTES = {
    "pending": "The refund of {amount} is recorded. It is pending until the payment provider confirms it.",
    "failed": "The payment provider declined the refund of {amount}.",
}


def ask_provider(request, made):
    """What to tell of a payment or refund that its provider has not completed; None for anything else."""
    if isinstance(made, Payment) and made.provider:
        with between_transactions(request):
            answer = online.ask_for_payment(made)
        online.note_payment(made.pk, answer, now=timezone.now())
        return note_on(made, PAYMENT_NOTES.get(Payment.objects.get(pk=made.pk).status))
    if isinstance(made, Refund) and made.key:
        with between_transactions(request):
            answer = online.ask_for_refund(made)
        online.note_refund(made, answer, now=timezone.now())
        return note_on(made, REFUND_NOTES.get(Refund.objects.get(pk=made.pk).status))
    return None


def note_on(made, note):
    return note and note.format(amount=wording.money(made.amount, made.organization.currency))
