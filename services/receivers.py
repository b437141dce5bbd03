"""What the services have to say when people and organizations change."""

from django.db.models.functions import Floor
from django.dispatch import receiver

from accounts.signals import role_changing
from clientline.currencies import WHOLE
from clientline.errors import FieldRefused
from organizations.signals import currency_changing
from services.models import Service, ServiceStaff


@receiver(role_changing)
def forget_performers_who_become_clients(*, person, role, **kwargs):
    if role == "client":
        ServiceStaff.objects.filter(staff=person).delete()


@receiver(currency_changing)
def keep_prices_that_can_be_paid(*, organization, currency, **kwargs):
    """A price of 9.50 could never be paid in a currency without a smaller unit."""
    services = Service.objects.filter(organization=organization)
    if currency in WHOLE and services.filter(price__gt=Floor("price")).exists():
        raise FieldRefused("currency", "protected", f"{currency} has no smaller unit. Make all prices whole first.")
