"""What guests are offered: services and people that may be booked online, and their free times."""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef

from appointments.availability import Openings, search
from appointments.models import SpecialHours, WorkingHours
from organizations.guests import Guest
from services.models import Service

SHOWN_DAYS = 7
LOOK_AHEAD_DAYS = 28  # where the next free day is looked for
NEAREST = 6  # times that are proposed in place of one that is taken
DAYS_AROUND = 7


# Whoever has none is never free: nobody would be helped by their name.
_HAS_HOURS = Exists(WorkingHours.objects.filter(staff=OuterRef("pk"))) | Exists(
    SpecialHours.objects.filter(staff=OuterRef("pk"))
)


def list_bookable(service: Service) -> dict[int, str]:
    """The names of those who perform the service and may be booked online, by id, in the order of their names."""
    people = service.performers().filter(_HAS_HOURS, bookable_online=True).order_by("name", "id")
    return dict(people.values_list("id", "name"))


def is_offered(service: Service, staff: int | None) -> bool:
    """Whether guests may book the service now, with this person or anyone."""
    guest = Guest(service.organization_id)
    offered = Service.objects.visible_to(guest, "services").filter(pk=service.pk).exists()
    return offered and (staff is None or staff in list_bookable(service))


def find_openings(service: Service, *, staff: int | None, first_day: date, days: int, now: datetime) -> list[datetime]:
    """The free starts from a day on, ascending, in the organization's zone, with somebody or anyone bookable.

    Raises FieldRefused.
    """
    people = list_bookable(service)
    wanted = [staff] if staff in people else [] if staff else list(people)
    if not wanted:
        return []  # nobody named would mean everybody
    last_day = first_day + timedelta(days=days - 1)
    found: Openings = search(service=service, first_day=first_day, last_day=last_day, staff_ids=wanted, now=now)
    return [start for start, _, _ in found.slots]


def find_nearest(service: Service, *, staff: int | None, wanted: datetime, now: datetime) -> list[datetime]:
    """The free starts nearest to one that is taken, in their order."""
    zone = service.organization.zone
    first_day = max(wanted.astimezone(zone).date() - timedelta(days=DAYS_AROUND), now.astimezone(zone).date())
    starts = find_openings(service, staff=staff, first_day=first_day, days=2 * DAYS_AROUND + 1, now=now)
    return sorted(sorted(starts, key=lambda start: abs(start - wanted))[:NEAREST])
