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
REASONS = {
    "cancelled": _("the visit is cancelled"),
    "completed": _("the visit is over"),
    "no_show": _("the visit is over"),
    "scheduled": _("the visit is not cancelled any more"),
    "moved": _("the visit is at another time"),
    "over": _("the visit has begun"),
    "too_late": _("it would have come more than an hour late"),
    "no_address": _("the client has no such address"),
    "opted_out": _("the client wants no reminders"),
    "switched_off": _("the organization has switched it off"),
    "void": _("the payment is void"),
    "organization_inactive": _("the organization is not active"),
    "already_sent": _("it was sent for this start before"),
    "quiet_hours": _("it would have come by night"),
    "unwritten": _("it could not be written: the server's log says why"),
    "no_mail_server": _("would be sent: no mail server is set up"),
    "no_sms_provider": _("would be sent: no SMS provider is set up"),
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
