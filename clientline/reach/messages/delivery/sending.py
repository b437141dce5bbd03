"""Sending: each message that is due is claimed, which commits, then sent, then marked.

Whoever dies in between leaves it `sending`. A mail is then sent once more under the same Message-ID, so that readers
show it once; an SMS never, as nobody knows whether it went: it is `unsure`, and people see that.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from clientline.reach.jobs import confined, every
from clientline.reach.messages.contents import Letter, find_sender, link_makers, write_letter
from clientline.reach.messages.delivery.checking import find_reason_to_skip
from clientline.reach.messages.delivery.post import NotSent, Postman
from clientline.reach.messages.delivery.sms import OutcomeUnknown
from clientline.reach.messages.former_clients import find_told_visit
from clientline.reach.messages.models import Message, cut_words
from clientline.reach.messages.planning import find_address
from clientline.refusals import Moved
from organizations.homes import IS_HERE

logger = logging.getLogger(__name__)

WORKER_DIED = gettext_noop("The worker died while it was sent.")
BATCH = 50  # messages between two looks at what is due
GIVEN_UP = timedelta(minutes=3)  # after which nobody is sending any more what somebody claimed
WAITS = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=8), timedelta(minutes=20)]  # before each retry

# By the partial index: it costs what is due, not what is planned. As the owner, as it reads ids of all organizations.
# Whoever has moved to another installation is told from there.
DUE = f"""
SELECT id, organization_id, appointment_id FROM messages
WHERE state = 'planned' AND try_at <= %s AND {IS_HERE.format("messages.organization_id")}
ORDER BY try_at, id LIMIT %s
"""  # noqa: S608 -- ours
# Before the message's own row, as whoever moves a visit does; who is at it right now is not waited for.
HOLD_VISIT = "SELECT 1 FROM appointments WHERE id = %s FOR SHARE SKIP LOCKED"
LEFT = f"""
SELECT id, organization_id, appointment_id FROM messages WHERE state = 'sending' AND claimed_at < %s
AND {IS_HERE.format("messages.organization_id")} LIMIT %s
"""  # noqa: S608 -- ours


class Due(NamedTuple):
    message: int
    organization: int
    appointment: int


def list_due(now: datetime, limit: int = BATCH) -> list[Due]:
    """The messages that were due first, of all organizations."""
    return _list(DUE, now, limit)


def _list(sql: str, moment: datetime, limit: int) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [moment, limit])
        return [Due(*row) for row in cursor.fetchall()]


@every(1)
def send_due() -> bool:
    """Send what is due. Whether there was a batch of it."""
    due = list_due(timezone.now())
    with Postman() as postman:
        done = [send(each, postman) for each in due]
    # Those that nobody could claim wait for the next round: else a visit that is held would keep it turning.
    return len(due) == BATCH and any(done)


def send(due: Due, postman: Postman) -> bool:
    """Claim, send and mark one message; whether it was still there to be claimed. Raises where the database is gone."""
    # Whatever else is wrong with one: each round would begin with it again, and nothing behind it would leave.
    try:
        claimed = claim(due, now=timezone.now())
    except Moved as elsewhere:
        logger.warning("Message %s is left to another installation: %s", due.message, elsewhere)
        return False
    except (OperationalError, InterfaceError):
        if not connection.is_usable():
            raise
        logger.exception("Message %s has to wait", due.message)
        return _put_off(due)
    except Exception:
        logger.exception("Message %s cannot be written", due.message)
        return _give_up(due)
    if claimed is None:
        return False
    message, letter = claimed
    if letter is not None:
        _note(message, _deliver(letter, message, postman))
    return True


def _give_up(due: Due) -> bool:
    """Say that the message failed, for want of anybody who could write it. Whether it was still planned."""
    now = timezone.now()
    with confined(due.organization):
        planned = Message.objects.filter(pk=due.message, state="planned")
        return bool(planned.update(state="failed", reason="unwritten", claimed_at=now, sent_at=now))


def _put_off(due: Due) -> bool:
    """Let the message wait, which the database refused for now. Whether it was still planned."""
    with confined(due.organization):
        message = Message.objects.filter(pk=due.message, state="planned").select_for_update(no_key=True).first()
        if message is not None:
            message.attempts += 1
            _change(
                message,
                attempts=message.attempts,
                claimed_at=timezone.now(),
                **_plan_again(message, NotSent("put_off")),
            )
    return message is not None


def _note(message: Message, outcome: dict[str, object]) -> None:
    """Mark a message with what came of it; as unsure where that cannot be stored."""
    try:
        mark(message, **outcome)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("What came of message %s cannot be stored: %s", message.pk, outcome)
        mark(message, state="unsure", reason="unmarked")


def claim(due: Due, *, now: datetime) -> tuple[Message, Letter | None] | None:
    """The message with what is to be sent, claimed and committed; without a letter where it is skipped.

    None where somebody else has it, or its visit is being changed.
    """
    with confined(due.organization):
        if not _hold_visit(due.appointment):
            return None
        message = _lock(due, "planned")
        if message is None:
            return None
        message.appointment = find_told_visit(message)
        message.to = find_address(message.appointment.client, message.channel)
        reason = find_reason_to_skip(message, now=now)
        if reason:
            _change(message, state=_choose_skipped(message, reason), reason=reason)
            return message, None
        _take(message, now)
        return message, write_letter(message, now=now, link=_make_link(message, now))


def _choose_skipped(message: Message, reason: str) -> str:
    """What was sent, and does not leave again, stays sent; a reminder where another one of that time took its place."""
    return "sent" if message.sent_at and reason != "already_sent" else "skipped"


def _hold_visit(appointment: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(HOLD_VISIT, [appointment])
        return cursor.fetchone() is not None


def _lock(due: Due, state: str) -> Message | None:
    rows = Message.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    related = (f"appointment__{name}" for name in ("organization", "client", "staff", "service"))
    return rows.select_related("appointment", *related).filter(pk=due.message, state=state).first()


def _take(message: Message, now: datetime) -> None:
    sender = message.sender or _find_first_sender(message) or find_sender()
    _change(
        message,
        state="sending",
        reason="",
        claimed_at=now,
        attempts=message.attempts + 1,
        to=message.to,
        sender=sender if message.channel == "mail" else "",
        message_id=message.message_id or f"<{uuid4()}@{sender.rpartition('@')[2]}>",
    )


def _find_first_sender(message: Message) -> str:
    """Whoever invited to a visit stays its organizer in calendars, which believe nobody else."""
    others = Message.objects.filter(appointment=message.appointment_id).exclude(sender="").order_by("id")
    return others.values_list("sender", flat=True).first() or ""


def _make_link(message: Message, now: datetime) -> str:
    if message.kind in ("cancelled", "receipt"):
        return ""
    return next((link for make in link_makers if (link := make(message.appointment, now))), "")


def _deliver(letter: Letter, message: Message, postman: Postman) -> dict[str, object]:
    """Send it; the columns that say what came of it."""
    try:
        provider_id = postman.send(letter)
    except OutcomeUnknown as error:
        return {"state": "unsure", "reason": cut_words(str(error)) or "unmarked"}
    except NotSent as error:
        return _plan_again(message, error)
    except Exception:
        logger.exception("Message %s cannot be sent", message.pk)
        return _fail_to_send(message)
    return {"state": "sent", "sent_at": timezone.now(), "provider_id": cut_words(provider_id), "reason": ""}


def _plan_again(message: Message, error: NotSent) -> dict[str, object]:
    now, reason = timezone.now(), cut_words(error.reason)
    if error.is_final or message.attempts > len(WAITS):
        return {"state": "failed", "reason": reason or "refused", "sent_at": now}
    return {"state": "planned", "reason": reason, "try_at": now + WAITS[message.attempts - 1]}


def _fail_to_send(message: Message) -> dict[str, object]:
    """Of a mail that cannot even be put together, and of an SMS at any moment."""
    if message.channel == "mail":
        return {"state": "failed", "reason": "unwritten", "sent_at": timezone.now()}
    return {"state": "unsure", "reason": "unmarked"}


def mark(message: Message, **columns: object) -> None:
    """Say what came of a claimed message, unless somebody has taken it for left behind since."""
    with confined(message.organization_id):
        Message.objects.filter(pk=message.pk, state="sending", attempts=message.attempts).update(**columns)


def _change(message: Message, **columns: object) -> None:
    for name, value in columns.items():
        setattr(message, name, value)
    message.save(update_fields=list(columns))


def _judge_left(message: Message) -> dict[str, object]:
    if message.channel != "mail":
        return {"state": "unsure", "reason": WORKER_DIED}
    if message.attempts > len(WAITS):  # it is what workers die of, perhaps
        return {"state": "failed", "reason": WORKER_DIED, "sent_at": timezone.now()}
    return {"state": "planned", "reason": WORKER_DIED, "try_at": timezone.now()}


@every(30)
def take_up_left() -> bool:
    """What somebody claimed and did not mark: mails are planned again, an SMS is unsure."""
    for due in _list(LEFT, timezone.now() - GIVEN_UP, BATCH):
        with confined(due.organization):
            message = _lock(due, "sending")
            if message is not None:
                _change(message, **_judge_left(message))
    return False
