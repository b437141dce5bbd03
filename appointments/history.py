"""What happened to a visit, in its own words: who, when, what from → to, why. Nothing here is ever changed."""

from datetime import datetime
from functools import cache, partial

from django.db import transaction
from django.utils import timezone

from appointments.models import AppointmentHistory
from clientline import metrics
from clientline.statements import Insertion


def record(visit, action, *, by, now, was="", became="", reason=""):
    """Remember one fact about a visit; times are kept in UTC."""
    fact = AppointmentHistory(
        organization_id=visit.organization_id,
        appointment=visit,
        at=now,
        by=by,
        action=action,
        was=as_text(was),
        became=as_text(became),
        reason=reason,
    )
    insertion().save(fact)
    transaction.on_commit(partial(metrics.board.add, "visits_total", action))


@cache
def insertion():
    return Insertion(AppointmentHistory)


def as_text(value):
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def told_to(caller, visit):
    """The facts about a visit, newest first. Clients see no names but their own: others are "staff"."""
    insider = caller.may("appointments", "internal_notes")
    facts = visit.history.select_related("by").order_by("-at", "-id")
    return [
        {
            "at": timezone.localtime(fact.at),
            "by": fact.by_id if insider or fact.by_id == caller.pk else None,
            "by_name": name_for(caller, fact.by, insider),
            "action": fact.action,
            "from": as_shown(fact.was, fact.action),
            "to": as_shown(fact.became, fact.action),
            "reason": fact.reason,
        }
        for fact in facts
    ]


def name_for(caller, person, insider):
    if person is None:
        return "system" if insider else "staff"
    return person.name if insider or person.pk == caller.pk else "staff"


def as_shown(text, action):
    """Times in the caller's zone; nothing as null."""
    if text and action in ("booked", "rescheduled"):
        return timezone.localtime(datetime.fromisoformat(text)).isoformat()
    return text or None
