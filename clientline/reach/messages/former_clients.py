"""A visit that becomes another client's is off for who had it, of which the visit itself tells nothing.

The message that says so is one of a cancellation, planned at the moment of the fact that names the former client.
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from typing import Any

from accounts.models import User
from appointments.amendments.undoing import FORMER_VALUES
from appointments.models import Appointment, AppointmentHistory
from clientline.reach.messages.handovers import HANDED_OVER, find_former_client, select_handovers_now
from clientline.reach.messages.models import Message

# What the former client knows of the visit.
AGREED = (HANDED_OVER, "service_changed", "duration_changed", "reassigned")


def find_former_clients(visits: Iterable[Appointment], now: datetime) -> dict[int, User]:
    """By its visit, who had it until now. Not after a merge: there both are one person."""
    facts = select_handovers_now(visits, now).values_list("appointment", "was")
    had = {visit: int(was) for visit, was in facts}
    people = User.objects.select_related("organization").in_bulk(had.values()) if had else {}
    return {visit: people[client] for visit, client in had.items() if client in people}


def find_reader(message: Message) -> User | None:
    """Who was told: the visit's client, or from whom it was taken since; merged, the one who is kept. None where they
    were deleted.
    """
    was = Message.objects.filter(pk=message.pk).values_list(find_former_client(), flat=True).first()
    if was is None:
        return message.appointment.client
    client = User.objects.select_related("merged_into").filter(pk=int(was)).first()
    return client and (client.merged_into or client)


def find_told_visit(message: Message) -> Appointment:
    """The visit as the reader of a message has it: where it became another's, theirs and off, with nothing of now."""
    # What is written of the visit as it is would tell the former client whose it is, and that it goes on.
    visit = message.appointment
    facts = _list_facts_since(message)
    if not any(fact.action == HANDED_OVER and fact.at == message.created_at for fact in facts):
        return visit
    former = copy(visit)
    former.appointment_date, former.ends_at = message.start, visit.ends_at + (message.start - visit.appointment_date)
    for fact in facts:
        for name, value in FORMER_VALUES[fact.action](former, fact.was).items():
            setattr(former, name, value)
    _fill_in_gone(former)
    # Where it has come back to them, this does not hold any more.
    former.status = "scheduled" if former.client_id == visit.client_id else "cancelled"
    return former


def _list_facts_since(message: Message) -> list[AppointmentHistory]:
    """Of the hand-over and of all that became of the visit since, with whomever: the newest first, to be taken back."""
    if message.kind != Message.Kind.CANCELLED:
        return []
    facts = AppointmentHistory.objects.filter(appointment=message.appointment_id, at__gte=message.created_at)
    return list(facts.filter(action__in=AGREED).order_by("-at", "-id"))


def _fill_in_gone(former: Appointment) -> None:
    """Facts hold ids without a reference: whom and what they name may be deleted by now, and is nameless then."""
    for name in ("client", "service", "staff"):
        model: Any = Appointment._meta.get_field(name).related_model
        pk = getattr(former, f"{name}_id")
        found = model.objects.filter(pk=pk).first()
        setattr(former, name, found or model(pk=pk, organization_id=former.organization_id))
