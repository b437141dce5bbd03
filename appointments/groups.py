"""Groups: consecutive visits of one client in one go, like a cut and then a colour. They share an id, and one bill."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from appointments import booking
from appointments.availability import measure_need
from appointments.models import Appointment
from appointments.placing import hold_people_and_calendars
from appointments.refusals import SLOT_REFUSALS
from clientline import wording
from clientline.refusals import FieldRefused
from services.models import Service
from services.performing import list_performers

SPAN = timedelta(days=1)  # from the first start to the last


class Wanted(NamedTuple):
    """One visit of a group. `staff` None: whoever is free; `duration` in minutes, None: the service's."""

    service: Service
    appointment_date: datetime
    staff: User | None = None
    duration: int | None = None


class Booked(NamedTuple):
    group: UUID
    appointments: list[Appointment]


def book_group(
    *,
    by: User | None,
    client: User,
    visits: Sequence[Wanted],
    now: datetime,
    notes: str = "",
    internal_notes: str = "",
    overbook: bool = False,
) -> Booked:
    """Book all of these visits under one id, or none; each begins when the one before it has ended, or later.

    Raises what `booking.book` does, with the visit that it is about in the sentence and in `visit`, counted from 0.
    """
    _refuse_unless_consecutive(visits)
    group = uuid4()
    with transaction.atomic():
        booking.limit_visits_ahead(by, client, len(visits), now)
        candidates = [[each.staff.pk] if each.staff else list(list_performers(each.service)) for each in visits]
        # All calendars at once and in order: groups that take them one after the other would wait for each other.
        everybody = sorted({pk for people in candidates for pk in people})
        hold_people_and_calendars([client.pk, *everybody], everybody)
        booked: dict[int, Appointment] = {}
        # Who has least choice comes first, or a visit for anyone would take the time of a person somebody named.
        for number in sorted(range(len(visits)), key=lambda number: (len(candidates[number]), number)):
            with _name_visit(visits[number], number):
                booked[number] = booking.book(
                    by=by,
                    client=client,
                    now=now,
                    among=candidates[number],
                    group=group,
                    notes=notes,
                    internal_notes=internal_notes,
                    overbook=overbook and visits[number].staff is not None,
                    **visits[number]._asdict(),
                )
    return Booked(group, [booked[number] for number in range(len(visits))])


@contextmanager
def _name_visit(wanted: Wanted, number: int) -> Iterator[None]:
    """What is refused inside says which visit of the group it is about."""
    try:
        yield
    except tuple(SLOT_REFUSALS.values()) as refusal:
        local = wanted.appointment_date.astimezone(wanted.service.organization.zone)
        raise type(refusal)(
            f"{wanted.service}, {wording.write_clock(local)}: {refusal.detail}", visit=number
        ) from refusal
    except FieldRefused as refusal:
        [error] = refusal.errors
        field = error["field"] if error["field"] == "client" else f"visits.{number}.{error['field']}"
        raise FieldRefused(field, error["code"], error["detail"]) from refusal


def _refuse_unless_consecutive(visits: Sequence[Wanted]) -> None:
    """Raises FieldRefused where two are at once, or out of their order, or days apart."""
    for number, (former, latter) in enumerate(pairwise(visits), start=1):
        end = former.appointment_date + timedelta(minutes=measure_need(former.service, former.duration).duration)
        if latter.appointment_date < end:
            named = {"latter": latter.service, "former": former.service}
            detail = _("%(latter)s begins before %(former)s ends.") % named
            raise FieldRefused(f"visits.{number}.appointment_date", "invalid", detail)
    if visits[-1].appointment_date - visits[0].appointment_date >= SPAN:
        raise FieldRefused("visits", "invalid", _("The visits of a group begin within a day."))
