"""The same again, some weeks later: at the same time of the clock, with the same people."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from appointments import booking, groups
from appointments.models import Appointment
from appointments.refusals import OutsideWorkingHours
from appointments.working_time.hours import find_instant, find_minute, is_shown

WEEKS = (2, 4, 6, 8)
MINUTE = timedelta(minutes=1)


def book_again(*, by: User | None, visit: Appointment, weeks: int, now: datetime) -> list[Appointment]:
    """Book what a visit was so many weeks later, with what it costs by now; of a group, all that was not cancelled.

    Raises what `booking.book` and `groups.book_group` do, with the day in the sentence where no clock shows the time.
    """
    if not visit.group:
        again = booking.book(
            by=by,
            client=visit.client,
            service=visit.service,
            staff=visit.staff,
            duration=_count_minutes(visit),
            appointment_date=_find_later(visit, weeks),
            now=now,
        )
        return [again]
    rows = Appointment.objects.filter(organization=visit.organization_id, group=visit.group)
    rows = rows.exclude(status=Appointment.Status.CANCELLED).select_related("service__organization", "staff")
    wanted = [
        groups.Wanted(each.service, _find_later(each, weeks), each.staff, _count_minutes(each))
        for each in rows.order_by("appointment_date", "id")
    ]
    return groups.book_group(by=by, client=visit.client, visits=wanted, now=now).appointments


def _count_minutes(visit: Appointment) -> int:
    return (visit.ends_at - visit.appointment_date) // MINUTE


def _find_later(visit: Appointment, weeks: int) -> datetime:
    """The same time of the clock; 168 hours times `weeks` later it may show another."""
    zone = visit.organization.zone
    local = visit.appointment_date.astimezone(zone)
    day, minute = local.date() + timedelta(weeks=weeks), local.hour * 60 + local.minute
    if not is_shown(zone, day, minute):
        raise OutsideWorkingHours(f"{day}: {_('The clocks skip this time on that date.')}")
    return find_instant(find_minute(zone, day, minute))
