"""Online payments and refunds between two transactions: what is asked of the provider, and what it says by itself.

The row is committed with its key before anybody is asked, so that whatever is lost on the way can be found again.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clientline.database.prepared import connection
from clientline.refusals import Moved, Moving
from organizations.tenancy import confine_transaction, release
from payments import arrivals, gateway
from payments.models import Payment, Refund

logger = logging.getLogger(__name__)


def settle_with_provider(row: Payment | Refund, *, between: AbstractContextManager) -> None:
    """Tell the provider about an online payment or refund, and record what it says; nothing of others.

    `between` is entered between two transactions: a provider may take seconds, while locks would be held, and a
    rollback would not undo what it did. The row is committed before, its outcome after.
    """
    if row.key is None:
        return
    with between:
        answer = _expire(row) if _is_given_up(row) else ask_provider(row)
    note_answer(row, answer, now=timezone.now())  # of after the asking


def ask_provider(row: Payment | Refund) -> gateway.Answer:
    """The provider's Answer about a payment, with the page where its client pays, or a refund. In no transaction."""
    payment = _find_payment(row)
    organization = payment.organization
    asked = gateway.Request(row.key, row.amount, organization.currency, f"{organization} · {payment.pk}")
    if isinstance(row, Payment):
        return gateway.ask_gateway(payment.provider, "begin", asked)
    return gateway.ask_gateway(payment.provider, "refund", asked, payment.reference)


def _is_given_up(row: Payment | Refund) -> bool:
    """Whether it is a payment whose money is not wanted any more."""
    return isinstance(row, Payment) and row.given_up_at is not None


def _expire(row: Payment | Refund) -> gateway.Answer:
    """Close the page on which a client could pay: the provider's Answer. In no transaction."""
    payment = _find_payment(row)
    known = payment.reference
    if not known:  # it may have been asked, and its answer lost: the same key finds the same page
        answer = ask_provider(payment)
        if not answer.reference:
            return answer
        known = answer.reference
    return gateway.ask_gateway(payment.provider, "expire", known)


def ask_after_commit(rows: list[Payment | Refund]) -> None:
    """Expire payments that were given up, and carry refunds out; whoever does not answer is asked by reconciling."""
    for row in rows:
        fresh = type(row)._default_manager.get(pk=row.pk)
        answer = look_up(fresh) if isinstance(fresh, Payment) else ask_provider(fresh)
        with open_confined_transaction(fresh.organization_id):
            note_answer(fresh, answer, now=timezone.now())


def look_up(row: Payment | Refund) -> gateway.Answer:
    """The provider's Answer about what it was asked before; it is asked again only where it never heard of it."""
    payment = _find_payment(row)
    if isinstance(row, Payment):
        if _is_given_up(row):
            return _expire(row)
        known = payment.reference
        # Without a reference we died before its answer came: asked again with the same key, it answers with the first.
        return gateway.ask_gateway(payment.provider, "look_up", known) if known else ask_provider(row)
    try:
        known = gateway.open_gateway(payment.provider).look_up_refund(row.key, payment.reference)
    except gateway.NoAnswer as silence:
        logger.warning("The payment provider did not answer: %s", silence)
        return gateway.Answer()
    # With the same key: a provider that had it after all does nothing twice.
    return known or ask_provider(row)


def _find_payment(row: Payment | Refund) -> Payment:
    return row if isinstance(row, Payment) else row.payment


def note_answer(row: Payment | Refund, answer: gateway.Answer, *, now: datetime) -> bool:
    """Record what the provider answered about a payment or refund. Whether that settled it."""
    payment = lock_payment(row.payment_id if isinstance(row, Refund) else row.pk)
    if isinstance(row, Refund):
        return arrivals.settle_refund(refund=row, payment=payment, answer=answer, now=now)
    arrivals.note_reference(payment, reference=answer.reference, checkout_url=answer.url)
    return arrivals.settle_payment(payment=payment, answer=answer, now=now)


def lock_payment(pk: int) -> Payment:
    """The payment, until the transaction ends, with its organization."""
    # Of the payment alone: a lock on its organization would hold up every booking there.
    return Payment.objects.select_for_update(no_key=True, of=("self",)).select_related("organization").get(pk=pk)


def settle_event(event: gateway.Event, *, now: datetime) -> bool:
    """Settle what a verified callback is about, confined to its organization. Safe in any order and any number.

    Whether it changed anything.
    """
    models: dict[str, type[Payment] | type[Refund]] = {gateway.PAYMENT: Payment, gateway.REFUND: Refund}
    # Not confined yet: nobody is signed in, and only the row with the key says which organization it is about.
    model, key = (models[event.kind], event.key) if event.key else (Payment, event.payment)
    row = model.objects.filter(key=key).first()
    if row is None:
        logger.warning("A callback is about the %s %s, which is not ours", event.kind, key)
        return False
    with open_confined_transaction(row.organization_id):
        if isinstance(row, Refund) or event.kind == gateway.PAYMENT:
            return note_answer(row, event.answer, now=now)
        return _note_foreign_refund(row, event.answer, now=now)


def _note_foreign_refund(asked: Payment, answer: gateway.Answer, *, now: datetime) -> bool:
    """Of the payment that came, where it is another than was asked for."""
    came = Payment.objects.filter(instead_of=asked).first() or asked
    changed = arrivals.note_foreign_refund(payment=lock_payment(came.pk), answer=answer, now=now)
    if not changed:
        logger.warning("The provider's refund %s of payment %s changes nothing", answer.reference, came.pk)
    return changed


def find_foreign_refunds(*, since: datetime, now: datetime) -> int:
    """Record the refunds made in the provider's own pages of which no callback told. How many there were."""
    if not settings.PAYMENT_PROVIDER:
        return 0
    try:
        events = gateway.open_gateway(settings.PAYMENT_PROVIDER).list_refunds(since, _find_known_refunds)
    except gateway.NoAnswer as silence:
        logger.warning("The payment provider did not answer: %s", silence)
        return 0
    return sum(_settle_if_here(event, now=now) for event in events)


def _settle_if_here(event: gateway.Event, *, now: datetime) -> bool:
    """Whether it changed anything. Of an organization that is elsewhere the new home settles it."""
    try:
        return settle_event(event, now=now)
    except (Moving, Moved):
        return False


def _find_known_refunds(references: list[str]) -> set[str]:
    """Those of which nothing more is to come."""
    known = Refund.objects.filter(reference__in=references).exclude(status=Refund.Status.PENDING)
    return set(known.values_list("reference", flat=True))


@contextmanager
def open_confined_transaction(organization_id: int) -> Iterator[None]:
    """A transaction for what a provider says by itself: of one organization, and nobody's doing."""
    with transaction.atomic():
        confine_transaction(organization_id=organization_id)
        yield
        connection.confirm()  # a provider that is told so does not say it again
    release()
