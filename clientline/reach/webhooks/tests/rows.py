"""Rows for tests of all resources: a receiver in a cast, and something that it was told."""

from django.utils import timezone

from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.reach.webhooks.models import WebhookDelivery


def add_webhook(cast):
    """The cast, with a `webhook` that hears of nothing that tests do, and a `delivery` to it that failed."""
    told = {"by": cast.admin, "organization": cast.organization, "url": "https://receiver.example/"}
    cast.webhook = create_endpoint(**told, events=["client.merged"], now=timezone.now())
    cast.delivery = WebhookDelivery.objects.create(
        organization=cast.organization, endpoint=cast.webhook, type="webhook.test", body="{}", state="failed"
    )
    return cast
