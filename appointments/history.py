"""What happened to a visit, in its own words: who, when, what from → to, why. Nothing here is ever changed."""

from datetime import datetime
from functools import cache, partial

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from appointments.models import AppointmentHistory
from clientline import wording
from clientline.database.prepared import Insertion
from clientline.web import metrics


def record(visit, action, *, by, now, was="", became="", reason=""):
    """Remember one fact about a visit; times are kept in UTC."""
    insertion().save(fact_of(visit, action, by=by, now=now, was=was, became=became, reason=reason))
    transaction.on_commit(partial(metrics.board.add, "visits_total", action))


def record_all(visits, action, **told):
    """Remember the same of many visits: something that is no move of theirs."""
    AppointmentHistory.objects.bulk_create(fact_of(visit, action, **told) for visit in visits)


def fact_of(visit, action, *, by, now, was, became, reason):
    return AppointmentHistory(
        organization_id=visit.organization_id,
        appointment=visit,
        at=now,
        by=by,
        action=action,
        was=as_text(was),
        became=as_text(became),
        reason=reason,
    )


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
        if insider or fact.action not in INSIDE
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


SENTENCES = {
    "booked": "Booked for {became}",
    "rescheduled": "Moved from {was} to {became}",
    "reassigned": "Handed over from {was} to {became}",
    "client_changed": "Handed over from client {was} to {became}",
    "cancelled": "Cancelled",
    "completed": "Completed",
    "no_show": "Marked as a no-show",
    "corrected": "Corrected from {was} to {became}",
    "price_changed": "Price changed from {was} to {became}",
    "fee_waived_changed": "Fee {became}",
    "overbooked_changed": "{became} another visit",
}
FLAGS = {
    "fee_waived_changed": ("charged after all", "waived"),
    "overbooked_changed": ("No longer beside", "Overbooked: beside"),
}
INSIDE = ("overbooked_changed", "client_changed")  # clients are not told: it is about others
NAMING = ("reassigned", "client_changed")  # their values are ids of people


def in_words(visit):
    """What happened to the visit, newest first: `{"at", "text", "reason"}`, times in the active zone."""
    facts = list(visit.history.select_related("by").order_by("-at", "-id"))
    ids = {text for fact in facts if fact.action in NAMING for text in (fact.was, fact.became)}
    names = {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")} if ids else {}
    return [
        {"at": wording.moment(fact.at), "text": f"{sentence(fact, names)} by {fact.by or 'the system'}"}
        | {"reason": fact.reason}
        for fact in facts
    ]


def sentence(fact, names):
    said = {name: plain(fact.action, getattr(fact, name), names) for name in ("was", "became")}
    return SENTENCES.get(fact.action, fact.action.replace("_", " ")).format(**said)


def plain(action, text, names):
    if action in ("booked", "rescheduled"):
        return wording.moment(datetime.fromisoformat(text)) if text else ""
    if action in FLAGS:
        return FLAGS[action][text == "true"]
    return names.get(text, text).replace("_", "-")
