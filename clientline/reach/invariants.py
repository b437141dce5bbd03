"""What must hold of what leaves the house, from each of its rooms."""

from clientline.reach.messages import invariants as of_messages
from clientline.reach.webhooks import invariants as of_webhooks

INVARIANTS = of_messages.INVARIANTS + of_webhooks.INVARIANTS
