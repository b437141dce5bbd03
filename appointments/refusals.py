"""Why a visit cannot be placed or moved. Every sentence is fit for a client: none says who else is booked."""

from datetime import datetime

from django.utils.timezone import localtime

from appointments import availability
from appointments.models import Appointment
from clientline.refusals import FieldRefused, Refused


class SlotTaken(Refused):
    code = availability.SLOT_TAKEN
    detail = "This time is taken."


class OutsideWorkingHours(Refused):
    code = availability.OUTSIDE_WORKING_HOURS
    detail = "This time is outside working hours."


class AwayThen(Refused):
    code = availability.TIME_OFF
    detail = "Nobody is there at this time."


class OffGrid(Refused):
    code = availability.OFF_GRID
    detail = "Visits do not start at this time. Choose one of the times on offer."


class TooSoon(Refused):
    code = availability.TOO_SOON
    detail = "This is too soon to book."


class TooFarAhead(Refused):
    code = availability.TOO_FAR_AHEAD
    detail = "This is too far ahead to book."


class TooManyAhead(Refused):
    code = "too_many_ahead"
    detail = "You have as many coming visits as you may book here at once."


SLOT_REFUSALS = {
    refusal.code: refusal for refusal in (SlotTaken, OutsideWorkingHours, AwayThen, OffGrid, TooSoon, TooFarAhead)
}


class AsksAboutVisits(FieldRefused):
    """Not refused for good: said with `coming_visits`, the same is done. `count` of them, `example` for people."""

    def __init__(self, count: int, example: str) -> None:
        self.count, self.example = count, example
        super().__init__(
            "coming_visits",
            "required",
            f"{'1 visit is' if count == 1 else f'{count} visits are'} to come. Say whether they keep the time that "
            f"clocks show (keep_local) or their instants (keep_instant). {example}",
        )


class VisitsInTheWay(Refused):
    """`visits` are the ids of those that cannot keep their time in another zone, at most MOST_NAMED."""

    code = "visits_cannot_move"
    MOST_NAMED = 50

    def __init__(self, stuck: list[tuple[Appointment, str]]) -> None:
        visit, why = stuck[0]
        super().__init__(
            f"{len(stuck)} of the coming visits cannot keep the time agreed, so nothing is saved: reschedule or cancel "
            f"them first. The first is number {visit.pk}, agreed for {visit.agreed_start:%Y-%m-%d %H:%M}. {why}",
            visits=[each.pk for each, _ in stuck[: self.MOST_NAMED]],
        )


class InvalidTransition(Refused):
    """`allowed` are the statuses that can be reached now."""

    code = "invalid_transition"

    def __init__(self, visit: Appointment, to: str, now: datetime) -> None:
        present, allowed = visit.status, find_reachable_statuses(visit, now)
        super().__init__(
            f"A visit that is {present} cannot become {to} now.", **{"from": present, "to": to, "allowed": allowed}
        )


class NothingToUndo(Refused):
    code = "nothing_to_undo"
    detail = "There is no move of this visit that could be undone."


class ChangedSince(Refused):
    code = "changed_since"
    detail = "Something else happened since."


class TooLate(Refused):
    code = "too_late"

    def __init__(self, cutoff_at: datetime) -> None:
        super().__init__("It is too late to change this visit yourself. Please call.", cutoff_at=localtime(cutoff_at))


def find_reachable_statuses(visit: Appointment, now: datetime) -> list[str]:
    """The statuses a visit can get from here; before its start it can only be cancelled."""
    if visit.status == "scheduled":
        return ["completed", "cancelled", "no_show"] if now >= visit.appointment_date else ["cancelled"]
    return {"completed": ["no_show"], "no_show": ["completed"]}.get(visit.status, [])
