"""Planning: what clients are to be told is written in the transaction that gives the reason for it.

So it can neither be lost nor come from something that was rolled back. Whether it still holds is asked again when
it is sent: see `sending`.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from django.dispatch import receiver

from accounts.models import User
from appointments.models import Appointment
from appointments.signals import visits_changed
from clientline.database.prepared import Written
from clientline.languages import choose_language
from clientline.reach.messages.former_clients import find_former_clients
from clientline.reach.messages.handovers import IS_OF_HANDOVER
from clientline.reach.messages.models import Message
from clientline.web.encoding import encode

DAY_BEFORE = (1440, "mail")  # minutes, channel: of organizations that have no rule
AWAKE_FROM, AWAKE_UNTIL = time(8), time(20)  # when an SMS may come, on the organization's clock
TOLD_AS = {
    "booked": "confirmation",
    "moved": "moved",
    "rezoned": "moved",
    "changed": "moved",
    "cancelled": "cancelled",
    "reopened": "confirmation",
    "undone": "moved",
}

# Why what was planned before holds no more; of `checking.REASONS`.
OUTDATED_BY = {
    "moved": "moved",
    "rezoned": "moved",
    "changed": "changed",
    "cancelled": "cancelled",
    "reopened": "scheduled",
    "undone": "changed",
}

READ_RULES = Written(
    "SELECT service_id IS NOT NULL, minutes_before, channel FROM message_rules"
    " WHERE organization_id = %s AND (service_id IS NULL OR service_id = %s)",
    "organization",
    "service",
)
# Not what a former client is told: it holds whatever becomes of the visit.
# What was sent before, and was to leave once more, stays sent: but of reminders only one of each time may be.
SKIP_PLANNED = Written(
    f"""
    UPDATE messages SET reason = %s, state = CASE
        WHEN sent_at IS NULL OR kind = 'reminder' AND EXISTS (
            SELECT 1 FROM messages AS other WHERE other.appointment_id = messages.appointment_id
            AND other.kind = 'reminder' AND other.rule = messages.rule AND other.channel = messages.channel
            AND other.start = messages.start AND other.id <> messages.id
            AND (other.state = 'sending' OR other.sent_at IS NOT NULL)
        ) THEN 'skipped' ELSE 'sent' END
    WHERE appointment_id = %s AND state = 'planned' AND kind <> 'receipt' AND NOT {IS_OF_HANDOVER} RETURNING id
    """,  # noqa: S608 -- ours
    "reason",
    "appointment",
)
# One statement for all messages of a visit. Whoever planned the same before has done it.
PLAN = Written(
    """
    INSERT INTO messages (organization_id, appointment_id, sequence, start, language, created_at,
        kind, rule, channel, "to", due_at, try_at)
    SELECT %s, %s, %s::bigint, %s::timestamptz, %s::text, %s::timestamptz, kind, rule, channel, address, due, due
    FROM json_to_recordset(%s::text::json)
        AS planned (kind text, rule bigint, channel text, address text, due timestamptz)
    ON CONFLICT ON CONSTRAINT message_planned_once DO NOTHING
    """,
    *("organization", "appointment", "sequence", "start", "language", "now", "planned"),
)


class Planned(NamedTuple):
    kind: str
    rule: int  # minutes before the visit, of a reminder; of a receipt its number
    channel: str
    due_at: datetime


@receiver(visits_changed)
def plan_messages(*, visits: list[Appointment], happened: str, now: datetime, **kwargs: Any) -> None:
    """Plan what clients are told of this, and of nothing that it makes untrue."""
    kind = TOLD_AS.get(happened, "")
    former = find_former_clients(visits, now) if happened in ("changed", "undone") else {}
    for visit in visits if kind else ():
        if happened == "undone" and _was_told(visit):
            continue
        if happened != "booked":
            SKIP_PLANNED.rows({"reason": OUTDATED_BY[happened], "appointment": visit.pk})
        if visit.pk in former:
            _tell_former_client(visit, former[visit.pk], now)
        if planned := list(_list_messages(visit, "confirmation" if visit.pk in former else kind, now)):
            save_planned(visit, planned, now)


def _tell_former_client(visit: Appointment, client: User, now: datetime) -> None:
    """Before the new one is told: two at one address, as a family, keep the visit in their calendar."""
    if visit.organization.confirms_visits and visit.appointment_date > now:
        save_planned(visit, [Planned("cancelled", 0, "mail", now)], now, client=client)


def _was_told(visit: Appointment) -> bool:
    """Whether what was undone was nothing that clients hear of, such as that they arrived."""
    return visit.sequence == 0 or Message.objects.filter(appointment=visit, sequence=visit.sequence).exists()


def _list_messages(visit: Appointment, kind: str, now: datetime) -> Iterable[Planned]:
    """Nobody is told of what is over."""
    if visit.appointment_date <= now:
        return
    if visit.organization.confirms_visits:
        yield Planned(kind, 0, "mail", now)
    if kind != "cancelled" and visit.organization.reminds_clients:
        yield from _list_reminders(visit, now)


def _list_reminders(visit: Appointment, now: datetime) -> Iterable[Planned]:
    """Of two that the night brings to one moment, the one nearer to the visit: they would say the same."""
    reminders = {}
    for minutes, channel in sorted(find_reminders(visit.organization_id, visit.service_id), reverse=True):
        due_at = find_due(visit.appointment_date, minutes, channel, visit.organization.zone)
        reminders[channel, due_at] = Planned("reminder", minutes, channel, due_at)
    return [planned for planned in reminders.values() if planned.due_at > now]


def find_reminders(organization: int, service: int) -> list[tuple[int, str]]:
    """(minutes before, channel) of each reminder that clients get of visits for a service."""
    rows = READ_RULES.rows({"organization": organization, "service": service})
    own = [(minutes, channel) for is_of_service, minutes, channel in rows if is_of_service]
    return own or [(minutes, channel) for _, minutes, channel in rows] or [DAY_BEFORE]


def find_due(start: datetime, minutes: int, channel: str, zone: tzinfo) -> datetime:
    """When a reminder is sent: an SMS that would come by night comes in the evening before, so never too late."""
    due_at = start - timedelta(minutes=minutes)
    return due_at if channel == "mail" or is_awake(due_at, zone) else _find_evening_before(due_at, zone)


def is_awake(instant: datetime, zone: tzinfo) -> bool:
    """Whether an SMS may come then."""
    return AWAKE_FROM <= instant.astimezone(zone).time() < AWAKE_UNTIL


def _find_evening_before(instant: datetime, zone: tzinfo) -> datetime:
    """An hour before the last moment at which an SMS may come, to be sent in time by a busy worker."""
    local = instant.astimezone(zone)
    day = local.date() if local.time() >= AWAKE_UNTIL else local.date() - timedelta(days=1)
    return datetime.combine(day, AWAKE_UNTIL, zone) - timedelta(hours=1)


def find_morning_after(instant: datetime, zone: tzinfo) -> datetime:
    """The next moment at which an SMS may come."""
    local = instant.astimezone(zone)
    day = local.date() if local.time() < AWAKE_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, AWAKE_FROM, zone)


def find_address(client: User, channel: str) -> str:
    """Where a client is told something; '' where nowhere."""
    return client.mail_address if channel == "mail" else client.phone_e164


def save_planned(visit: Appointment, planned: list[Planned], now: datetime, client: User | None = None) -> None:
    """Plan these messages of a visit, for its client or a former one; what was planned before stays as it is."""
    client, organization = client or visit.client, visit.organization
    # As JSON: to dump an array of each column takes Python longer than all else that is done here.
    rows = [
        {
            "kind": kind,
            "rule": rule,
            "channel": channel,
            "address": find_address(client, channel),
            "due": due_at.isoformat(),
        }
        for kind, rule, channel, due_at in planned
    ]
    values = {
        "organization": visit.organization_id,
        "appointment": visit.pk,
        "sequence": visit.sequence,
        "start": visit.appointment_date,
        "language": choose_language(client.language, organization.language),
        "now": now,
        "planned": encode(rows).decode(),
    }
    PLAN.tell(values)
