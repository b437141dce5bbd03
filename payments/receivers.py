"""What the money has to say when organizations change."""

from django.db.models import F
from django.dispatch import receiver

from clientline.refusals import FieldRefused
from organizations.signals import currency_changing, former_organization_imported
from payments.models import Payment
from payments.numbering import number_receipts


@receiver(currency_changing)
def keep_the_currency_of_payments(*, organization, **kwargs):
    """Amounts are stored without their currency: another one would turn 10 EUR into 10 USD."""
    if Payment.objects.filter(organization=organization).exists():
        raise FieldRefused(
            "currency",
            "protected",
            f"Payments are on record in {organization.currency}, so the currency stays as it is.",
        )


@receiver(former_organization_imported)
def number_what_had_no_number(*, organization, **kwargs):
    """As the migrations did for the rows they found."""
    Payment.objects.filter(organization=organization, settled_at__isnull=False).update(former_number=F("id"))
    number_receipts(organization.pk)
