"""Taking a slot: whose calendar is held while it is checked, who gets the visit, and what no calendar holds.

Visits of one person are placed one after the other under an advisory lock; the constraint
`appointment_no_double_booking` has the last word for every other door. Without the lock, writers that
meet at the constraint deadlock.

Everybody takes locks in this order: rows of visits, rows of people (by id), calendars (by id). So a booking holds its
people before the first calendar, a move only somebody new, and who erases or merges a client begins with the visits.
Before all of these comes the row of a person who is changed, merged or erased, FOR NO KEY UPDATE: only other changes
of this person wait for that, never who holds them for a visit (people.HOLD).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from accounts import people
from accounts.models import User
from appointments import availability
from appointments.availability import Calendar, Need
from appointments.models import LONGEST_VISIT, Appointment
from appointments.refusals import SLOT_REFUSALS, SlotTaken, TooManyAhead
from appointments.working_time.hours import find_instant, floor_to_minute
from clientline.database.prepared import Asked, Insertion, Written, run_in_one_trip
from clientline.notations import EARLIEST, LATEST
from clientline.refusals import FieldRefused
from clientline.zones import read_wall_clock
from organizations.models import Organization

# Staff and above may leave these: people phone in, front desks improvise.
LIBERTIES = (
    availability.OUTSIDE_WORKING_HOURS,
    availability.OFF_GRID,
    availability.TOO_SOON,
    availability.TOO_FAR_AHEAD,
)


# Holds people's calendars until the transaction ends. Sorted, so that two bookings never cross.
LOCK = Written(
    "SELECT pg_advisory_xact_lock(hashtextextended('calendar:' || id, 0))"
    " FROM (SELECT DISTINCT unnest(%s::bigint[]) AS id ORDER BY 1) AS people",
    "staff",
)
# One person's calendar, unless somebody holds it. Never for several people: to have some and wait for others is how
# deadlocks begin.
TRY_LOCK = Written("SELECT pg_try_advisory_xact_lock(hashtextextended('calendar:' || %s::bigint, 0))", "staff")


@cache
def prepare_visit_insertion() -> Insertion:
    """Saves a new visit, unless another door took the slot."""
    return Insertion(Appointment, "ON CONFLICT DO NOTHING")


def ensure_transaction() -> AbstractContextManager:
    """A transaction; inside of another nothing, because whoever is refused a slot has written nothing."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@contextmanager
def catch_slot_taken() -> Iterator[None]:
    """A savepoint in which a visit moves; what another door took meanwhile is SlotTaken, too."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        # The exclusion constraint: somebody came by a door without locks, like psql. The savepoint lets the caller's
        # transaction go on, which PostgreSQL would have aborted.
        if getattr(error.__cause__, "sqlstate", None) == "23P01":
            raise SlotTaken from error
        raise


def load_calendar(
    organization: Organization,
    staff_ids: Collection[int],
    start: datetime,
    need: Need,
    now: datetime,
    exclude: int | None = None,
    held: Sequence[int] = (),
    to_hold: int | None = None,
    besides: Sequence[Asked] = (),
) -> Calendar:
    """What decides about one start, and holds the people `held`: see `refuse_turned`.

    The calendar of the person `to_hold` is held if that takes no waiting. `exclude` is the id of the visit that moves.
    What is asked `besides` travels along, and its rows come last among what is held.
    """
    holds: list[Asked] = [(people.HOLD, {"people": list(held)})] if held else []
    holds += [(TRY_LOCK, {"staff": to_hold})] if to_hold else []
    day = start.astimezone(organization.zone).date()
    return Calendar(
        organization=organization,
        staff_ids=staff_ids,
        first_day=day,
        last_day=day,
        need=need,
        now=now,
        exclude=exclude,
        holds=[*holds, *besides],
    )


def hold_people_and_calendars(people_ids: Collection[int], staff_ids: Collection[int]) -> None:
    """Hold clients and staff, then the staff's calendars, until the transaction ends."""
    # People before calendars, as all do; in a pipeline the order stays.
    run_in_one_trip((people.HOLD, {"people": list(people_ids)}), (LOCK, {"staff": list(staff_ids)}))


def hold_calendars(staff_ids: Collection[int]) -> None:
    """Until the transaction ends, nobody is placed with these people."""
    LOCK.rows({"staff": list(staff_ids)})


def refuse_turned(calendar: Calendar, *, client: User | None = None, staff: User | None = None) -> None:
    """Refuse or leave out whoever changed sides or left after they were read; those held cannot do so any more.

    Raises FieldRefused.
    """
    # The rows of people.HOLD come first, because load_calendar() puts it first among what is held.
    standing = {pk: standing for pk, *standing in calendar.held[0]}
    for person in filter(None, (client, staff)):
        person.role, person.is_active = standing.get(person.pk, (person.role, False))
    refuse_sides(client=client, staff=staff)
    fit = {pk for pk, (role, is_active) in standing.items() if is_active and role != User.Role.CLIENT}
    calendar.staff_ids = [pk for pk in calendar.staff_ids if pk in fit]


def refuse_sides(*, client: User | None, staff: User | None) -> None:
    """Visits are between an active client and one of the active team. Raises FieldRefused."""
    if client and client.role != User.Role.CLIENT:
        raise FieldRefused("client", "invalid", _("Visits are booked for clients."))
    if staff and staff.role == User.Role.CLIENT:
        raise FieldRefused("staff", "invalid", _("Clients do not give visits."))
    for field, person in {"client": client, "staff": staff}.items():
        if person and not person.is_active:
            raise FieldRefused(field, "inactive", _("%(name)s is not active.") % {"name": person})


