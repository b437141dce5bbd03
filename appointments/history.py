"""What happened to a visit, in its own words: who, when, what from → to, why. Nothing here is ever changed."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from typing import Any, TypeAlias, TypedDict

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment, AppointmentHistory
from clientline import wording
from clientline.database.prepared import Insertion
from clientline.web import metrics
from services.models import Service

Names: TypeAlias = dict[tuple[str, str], str]  # by action and id
Starts: TypeAlias = dict[datetime, datetime]  # by instant, the same with the offset of the time agreed

ShownFact = TypedDict(
    "ShownFact",
    {
        "at": datetime,
        "by": int | None,  # None: nobody, or somebody whom the caller may not know
        "by_name": str,
        "action": str,
        "from": str | None,
        "to": str | None,
        "reason": str,
    },
)


class DescribedFact(TypedDict):
    at: str
    text: str
    reason: str


def write_agreed_time(visit: Appointment, zone: tzinfo | None = None) -> str:
    """The time of a visit as a fact keeps it: what the clocks showed when it was agreed, and the offset of those rules.

    Written as RFC 9557 has it, `2026-12-01T16:00:00-08:00[America/Vancouver]`. Facts of version 0.1 are in UTC.
    """
    return f"{visit.agreed_start.isoformat()}[{zone or visit.organization.zone}]"


def write_moment(at: datetime | None) -> str:
    """A moment as a fact keeps it, in UTC; none as ''."""
    return at.astimezone(UTC).isoformat() if at else ""


def record_fact(
    visit: Appointment,
    action: str,
    *,
    by: User | None,
    now: datetime,
    was: object = "",
    became: object = "",
    reason: str = "",
) -> None:
    """Remember one fact about a visit; times are written by `write_agreed_time`."""
    _prepare_fact_insertion().save(make_fact(visit, action, by=by, now=now, was=was, became=became, reason=reason))
    # After the commit: what is rolled back did not happen.
    transaction.on_commit(partial(metrics.board.add, "visits_total", action))


def record_changed(
    visit: Appointment, name: str, was: object, *, by: User | None, now: datetime, reason: str = ""
) -> None:
    """Remember that something of the visit is no longer what it was, if so."""
    if getattr(visit, name) != was:
        told = {"was": was, "became": getattr(visit, name), "reason": reason}
        record_fact(visit, f"{name}_changed", by=by, now=now, **told)


def record_facts(visits: Iterable[Appointment], action: str, **told: Any) -> None:
    """Remember the same of many visits: something that is no move of theirs."""
    save_facts(make_fact(visit, action, **told) for visit in visits)


def save_facts(facts: Iterable[AppointmentHistory]) -> None:
    """In few statements, and uncounted: see `record_fact`."""
    AppointmentHistory.objects.bulk_create(facts, batch_size=1000)


def make_fact(
    visit: Appointment, action: str, *, by: User | None, now: datetime, was: object, became: object, reason: str
) -> AppointmentHistory:
    """An unsaved fact; `was` and `became` are kept as text, booleans as true and false."""
    return AppointmentHistory(
        organization_id=visit.organization_id,
        appointment=visit,
        at=now,
        by=by,
        action=action,
        was=_write_value(was),
        became=_write_value(became),
        reason=reason,
    )


@cache
def _prepare_fact_insertion() -> Insertion:
    return Insertion(AppointmentHistory)


def _write_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def show_history(caller: User, visit: Appointment) -> list[ShownFact]:
    """The facts about a visit, newest first. Clients see no names but their own: others are "staff"."""
    insider = caller.may("appointments", "internal_notes")
    facts = _load_facts(visit)
    starts = _find_known_starts(visit, facts)
    return [
        {
            "at": timezone.localtime(fact.at),
            # The id, too: by its number, a client could tell colleagues apart and follow one of them.
            "by": fact.by_id if insider or fact.by_id == caller.pk else None,
            "by_name": _name_for(caller, fact.by, insider),
            "action": fact.action,
            "from": _show_value(fact.was, fact.action, starts),
            "to": _show_value(fact.became, fact.action, starts),
            "reason": fact.reason,
        }
        for fact in facts
        if insider or fact.action not in INSIDE
    ]


def _load_facts(visit: Appointment) -> list[AppointmentHistory]:
    """Newest first."""
    return list(visit.history.select_related("by").order_by("-at", "-id"))


def _find_known_starts(visit: Appointment, facts: list[AppointmentHistory]) -> Starts:
    """By instant, the time that was agreed for it first: for facts of version 0.1, which hold only the instant."""
    texts = [
        text for fact in reversed(facts) if fact.action in TIMED for text in (fact.was, fact.became) if "[" in text
    ]
    # Equal instants are one key whatever their offsets, and the last value stays: so the oldest text goes in last.
    return {start: start for start in (visit.agreed_start, *map(parse_agreed_time, reversed(texts)))}


def parse_agreed_time(text: str) -> datetime:
    """The start that `write_agreed_time` wrote."""
    return datetime.fromisoformat(text.partition("[")[0])


def _find_agreed_start(text: str, starts: Starts) -> datetime:
    """The time that a fact holds, as it was agreed; the active zone's where nobody knows any more."""
    start = parse_agreed_time(text)
    return start if "[" in text else starts.get(start, timezone.localtime(start))


