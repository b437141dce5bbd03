"""What the money has to say when organizations change."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.dispatch import receiver
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.refusals import ChangedSince
from appointments.signals import client_of_visit_changing, visit_cancelled, visit_undone
from clientline.refusals import FieldRefused, Protected
from organizations.models import Organization
from organizations.signals import currency_changing, former_organization_imported
from payments import ledger, online
from payments.models import Payment, Refund
from payments.numbering import number_receipts
from payments.signals import provider_needed


@receiver(currency_changing)
def keep_the_currency_of_payments(*, organization: Organization, **kwargs: Any) -> None:
    """Amounts are stored without their currency: another one would turn 10 EUR into 10 USD."""
    if Payment.objects.filter(organization=organization).exists():
        raise FieldRefused(
            "currency",
            "protected",
            _("Payments are on record in %(currency)s, so the currency stays as it is.")
            % {"currency": organization.currency},
        )


@receiver(former_organization_imported)
def number_what_had_no_number(*, organization: Organization, **kwargs: Any) -> None:
    """As the migrations did for the rows they found."""
    Payment.objects.filter(organization=organization, settled_at__isnull=False).update(former_number=F("id"))
    number_receipts(organization.pk)


@receiver(visit_cancelled)
def give_up_what_need_not_be_paid(*, visit: Appointment, now: datetime, **kwargs: Any) -> None:
    """Whoever cancelled in time shall not pay on the page that is still open; who did not, no more than the fee."""
    ledger.give_up_needless_checkouts(visit, paying=Decimal(0), now=now)


@receiver(client_of_visit_changing)
def keep_money_with_who_paid(*, visit: Appointment, **kwargs: Any) -> None:
    """A payment belongs to its visit, and so to the client that has it."""
    if Payment.objects.filter(appointment=visit).exclude(status=Payment.Status.FAILED).exists():
        raise Protected(_("Money was taken for this visit, so its client stays: book another visit instead."))


@receiver(visit_undone)
def refuse_to_undo_what_was_paid_since(*, visit: Appointment, since: datetime, **kwargs: Any) -> None:
    """Money that came after a move came for what the visit was by then. What was voided, or never came, is no bar."""
    lately = Q(created_at__gt=since) | Q(settled_at__gt=since)
    paid = Payment.objects.filter(lately, appointment=visit).exclude(status=Payment.Status.FAILED)
    if paid.exists() or Refund.objects.filter(payment__appointment=visit, created_at__gt=since).exists():
        raise ChangedSince(_("Since then money was taken or refunded for this visit."))


@receiver(provider_needed)
def ask_the_provider_afterwards(*, rows: list[Payment | Refund], **kwargs: Any) -> None:
    """Not in the transaction. What fails here is logged, and asked again by `reconcile_payments`."""
    transaction.on_commit(partial(online.ask_after_commit, rows), robust=True)
