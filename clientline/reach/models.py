"""The tables of this room, for Django to find."""

from clientline.reach.calendars.models import Feed
from clientline.reach.files.models import ListFile, ListFilePart
from clientline.reach.guests.models import BookingRequest, GuestLogo, ManageLink
from clientline.reach.messages.models import Message, MessageRule, MessageText, OptOut
from clientline.reach.passwords.models import PasswordReset
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "BookingRequest",
    "Feed",
    "GuestLogo",
    "ListFile",
    "ListFilePart",
    "ManageLink",
    "Message",
    "MessageRule",
    "MessageText",
    "OptOut",
    "PasswordReset",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
