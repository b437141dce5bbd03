"""Sending again, because somebody asked for it at the desk."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from clientline.reach.messages.models import Message
from clientline.refusals import Refused
from organizations import audit

UNDER_WAY = (Message.State.PLANNED, Message.State.SENDING)


class MessageUnderWay(Refused):
    code = "message_under_way"
    detail = gettext_lazy("This message is on its way, or waits for its time.")


def send_again(*, by: User | None, message: Message, now: datetime) -> Message:
    """Plan a message anew, for now, under a Message-ID of its own; what does not hold any more is skipped all the same.

    The caller holds its row. Raises MessageUnderWay.
    """
    if message.state in UNDER_WAY:
        raise MessageUnderWay
    columns = {"state": Message.State.PLANNED, "due_at": now, "try_at": now, "reason": "", "message_id": ""}
    for name, value in columns.items():
        setattr(message, name, value)
    with transaction.atomic():
        message.attempts = 0
        message.save(update_fields=[*columns, "attempts"])
        audit.record_event("message_again", by=by, row=message, appointment=message.appointment_id)
    return message
