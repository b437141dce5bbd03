"""Whether the client of a visit is there: marks with a time beside its status, which they leave as it is.

A visit is late when it should have begun and its client has not arrived: `Appointment.objects.not_there_yet`.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from appointments import booking, history
from appointments.models import Appointment
from appointments.refusals import InvalidTransition
from clientline.database.changes import save_changes


def mark_arrived(*, by: User | None, visit: Appointment, now: datetime, in_service: bool = False) -> Appointment:
    """Note that the client is there, and with `in_service` that the visit has begun, too; a mark that is set stays.

    Expects the visit's row to be locked. Raises InvalidTransition for a visit that is not scheduled.
    """
    if visit.status != Appointment.Status.SCHEDULED:
        raise InvalidTransition(visit, "in_service" if in_service else "arrived", now)
    names = {"arrived_at": "arrived"} | ({"in_service_at": "in_service"} if in_service else {})
    missing = [name for name in names if getattr(visit, name) is None]
    with transaction.atomic():
        save_changes(visit, dict.fromkeys(missing, now))
        for name in missing:
            history.record_fact(visit, names[name], by=by, now=now, became=history.write_moment(now))
        if missing:
            booking.tell_of_visits([visit], "arrived", now)
    return visit
