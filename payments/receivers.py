"""What the money has to say when organizations change."""

from django.dispatch import receiver

from clientline.refusals import FieldRefused
from organizations.signals import currency_changing
from payments.models import Payment


@receiver(currency_changing)
def keep_the_currency_of_payments(*, organization, **kwargs):
    """Amounts are stored without their currency: another one would turn 10 EUR into 10 USD."""
    if Payment.objects.filter(organization=organization).exists():
        raise FieldRefused(
            "currency",
            "protected",
            f"Payments are on record in {organization.currency}, so the currency stays as it is.",
        )
