"""The tables of this room, for Django to find."""

from clientline.reach.messages.models import Message, MessageRule, MessageText, OptOut
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = ["Message", "MessageRule", "MessageText", "OptOut", "WebhookAttempt", "WebhookDelivery", "WebhookEndpoint"]
