"""How codes and links leave. A code's message says nothing that the guest typed: anybody may type any address."""

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from appointments.models import Appointment
from clientline.reach.guests.codes import LASTS, write_code
from clientline.reach.guests.links import issue_link
from clientline.reach.guests.models import BookingRequest
from clientline.reach.jobs import confined, task
from clientline.reach.messages.codes import can_send, send_code
from clientline.reach.messages.contents import link_makers
from clientline.reach.messages.delivery.sms import OutcomeUnknown
from organizations.models import Organization

MOST_SHOWN = 20


@task()
def send_guest_code(*, organization: int, request: int) -> None:
    """Send the code of a request, unless it is over or proven by now; without a way to send it, nothing is done."""
    with confined(organization):
        waiting = BookingRequest.objects.filter(proven_at=None, created_at__gt=timezone.now() - LASTS)
        asked = waiting.select_related("organization").filter(pk=request).first()
    if asked is None or not can_send(_choose_channel(asked)):
        return
    with suppress(OutcomeUnknown):  # of an SMS: a second one would confuse more than none
        send_code(
            organization=asked.organization,
            channel=_choose_channel(asked),
            to=asked.address,
            language=asked.language,
            code=write_code(asked),
        )


def _choose_channel(asked: BookingRequest) -> str:
    return "mail" if asked.contact_email else "sms"


def sends_texts() -> bool:
    """Whether a code can go to a telephone."""
    return can_send("sms")


def list_unsent_codes(organization: Organization, *, now: datetime) -> list[tuple[BookingRequest, str]]:
    """The latest requests with the codes that would have been sent, where there is no way to send them."""
    waiting = BookingRequest.objects.filter(organization=organization, proven_at=None, created_at__gt=now - LASTS)
    latest = waiting.order_by("-id")[:MOST_SHOWN]
    return [(asked, write_code(asked)) for asked in latest if not can_send(_choose_channel(asked))]


def make_link(visit: Appointment, now: datetime) -> str:
    """Where a message leads its reader to manage the visit. Each has one of its own."""
    return f"{settings.PUBLIC_URL}/v/{issue_link(visit, now=now)}"


link_makers.append(make_link)