def hold_visits(client: User) -> None:
    """Until the transaction ends, no visit of this client moves, and none comes.

    The visits first: whoever changes one refers to its client at their commit, to say who did it.
    """
    # list() is what runs it: a queryset that nobody reads locks nothing.
    list(Appointment.objects.filter(client=client).order_by("id").select_for_update(no_key=True, of=("self",)))
    people.lock_against_references(client)


def refuse_too_many_ahead(client: User, more: int, now: datetime) -> None:
    """Raises TooManyAhead where a client may not have so many `more`.

    Two bookings of one client at once wait for each other here, where there is a limit: before any calendar is held.
    """
    limit = client.organization.max_visits_ahead
    if not limit:
        return
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=client.pk)
    ahead = Appointment.objects.filter(client=client.pk, status="scheduled", appointment_date__gt=now)
    if ahead.count() + more > limit:
        raise TooManyAhead


def take_slot(
    calendar: Calendar,
    start: datetime,
    *,
    free_hand: bool,
    named: int | None,
    overbook: bool = False,
    also_lock: Collection[int] = (),
) -> tuple[int, bool]:
    """Choose, hold the calendars until the transaction ends, and choose again: see `_choose_person` for the answer.

    Most refusals are known before anybody waits for a lock; only a look at what is held is certain.
    """
    chosen = _choose_person(calendar, start, free_hand=free_hand, named=named, overbook=overbook)
    # The lock was got before the calendar was read. Under READ COMMITTED each statement of the trip sees what is
    # committed by then, so this first look is certain; under REPEATABLE READ it would be as old as the transaction.
    if [(True,)] in calendar.held:
        return chosen
    # Now the slot may be somebody else's: only what is chosen after this counts.
    calendar.reload(after=(LOCK, {"staff": [*calendar.staff_ids, *also_lock]}))
    return _choose_person(calendar, start, free_hand=free_hand, named=named, overbook=overbook)


def _choose_person(
    calendar: Calendar, start: datetime, *, free_hand: bool, named: int | None, overbook: bool
) -> tuple[int, bool]:
    """The id of whoever takes the visit, and whether it is booked beside another. Raises the slot's refusal.

    `named` is a person's id, or None for anyone free. `free_hand`: the caller may leave hours, grid and notice.
    """
    if named is None:
        return _choose_free_person(calendar, start, free_hand), False
    refused = calendar.find_refusal(named, floor_to_minute(start), LIBERTIES if free_hand else ())
    if refused == availability.SLOT_TAKEN and overbook:
        return named, True
    if refused:
        raise SLOT_REFUSALS[refused]
    return named, False


def find_refusal_of_anyone(calendar: Calendar, staff: int, start: datetime, free_hand: bool) -> str | None:
    """The stage that refuses a person nobody named: they have to be at work, whoever books."""
    liberties = set(LIBERTIES) - {availability.OUTSIDE_WORKING_HOURS} if free_hand else ()
    return calendar.find_refusal(staff, floor_to_minute(start), liberties)


def _choose_free_person(calendar: Calendar, start: datetime, free_hand: bool) -> int:
    """Among those who work and are free, whoever has the fewest booked minutes that day; then the lowest id."""
    refusals = {staff: find_refusal_of_anyone(calendar, staff, start, free_hand) for staff in calendar.staff_ids}
    free = [staff for staff, refused in refusals.items() if refused is None]
    if not free:
        furthest = max(filter(None, refusals.values()), key=availability.STAGES.index, default=availability.SLOT_TAKEN)
        raise SLOT_REFUSALS[furthest]
    # By what is booked under the locks: before them two bookings would both find the same person idle.
    load = count_booked_minutes(free, calendar)
    return min(free, key=lambda staff: (load.get(staff, 0), staff))


def count_booked_minutes(staff_ids: Collection[int], calendar: Calendar) -> dict[int, float]:
    """The minutes of service each has on the calendar's dates."""
    visits = Appointment.objects.exclude(status="cancelled").filter(
        staff__in=staff_ids,
        appointment_date__gte=find_instant(calendar.begin),
        appointment_date__lt=find_instant(calendar.end),
    )
    sums = visits.values("staff").annotate(booked=Sum(F("ends_at") - F("appointment_date")))
    return {row["staff"]: row["booked"] / timedelta(minutes=1) for row in sums}


def make_time_columns(start: datetime, need: Need, zone: tzinfo = UTC) -> dict[str, datetime]:
    """The columns that say when a visit is, and what the organization's clocks show then: the time agreed."""
    local_start = read_wall_clock(start, zone)
    start = start.astimezone(UTC)  # in a zone, half an hour from 02:30 may be an hour and a half
    ends_at = start + timedelta(minutes=need.duration)
    return {
        "appointment_date": start,
        "local_start": local_start,
        "ends_at": ends_at,
        "busy_from": start - timedelta(minutes=need.buffer_before),
        "busy_until": ends_at + timedelta(minutes=need.buffer_after),
    }


def refuse_unstorable_times(start: datetime, need: Need) -> None:
    """What no calendar holds: odd seconds, more than a day, another century. Raises FieldRefused."""
    if start.second or start.microsecond:
        raise FieldRefused("appointment_date", "invalid", _("Visits start at a whole minute."))
    if timedelta(minutes=need.duration + need.buffer_before + need.buffer_after) > LONGEST_VISIT:
        raise FieldRefused("duration", "invalid", _("A visit with its buffers lasts at most a day."))
    # First of all the start: no clock can be read at the end of time.
    taken = make_time_columns(start, need) if EARLIEST <= start <= LATEST else None
    if taken is None or taken["busy_from"] < EARLIEST or taken["busy_until"] > LATEST:
        raise FieldRefused("appointment_date", "invalid", _("Choose a date between 2000 and 2100."))
