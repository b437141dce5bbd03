"""The last look before a message leaves: does what it says still hold, and may it be said?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment
from clientline.reach.messages.models import Message, OptOut
from clientline.reach.messages.planning import is_awake
from clientline.reach.messages.receipts import find_money

LATEST = timedelta(minutes=60)  # after it was due
SENT = ("sending", "sent", "delivered", "bounced", "unsure")
SWITCHES = {"reminder": "reminds_clients", "receipt": "sends_receipts"}  # of all others it is confirms_visits
# Whole sentences: pages show them alone, and behind another one.
REASONS = {
    "cancelled": _("The visit is cancelled."),
    "completed": _("The visit is over."),
    "no_show": _("The visit is over."),
    "scheduled": _("The visit is not cancelled any more."),
    "moved": _("The visit is at another time."),
    "changed": _("The visit has changed."),
    "over": _("The visit has begun."),
    "too_late": _("It would have come more than an hour late."),
    "no_address": _("The client has no address or number for it."),
    "opted_out": _("The client wants no reminders."),
    "switched_off": _("The organization has switched such messages off."),
    "void": _("The payment is void."),
    "organization_inactive": _("The organization is not active."),
    "already_sent": _("It was sent for this start before."),
    "quiet_hours": _("By night no SMS is sent."),
    "put_off": _("The database had no time for it."),
    "unwritten": _("It could not be written. The server's log says why."),
    "unmarked": _("It may have been sent, but what came of it could not be stored. The server's log says why."),
    "no_mail_server": _("No mail server is set up."),
    "no_sms_provider": _("No SMS provider is set up."),
    # What mail services call it that say no more.
    "refused": _("It was refused."),
    "rejected": _("It was refused."),
    "bounced": _("It came back."),
    "failed": _("It could not be delivered."),
    "undelivered": _("It could not be delivered."),
}


def find_reason_to_skip(message: Message, *, now: datetime) -> str:
    """One of REASONS, or '' where it may be sent. The visit is held, with organization and client at hand."""
    visit = message.appointment
    return (
        _look_at_visit(message, visit, now)
        or _look_at_organization(message, visit)
        or _look_at_client(message, visit)
        or _look_at_way(message)
        or ("too_late" if now > message.due_at + LATEST else "")
        or ("" if message.channel == "mail" or is_awake(now, visit.organization.zone) else "quiet_hours")
    )


def _look_at_visit(message: Message, visit: Appointment, now: datetime) -> str:
    if message.kind == "receipt":
        return "" if find_money(message) else "void"
    if visit.status != ("cancelled" if message.kind == "cancelled" else "scheduled"):
        return str(visit.status)
    if visit.appointment_date != message.start:
        return "moved"
    return "over" if visit.appointment_date <= now else ""


def _look_at_organization(message: Message, visit: Appointment) -> str:
    organization = visit.organization
    if not organization.is_active:
        return "organization_inactive"
    return "" if getattr(organization, SWITCHES.get(message.kind, "confirms_visits")) else "switched_off"


def _look_at_client(message: Message, visit: Appointment) -> str:
    if not message.to:
        return "no_address"
    if message.kind != "reminder":
        return ""
    if OptOut.objects.filter(client=visit.client_id).exists():
        return "opted_out"
    others = Message.objects.filter(
        appointment=visit, kind="reminder", rule=message.rule, channel=message.channel, start=message.start
    )
    return "already_sent" if others.exclude(pk=message.pk).filter(state__in=SENT).exists() else ""


def _look_at_way(message: Message) -> str:
    if message.channel == "mail":
        return "" if settings.EMAIL_BACKEND else "no_mail_server"
    return "" if settings.SMS_PROVIDER else "no_sms_provider"
