"""A visit that becomes another client's: which of its messages are whose. Its history alone tells that it did.

A message is for whoever had the visit when it was planned. Of the moment of the hand-over itself the cancellation is
the former client's, and all else the new one's.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from appointments.amendments.merging import REASON as MERGED
from appointments.models import Appointment, AppointmentHistory

HANDED_OVER = "client_changed"
CANCELLED = "cancelled"
# SQL of a row of `messages`: whether it is what a former client is told at that moment.
IS_OF_HANDOVER = f"""
(kind = '{CANCELLED}' AND EXISTS (
    SELECT 1 FROM appointment_history AS fact WHERE fact.appointment_id = messages.appointment_id
    AND fact.action = '{HANDED_OVER}' AND fact.at = messages.created_at
))
"""  # noqa: S608 -- ours

Handovers = QuerySet[AppointmentHistory]


def select_handovers(**which: Any) -> Handovers:
    """All of them, or those that the conditions fit. `was` is the former client's id, as text."""
    return AppointmentHistory.objects.filter(action=HANDED_OVER, **which)


def select_handovers_to_others() -> Handovers:
    """Without mergers, where both are one person."""
    return select_handovers().exclude(reason=MERGED)


def select_handovers_now(visits: Iterable[Appointment], now: datetime) -> Handovers:
    return select_handovers(appointment__in=visits, at=now)


def was_told_before(handovers: Handovers) -> Q:
    """Of a message: that one of these came after it, so that it is for somebody who has the visit no more."""
    here = handovers.filter(appointment=OuterRef("appointment"))
    is_before = Exists(here.filter(at__gt=OuterRef("created_at")))
    return Q(is_before) | Q(kind=CANCELLED) & Q(Exists(here.filter(at=OuterRef("created_at"))))


def find_former_client() -> Case:
    """Of a message: the id, as text, of who had its visit then; NULL where they still have it."""
    here = select_handovers(appointment=OuterRef("appointment")).order_by("at", "id").values("was")
    since, behind = (Subquery(here.filter(**{at: OuterRef("created_at")})[:1]) for at in ("at__gte", "at__gt"))
    return Case(When(kind=CANCELLED, then=since), default=behind)
