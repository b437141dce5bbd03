"""What the services have to say when people and organizations change."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Floor
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.signals import leaving, role_changing
from clientline.currencies import WHOLE
from clientline.refusals import FieldRefused
from organizations.models import Organization
from organizations.signals import currency_changing
from services.models import Service, ServiceStaff


@receiver(role_changing)
def forget_performers_who_become_clients(*, person: User, role: str, **kwargs: Any) -> None:
    if role == "client":
        forget_performer(person=person)


@receiver(leaving)
def forget_performer(*, person: User, **kwargs: Any) -> None:
    """The services that lose the person are other versions then: who performs them is a part of the answer."""
    links = ServiceStaff.objects.filter(staff=person)
    named = Service.objects.filter(pk__in=links.values("service"))
    # In the order of their keys: two people who leave at once share services, and would lock them crosswise.
    keys = list(named.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    links.delete()
    Service.objects.filter(pk__in=keys).update(version=F("version") + 1)


@receiver(currency_changing)
def keep_prices_that_can_be_paid(*, organization: Organization, currency: str, **kwargs: Any) -> None:
    """A price of 9.50 could never be paid in a currency without a smaller unit."""
    services = Service.objects.filter(organization=organization)
    if currency in WHOLE and services.filter(price__gt=Floor("price")).exists():
        raise FieldRefused(
            "currency",
            "protected",
            _("%(currency)s has no smaller unit. Make all prices whole first.") % {"currency": currency},
        )
