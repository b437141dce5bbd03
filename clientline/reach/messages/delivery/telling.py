"""What was told about a visit, for its page."""

from django.utils.translation import gettext

from appointments.models import Appointment
from clientline.database.prepared import Written
from clientline.names import look_up
from clientline.reach.messages.delivery.checking import REASONS
from clientline.reach.messages.models import Message
from organizations.models import Organization

WITH_VISIT = tuple(f"appointment__{name}" for name in ("organization", "client", "staff", "service"))
FAILURES = 10  # in a row, after which Today says so
LAST = Written(
    """
SELECT count(*) FILTER (WHERE state IN ('failed', 'bounced')) FROM (
    SELECT state FROM messages
    WHERE organization_id = %s AND state IN ('sent', 'delivered', 'bounced', 'failed')
    ORDER BY sent_at DESC NULLS LAST LIMIT %s
) AS latest
""",
    "organization",
    "failures",
    only_reads=True,
)


def list_messages(visit: Appointment) -> list[Message]:
    """Newest first, each with `why` in words."""
    messages = list(Message.objects.filter(appointment=visit).order_by("-id"))
    for message in messages:
        message.why = explain(message)  # type: ignore[attr-defined]  # for the page alone
    return messages


def identify_message(message: Message) -> str:
    """What two people must not both act upon: sent again twice, it leaves once."""
    return f"{message.state}-{message.due_at.timestamp():.0f}"


def explain(message: Message) -> str:
    """Why it was not sent, in sentences or in the words of who refused it; '' where nothing is to be said."""
    known = REASONS.get(message.reason)
    if known and message.state == Message.State.SENT:
        return gettext("It was not sent again. %(reason)s") % {"reason": known}
    return str(known or (message.reason and look_up(message.reason)))


def is_failing(organization: Organization) -> bool:
    """Whether the last FAILURES messages all failed."""
    return LAST.rows({"organization": organization.pk, "failures": FAILURES}) == [(FAILURES,)]
