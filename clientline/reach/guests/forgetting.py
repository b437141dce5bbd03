"""What guests leave is forgotten by itself: requests after a day, links thirty days after their visit.

Both are forgotten at once when a visit becomes another client's: whoever gave it away has no business with it.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.signals import visits_changed
from clientline.reach.guests.asking import KEPT
from clientline.reach.guests.links import KEPT as KEPT_LINKS
from clientline.reach.guests.models import BookingRequest, ManageLink
from clientline.reach.jobs import every
from clientline.reach.messages.handovers import select_handovers_now


@every(600)
def forget_guests() -> bool:
    """Of all organizations."""
    now = timezone.now()
    BookingRequest.objects.filter(created_at__lte=now - KEPT).delete()
    ManageLink.objects.filter(visit__ends_at__lte=now - KEPT_LINKS).delete()
    return False


@receiver(visits_changed)
def end_links_of_former_clients(*, visits: list[Appointment], happened: str, now: datetime, **kwargs: Any) -> None:
    """Or they would read who comes instead of them, and when. A merge is another thing: there both are one person."""
    if happened in ("changed", "undone"):
        found = list(select_handovers_now(visits, now).values_list("appointment", flat=True))
        BookingRequest.objects.filter(visit__in=found).delete()  # which would give whoever booked another link
        ManageLink.objects.filter(visit__in=found).delete()


def forget_client(client: User) -> None:
    """At once, for who is erased: what they asked for, by whichever address, and the links of their visits."""
    visits = Appointment.objects.filter(client=client)
    requests = BookingRequest.objects.filter(organization=client.organization_id)
    requests.filter(Q(client=client) | Q(visit__in=visits) | Q(address__in=_list_addresses(client))).delete()
    ManageLink.objects.filter(visit__in=visits).delete()


def _list_addresses(client: User) -> set[str]:
    return {client.contact_email, client.sign_in_address, client.phone_e164} - {""}
