"""What happened to a visit, in its own words: who, when, what from → to, why. Nothing here is ever changed."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from typing import Any, TypeAlias, TypedDict

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from appointments.models import Appointment, AppointmentHistory
from clientline import wording
from clientline.database.prepared import Insertion
from clientline.names import look_up
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
    _prepare_fact_insertion().tell(make_fact(visit, action, by=by, now=now, was=was, became=became, reason=reason))
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
    if not insider:
        _leave_out_words_of_others(facts, visit)
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


def _leave_out_words_of_others(facts: list[AppointmentHistory], visit: Appointment) -> None:
    for fact, owner in zip(facts, list_owners(facts, visit.client_id), strict=True):
        fact.reason = fact.reason if owner == str(visit.client_id) else ""


def list_owners(facts: Iterable[AppointmentHistory], client: int) -> list[str]:
    """Who had the visit at each fact about it, newest first, as hand-overs name them; `client` has it now."""
    owner, owners = str(client), []
    for fact in facts:
        # Of a merger the reason is ours, and both clients are one person.
        if fact.action == "client_changed" and not fact.reason:
            owner = fact.was
        owners.append(owner)
    return owners


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
    "booked": gettext_lazy("Booked for {became}"),
    "rescheduled": gettext_lazy("Moved from {was} to {became}"),
    "rezoned": gettext_lazy("Kept at {became} when the clocks of the time zone changed"),
    "reassigned": gettext_lazy("Handed over from {was} to {became}"),
    "client_changed": gettext_lazy("Handed over from client {was} to {became}"),
    "notes_kept": gettext_lazy("Notes for the former client"),
    "arrived": gettext_lazy("Arrived"),
    "in_service": gettext_lazy("In service"),
    "arrived_changed": gettext_lazy("No longer marked as arrived"),
    "in_service_changed": gettext_lazy("No longer marked as in service"),
    "cancelled": gettext_lazy("Cancelled"),
    "reopened": gettext_lazy("Reopened"),
    "undone": gettext_lazy("Undone: {was}"),
    "completed": gettext_lazy("Completed"),
    "no_show": gettext_lazy("Marked as a no-show"),
    "corrected": gettext_lazy("Corrected from {was} to {became}"),
    "changed": gettext_lazy("Changed"),
    "service_changed": gettext_lazy("Service changed from {was} to {became}"),
    "duration_changed": gettext_lazy("Length changed from {was} to {became} minutes"),
    "terms_changed": gettext_lazy("Terms asked anew"),
    "series_changed": gettext_lazy("Series changed"),
    "group_changed": gettext_lazy("Group changed"),
    "price_changed": gettext_lazy("Price changed from {was} to {became}"),
}
# What is said of a flag that was taken away, and of one that was set.
FLAGS = {
    "fee_waived_changed": (gettext_lazy("Fee charged after all"), gettext_lazy("Fee waived")),
    "overbooked_changed": (
        gettext_lazy("No longer beside another visit"),
        gettext_lazy("Overbooked: beside another visit"),
    ),
    "stranded_changed": (
        gettext_lazy("No longer in need of another time or person"),
        gettext_lazy("In need of another time or person"),
    ),
}
MOVING = ("corrected", "undone")  # their values are among these words
WORDS = {
    "completed": gettext_lazy("completed"),
    "no-show": gettext_lazy("no-show"),
    "cancelled": gettext_lazy("cancelled"),
    "rescheduled": gettext_lazy("rescheduled"),
    "reassigned": gettext_lazy("reassigned"),
    "arrived": gettext_lazy("arrived"),
    "in-service": gettext_lazy("in-service"),
    "changed": gettext_lazy("changed"),
}
# Clients are not told: it is about others.
INSIDE = ("overbooked_changed", "stranded_changed", "client_changed", "notes_kept")
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
            "text": _("%(fact)s by %(person)s")
            % {"fact": _describe_fact(fact, names, starts), "person": fact.by or _("the system")},
            "reason": look_up(fact.reason) if fact.action in NAMING else fact.reason,  # a merger's is ours
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
    if fact.action in FLAGS:
        return str(FLAGS[fact.action][fact.became == "true"])
    said = {name: _describe_value(fact.action, getattr(fact, name), names, starts) for name in ("was", "became")}
    if fact.action == "rezoned" and said["was"] != said["became"]:
        return _("From {was} to {became}, at the same moment, as the time zone changed").format(**said)
    return str(SENTENCES.get(fact.action, fact.action.replace("_", " "))).format(**said)


def _describe_value(action: str, text: str, names: Names, starts: Starts) -> str:
    if action in TIMED:
        return wording.write_local_moment(_find_agreed_start(text, starts)) if text else ""
    said = text.replace("_", "-")
    return str(WORDS.get(said, said)) if action in MOVING else names.get((action, text), said)
