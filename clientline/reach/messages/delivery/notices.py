"""What mail services and providers of SMS tell of a message after it left: that it arrived, or did not.

They tell it more than once and in any order. The last word of a message is that it did not arrive.
"""

from datetime import datetime

from django.db.models import QuerySet

from clientline.reach.jobs import confined
from clientline.reach.messages.former_clients import find_reader
from clientline.reach.messages.models import Message, cut_words
from clientline.reach.messages.opting_out import opt_out

# What a state may come after. The notice may be here before the worker has marked what it sent, and an SMS of which
# nobody knew whether it went did go after all.
BEFORE = {
    Message.State.SENT: ("unsure",),
    Message.State.DELIVERED: ("sending", "sent", "unsure"),
    Message.State.BOUNCED: ("sending", "sent", "unsure", "delivered"),
}


def note_outcome(
    state: Message.State, *, now: datetime, number: int | None = None, provider_id: str = "", reason: str = ""
) -> None:
    """Note what became of the message with our `number`, or else the provider's id. Codes are no messages: nothing
    is noted of them, nor of what is forgotten by now.
    """
    found = _find(number, provider_id)
    organization = found.values_list("organization", flat=True).first()
    if organization is None:
        return
    with confined(organization):
        message = found.filter(state__in=BEFORE[state]).select_for_update(no_key=True).first()
        if message is None:
            return
        # Servers repeat the address in what they say, and whoever was erased has none here.
        message.state, message.reason = state, cut_words(reason) if message.to else ""
        message.sent_at, message.provider_id = message.sent_at or now, message.provider_id or cut_words(provider_id)
        message.save(update_fields=["state", "reason", "sent_at", "provider_id"])


def note_complaint(*, now: datetime, number: int | None = None, provider_id: str = "") -> None:
    """Whoever calls a message spam is not reminded any more."""
    found = _find(number, provider_id)
    organization = found.values_list("organization", flat=True).first()
    if organization is not None:
        with confined(organization):
            if client := find_reader(found.select_related("appointment__client").latest("id")):
                opt_out(client=client, now=now)


def _find(number: int | None, provider_id: str) -> QuerySet[Message]:
    if number is not None:
        return Message.objects.filter(pk=number)
    return Message.objects.filter(provider_id=provider_id).exclude(provider_id="")
