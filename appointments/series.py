"""Weekly series: ordinary visits at the same local time that share an id."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from appointments import booking
from appointments.availability import measure_need
from appointments.models import Appointment
from appointments.placing import (
    count_booked_minutes,
    find_refusal_of_anyone,
    hold_people_and_calendars,
    load_calendar,
)
from appointments.refusals import SLOT_REFUSALS, OutsideWorkingHours
from appointments.working_time.hours import find_instant, find_minute, is_shown
from clientline.refusals import Refused
from services.models import Service
from services.performing import list_performers


class Booked(NamedTuple):
    series: UUID
    appointments: list[Appointment]
    skipped: list[tuple[datetime, Refused]]


class Occurrence(NamedTuple):
    instant: datetime
    day: date
    shown: bool  # whether the clocks ever show this time of that day


def book_series(
    *,
    by: User | None,
    service: Service,
    appointment_date: datetime,
    every: int,
    count: int,
    now: datetime,
    staff: User | None = None,
    skip: bool = False,
    **details: Any,
) -> Booked:
    """Book `count` visits, `every` so many weeks, the first at `appointment_date`; one person for all of them.

    All or nothing, or with `skip` those that are possible: `skipped` names the others with their codes.
    Raises what `booking.book` does, with the date in its sentence.
    """
    dates = list(_list_occurrences(service.organization.zone, appointment_date, every, count))
    with transaction.atomic():
        booking.limit_visits_ahead(by, details["client"], 1, now)
        among = None if staff else [_choose_for_series(by, service, dates, now, details)]
        series = uuid4()
        visits: list[Appointment] = []
        skipped: list[tuple[datetime, Refused]] = []
        for occurrence in dates:
            try:
                _refuse_unshown(occurrence)
                visits.append(
                    booking.book(
                        by=by,
                        service=service,
                        appointment_date=occurrence.instant,
                        now=now,
                        staff=staff,
                        among=among,
                        series=series,
                        **details,
                    )
                )
            # Without a savepoint: whoever is refused a slot has written nothing. A refusal that comes after a statement
            # failed would find the transaction aborted.
            except tuple(SLOT_REFUSALS.values()) as refusal:
                if not skip:
                    raise _name_date(refusal, occurrence) from refusal
                skipped.append((occurrence.instant, refusal))
        if not visits:
            raise _name_date(skipped[0][1], dates[0])
    return Booked(series, visits, skipped)


def _list_occurrences(zone: tzinfo, first: datetime, every: int, count: int) -> Iterator[Occurrence]:
    """The same local time every so many weeks; on the day of a clock change it may not be `shown`."""
    local = first.astimezone(zone)
    minute = local.hour * 60 + local.minute
    yield Occurrence(first, local.date(), True)
    for n in range(1, count):
        # By dates: 168 hours later the clocks may show another time.
        day = local.date() + timedelta(weeks=every * n)
        yield Occurrence(find_instant(find_minute(zone, day, minute)), day, is_shown(zone, day, minute))


def _refuse_unshown(occurrence: Occurrence) -> None:
    if not occurrence.shown:
        raise OutsideWorkingHours(_("The clocks skip this time on that date."))


def _name_date(refusal: Refused, occurrence: Occurrence) -> Refused:
    """The same refusal, saying which date it is about."""
    return type(refusal)(f"{occurrence.day}: {refusal.detail}")


def _choose_for_series(
    by: User | None, service: Service, dates: Iterable[Occurrence], now: datetime, details: dict[str, Any]
) -> int:
    """The id of the person with the fewest dates to skip; then with the fewest booked minutes on them; then the lowest.

    Everybody's calendar is held until the transaction ends: others would take what is chosen here.
    """
    need, free_hand = measure_need(service, details.get("duration")), booking.may_act(by, "bend_rules")
    people = list(list_performers(service))
    if not people:
        raise SLOT_REFUSALS["slot_taken"]
    hold_people_and_calendars([details["client"].pk, *people], people)
    misses, minutes = dict.fromkeys(people, 0), dict.fromkeys(people, 0.0)
    for occurrence in dates:
        calendar = load_calendar(service.organization, people, occurrence.instant, need, now)
        booked = count_booked_minutes(people, calendar)
        for staff in people:
            misses[staff] += find_refusal_of_anyone(calendar, staff, occurrence.instant, free_hand) is not None
            minutes[staff] += booked.get(staff, 0)
    return min(people, key=lambda staff: (misses[staff], minutes[staff], staff))
