"""Online payments and refunds between two transactions: what is asked of the provider, and what it says by itself.

The row is committed with its key before anybody is asked, so that whatever is lost on the way can be found again.
"""

import logging
from contextlib import contextmanager

from django.db import transaction

from organizations.tenancy import confine, release
from payments import gateway, ledger
from payments.models import Payment, Refund

logger = logging.getLogger(__name__)


def ask_for_payment(payment):
    """The provider's Answer, with the page on which the client pays. Outside a transaction."""
    return gateway.ask_gateway(payment.provider, "begin", _request_for(payment, payment))


def ask_for_refund(refund):
    """The provider's Answer. Outside a transaction."""
    payment = refund.payment
    return gateway.ask_gateway(payment.provider, "refund", _request_for(refund, payment), payment.reference)


def look_up_refund(refund):
    """The provider's Answer about a refund; it is asked for again only where the provider never heard of it."""
    payment = refund.payment
    try:
        known = gateway.open_gateway(payment.provider).look_up_refund(refund.key, payment.reference)
    except gateway.NoAnswer as silence:
        logger.warning("The payment provider did not answer: %s", silence)
        return gateway.Answer()
    return known or ask_for_refund(refund)


def _request_for(row, payment):
    organization = payment.organization
    return gateway.Request(row.key, row.amount, organization.currency, f"{organization} · {payment.pk}")


def note_payment(pk, answer, *, now):
    """Record what the provider answered about a payment. Whether that settled it."""
    payment = lock_payment(pk)
    ledger.note_reference(payment, reference=answer.reference, checkout_url=answer.url)
    return ledger.settle_payment(payment=payment, outcome=answer.outcome, now=now)


def note_refund(refund, answer, *, now):
    """Record what the provider answered about a refund. Whether that settled it."""
    payment = lock_payment(refund.payment_id)
    return ledger.settle_refund(refund=refund, payment=payment, answer=answer, now=now)


def lock_payment(pk):
    return Payment.objects.select_for_update(no_key=True, of=("self",)).select_related("organization").get(pk=pk)


def settle_event(event, *, now):
    """Settle what a verified callback is about, confined to its organization. Safe in any order and any number."""
    model = {gateway.PAYMENT: Payment, gateway.REFUND: Refund}[event.kind]
    row = model.objects.filter(key=event.key).first()
    if row is None:
        logger.warning("A callback is about the %s %s, which is not ours", event.kind, event.key)
        return
    with open_confined_transaction(row.organization_id):
        if event.kind == gateway.PAYMENT:
            note_payment(row.pk, event.answer, now=now)
        else:
            note_refund(row, event.answer, now=now)


@contextmanager
def open_confined_transaction(organization_id):
    """A transaction for what a provider says by itself: of one organization, and nobody's doing."""
    with transaction.atomic():
        confine(organization_id=organization_id)
        yield
    release()
