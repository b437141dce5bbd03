"""Writes what is owed to receivers, in the transaction of what happened: lost with it, and never without it."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import client_erased, client_merged, clients_created
from appointments.models import Appointment
from appointments.signals import visits_changed
from clientline.reach.webhooks.deliveries import has_listeners, tell_deliveries, write_deliveries
from clientline.reach.webhooks.events import describe_client, describe_money, describe_visits
from clientline.reach.webhooks.models import TYPES, WebhookEndpoint
from organizations.models import Organization
from organizations.signals import organization_imported
from payments.models import Payment, Refund
from payments.signals import money_moved

# What was taken back is told as a correction: of the status, or of where the last move had led.
CALLED = {"reopened": "corrected", "undone": "corrected"}


@receiver(visits_changed)
def owe_word_of_visits(*, visits: list[Appointment], happened: str, now: datetime, **kwargs: Any) -> None:
    kind = f"appointment.{CALLED.get(happened, happened)}"
    bodies = describe_visits(kind, visits, now) if kind in TYPES else []
    if bodies:
        tell_deliveries(kind, bodies, organization=visits[0].organization_id, now=now)


@receiver(money_moved)
def owe_word_of_money(*, row: Payment | Refund, happened: str, now: datetime, **kwargs: Any) -> None:
    kind = f"{row._meta.model_name}.{happened}"
    write_deliveries(kind, [describe_money(kind, row, now)], organization=row.organization_id, now=now)


@receiver(clients_created)
def owe_word_of_new_clients(*, organization: int, keys: list[int], now: datetime, **kwargs: Any) -> None:
    kind = "client.created"
    if has_listeners(kind, organization=organization):
        people = User.objects.filter(pk__in=keys).order_by("id")
        write_deliveries(
            kind, [describe_client(kind, each, now) for each in people], organization=organization, now=now
        )


@receiver(client_merged)
def owe_word_of_a_merger(*, kept: User, duplicate: User, now: datetime, **kwargs: Any) -> None:
    kind = "client.merged"
    bodies = [describe_client(kind, duplicate, now, into=kept.pk)]
    write_deliveries(kind, bodies, organization=duplicate.organization_id, now=now)


@receiver(client_erased)
def owe_word_of_an_erasure(*, person: User, now: datetime, **kwargs: Any) -> None:
    kind = "client.erased"
    write_deliveries(kind, [describe_client(kind, person, now)], organization=person.organization_id, now=now)


@receiver(organization_imported)
def keep_receivers_from_being_told_twice(*, organization: Organization, **kwargs: Any) -> None:
    """Where it came from, it may still live and call them."""
    came = WebhookEndpoint.objects.filter(organization=organization, is_active=True)
    came.update(is_active=False, disabled_reason=WebhookEndpoint.Why.IMPORTED)
