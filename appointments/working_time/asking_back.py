"""What pages ask back before hours or time off are saved: about visits that would be stranded, and about long hours."""

from collections.abc import Collection
from datetime import time, timedelta
from hashlib import sha256

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import Appointment
from clientline import wording
from clientline.callers import Caller
from clientline.refusals import Refused

MOST_HIT = 1000  # beyond this it is only said that there are more
SHOWN = 50
LONGEST_USUAL = timedelta(hours=14)  # longer hours are asked back


class VisitsHit(Refused):
    """Not refused for good: the same again with `token` is saved."""

    code = "visits_hit"

    def __init__(self, visits: list[Appointment]) -> None:
        many = len(visits) > MOST_HIT
        self.count: int | str = _("over %(most)s") % {"most": MOST_HIT} if many else len(visits)
        self.visits = visits[:SHOWN]
        self.token = sha256(repr([visit.pk for visit in visits]).encode()).hexdigest()
        super().__init__(self.tell(len(visits)) % {"count": self.count})

    def tell(self, number: int) -> str:
        """What it says, with a place for the count in words."""
        return ngettext(
            "Nothing is saved yet: %(count)s visit stands at this time.",
            "Nothing is saved yet: %(count)s visits stand at this time.",
            number,
        )


class VisitsLeft(VisitsHit):
    """What changes is not about a time: somebody leaves, or the clocks of all show another time."""

    code = "visits_left"

    def tell(self, number: int) -> str:
        return ngettext(
            "Nothing is saved yet: it would leave %(count)s visit to come without their person.",
            "Nothing is saved yet: it would leave %(count)s visits to come without their person.",
            number,
        )


class LongHours(Refused):
    """Not refused for good: the same again, confirmed, is saved."""

    code = "long_hours"

    def __init__(self, starts: time, ends: time) -> None:
        told = _("Nothing is saved yet: %(starts)s–%(ends)s is more than %(hours)s hours. Is it meant?")
        said = {
            "starts": wording.write_clock(starts),
            "ends": wording.write_clock(ends),
            "hours": LONGEST_USUAL.seconds // 3600,
        }
        super().__init__(told % said)


def find_shown(caller: Caller, ids: Collection[int]) -> list[Appointment]:
    """The visits with these ids that the caller may see, the next first, at most one more than MOST_HIT."""
    return list(select_shown(caller, ids)[: MOST_HIT + 1])


def select_shown(caller: Caller, ids: Collection[int]) -> QuerySet[Appointment]:
    visits = Appointment.objects.visible_to(caller, "appointments").filter(pk__in=ids, status="scheduled")
    return visits.select_related("client", "service", "staff").order_by("appointment_date", "id")


def ask_about_visits(
    caller: Caller, confirmed: str | None, ids: Collection[int], *, asking: type[VisitsHit] = VisitsHit
) -> None:
    """Raise `asking` unless these very visits were shown: `confirmed` is the token that came with them, or None."""
    hit = find_shown(caller, ids)
    if hit and confirmed != VisitsHit(hit).token:
        raise asking(hit)


def measure_hours(starts: time, ends: time) -> timedelta:
    """From a time of day to the next `ends`: at most a day."""
    begin, end = (timedelta(hours=each.hour, minutes=each.minute) for each in (starts, ends))
    return end - begin if end > begin else end - begin + timedelta(days=1)