def _name_for(caller: User, person: User | None, insider: bool) -> str:
    if person is None:
        return "system" if insider else "staff"
    return person.name if insider or person.pk == caller.pk else "staff"


def _show_value(text: str, action: str, starts: Starts) -> str | None:
    """Times as they were agreed; nothing as null."""
    return _find_agreed_start(text, starts).isoformat() if text and action in TIMED else text or None


SENTENCES = {
    "booked": "Booked for {became}",
    "rescheduled": "Moved from {was} to {became}",
    "rezoned": "Kept at {became} when the clocks of the time zone changed",
    "reassigned": "Handed over from {was} to {became}",
    "client_changed": "Handed over from client {was} to {became}",
    "arrived": "Arrived",
    "in_service": "In service",
    "arrived_changed": "No longer marked as arrived",
    "in_service_changed": "No longer marked as in service",
    "cancelled": "Cancelled",
    "reopened": "Reopened",
    "undone": "Undone: {was}",
    "completed": "Completed",
    "no_show": "Marked as a no-show",
    "corrected": "Corrected from {was} to {became}",
    "changed": "Changed",
    "service_changed": "Service changed from {was} to {became}",
    "duration_changed": "Length changed from {was} to {became} minutes",
    "terms_changed": "Terms asked anew",
    "series_changed": "Series changed",
    "group_changed": "Group changed",
    "price_changed": "Price changed from {was} to {became}",
    "fee_waived_changed": "Fee {became}",
    "overbooked_changed": "{became} another visit",
    "stranded_changed": "{became} another time or person",
}
FLAGS = {
    "fee_waived_changed": ("charged after all", "waived"),
    "overbooked_changed": ("No longer beside", "Overbooked: beside"),
    "stranded_changed": ("No longer in need of", "In need of"),
}
INSIDE = ("overbooked_changed", "stranded_changed", "client_changed")  # clients are not told: it is about others
TIMED = ("booked", "rescheduled", "rezoned")  # their values are times
NAMING = ("reassigned", "client_changed")  # their values are ids of people
OFFERING = ("service_changed",)  # and of services


def describe_history(visit: Appointment) -> list[DescribedFact]:
    """What happened to the visit, newest first, times in the active zone."""
    facts = _load_facts(visit)
    starts = _find_known_starts(visit, facts)
    names = _find_names(facts, NAMING, User) | _find_names(facts, OFFERING, Service)
    return [
        {
            "at": wording.write_moment(fact.at),
            "text": f"{_describe_fact(fact, names, starts)} by {fact.by or 'the system'}",
            "reason": fact.reason,
        }
        for fact in facts
    ]


def _find_names(facts: list[AppointmentHistory], actions: tuple[str, ...], model: type[Model]) -> Names:
    """What the ids in these facts are called."""
    ids = {text for fact in facts if fact.action in actions for text in (fact.was, fact.became)}
    if not ids:
        return {}
    # Ids in facts are text without a reference: somebody deleted has none any more.
    named = model._default_manager.filter(pk__in=ids).values_list("pk", "name")
    return {(action, str(pk)): name for pk, name in named for action in actions}


def _describe_fact(fact: AppointmentHistory, names: Names, starts: Starts) -> str:
    said = {name: _describe_value(fact.action, getattr(fact, name), names, starts) for name in ("was", "became")}
    if fact.action == "rezoned" and said["was"] != said["became"]:
        return "From {was} to {became}, at the same moment, as the time zone changed".format(**said)
    return SENTENCES.get(fact.action, fact.action.replace("_", " ")).format(**said)


def _describe_value(action: str, text: str, names: Names, starts: Starts) -> str:
    if action in TIMED:
        return wording.write_local_moment(_find_agreed_start(text, starts)) if text else ""
    if action in FLAGS:
        return FLAGS[action][text == "true"]
    return names.get((action, text), text.replace("_", "-"))
