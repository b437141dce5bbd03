"""Sending again, because somebody asked for it at the desk."""

from copy import copy
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from clientline.reach.messages.delivery.checking import REASONS, find_reason_to_skip
from clientline.reach.messages.former_clients import find_told_visit
from clientline.reach.messages.models import Message
from clientline.reach.messages.planning import find_address
from clientline.refusals import Refused
from organizations import audit

LEFT_THE_HOUSE = (Message.State.SENT, Message.State.DELIVERED)
UNDER_WAY = (Message.State.PLANNED, Message.State.SENDING)


class MessageUnderWay(Refused):
    code = "message_under_way"
    detail = gettext_lazy("This message is on its way, or waits for its time.")


class MessageOutdated(Refused):
    code = "message_outdated"

    def __init__(self, reason: str) -> None:
        super().__init__(gettext("It would not be sent again. %(reason)s") % {"reason": REASONS[reason]})


def send_again(*, by: User | None, message: Message, now: datetime) -> Message:
    """Plan a message anew, for now, under a Message-ID of its own; what was skipped before may be so once more.

    The caller holds its row. Raises MessageUnderWay, MessageOutdated.
    """
    if message.state in UNDER_WAY:
        raise MessageUnderWay
    if message.state != Message.State.SKIPPED:
        _refuse_outdated(message, now)
    columns = {"state": Message.State.PLANNED, "due_at": now, "try_at": now, "reason": "", "message_id": ""}
    # What was sent stays so, whatever becomes of its repetition: see `planning.SKIP_PLANNED`.
    columns["sent_at"] = message.sent_at if message.state in LEFT_THE_HOUSE else None
    for name, value in columns.items():
        setattr(message, name, value)
    with transaction.atomic():
        message.attempts = 0
        message.save(update_fields=[*columns, "attempts"])
        audit.record_event("message_again", by=by, row=message, appointment=message.appointment_id)
    return message


def _refuse_outdated(message: Message, now: datetime) -> None:
    """Or a row that says that it was sent would say from now on that it was skipped."""
    as_planned = copy(message)
    as_planned.appointment = find_told_visit(message)
    as_planned.due_at, as_planned.to = now, find_address(as_planned.appointment.client, message.channel)
    if reason := find_reason_to_skip(as_planned, now=now):
        raise MessageOutdated(reason)
