"""Why a visit cannot be placed or moved. Every sentence is fit for a client: none says who else is booked."""

from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from appointments import availability
from appointments.models import Appointment
from clientline import wording
from clientline.refusals import FieldRefused, Refused
from services.models import Service


class SlotTaken(Refused):
    code = availability.SLOT_TAKEN
    detail = gettext_lazy("This time is taken.")


class DoesNotPerform(FieldRefused):
    def __init__(self, staff: User, service: Service) -> None:
        text = _("%(person)s does not perform %(service)s.")
        super().__init__("staff", "invalid", text % {"person": staff, "service": service})


class OutsideWorkingHours(Refused):
    code = availability.OUTSIDE_WORKING_HOURS
    detail = gettext_lazy("This time is outside working hours.")


class AwayThen(Refused):
    code = availability.TIME_OFF
    detail = gettext_lazy("Nobody is there at this time.")


class OffGrid(Refused):
    code = availability.OFF_GRID
    detail = gettext_lazy("Visits do not start at this time. Choose one of the times on offer.")


class TooSoon(Refused):
    code = availability.TOO_SOON
    detail = gettext_lazy("This is too soon to book.")


class TooFarAhead(Refused):
    code = availability.TOO_FAR_AHEAD
    detail = gettext_lazy("This is too far ahead to book.")


class TooManyAhead(Refused):
    code = "too_many_ahead"
    detail = gettext_lazy("You have as many coming visits as you may book here at once.")


# Statuses and marks as they stand within a sentence.
STATUSES = {
    "scheduled": gettext_lazy("scheduled"),
    "completed": gettext_lazy("completed"),
    "cancelled": gettext_lazy("cancelled"),
    "no_show": gettext_lazy("no_show"),
    "arrived": gettext_lazy("arrived"),
    "in_service": gettext_lazy("in_service"),
}
SLOT_REFUSALS = {
    refusal.code: refusal for refusal in (SlotTaken, OutsideWorkingHours, AwayThen, OffGrid, TooSoon, TooFarAhead)
}


class AsksAboutVisits(FieldRefused):
    """Not refused for good: said with `coming_visits`, the same is done. `count` of them, `example` for people."""

    def __init__(self, count: int, example: str) -> None:
        self.count, self.example = count, example
        told = ngettext(
            "%(count)s visit is to come. Say whether they keep the time that clocks show (keep_local) or their "
            "instants (keep_instant). %(example)s",
            "%(count)s visits are to come. Say whether they keep the time that clocks show (keep_local) or their "
            "instants (keep_instant). %(example)s",
            count,
        )
        super().__init__("coming_visits", "required", told % {"count": count, "example": example})


class VisitsInTheWay(Refused):
    """`visits` are the ids of those that cannot keep their time in another zone, at most MOST_NAMED."""

    code = "visits_cannot_move"
    MOST_NAMED = 50

    def __init__(self, stuck: list[tuple[Appointment, str]]) -> None:
        visit, why = stuck[0]
        told = _(
            "%(count)s of the coming visits cannot keep the time agreed, so nothing is saved: reschedule or cancel "
            "them first. The first is number %(number)s, agreed for %(agreed)s. %(why)s"
        )
        agreed = wording.write_shared_moment(visit.agreed_start)
        super().__init__(
            told % {"count": len(stuck), "number": visit.pk, "agreed": agreed, "why": why},
            visits=[each.pk for each, why in stuck[: self.MOST_NAMED]],
        )


class InvalidTransition(Refused):
    """`allowed` are the statuses that can be reached now."""

    code = "invalid_transition"

    def __init__(self, visit: Appointment, to: str, now: datetime) -> None:
        present, allowed = visit.status, find_reachable_statuses(visit, now)
        told = _("A visit that is %(present)s cannot become %(to)s now.") % {
            "present": STATUSES[present],
            "to": STATUSES.get(to, to),
        }
        super().__init__(told, **{"from": present, "to": to, "allowed": allowed})


class NothingToUndo(Refused):
    code = "nothing_to_undo"
    detail = gettext_lazy("There is no move of this visit that could be undone.")


class ChangedSince(Refused):
    code = "changed_since"
    detail = gettext_lazy("Something else happened since.")


class TooLate(Refused):
    code = "too_late"

    def __init__(self, cutoff_at: datetime) -> None:
        told = _("It is too late to change this visit yourself. Please call.")
        super().__init__(told, cutoff_at=localtime(cutoff_at))


def find_reachable_statuses(visit: Appointment, now: datetime) -> list[str]:
    """The statuses a visit can get from here; before its start it can only be cancelled."""
    if visit.status == "scheduled":
        return ["completed", "cancelled", "no_show"] if now >= visit.appointment_date else ["cancelled"]
    return {"completed": ["no_show"], "no_show": ["completed"]}.get(visit.status, [])
