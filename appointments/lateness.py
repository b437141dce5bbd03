"""What counts as late: what happens after the cut-off, the visit's start less the notice agreed when it was booked.

It is said three times, for a row, for the ORM and for the statements of reports, and nowhere else: a test asks all
three about the same visits. At the cut-off itself it is not late yet.
"""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value

from appointments.models import Appointment

_NOTICE = ExpressionWrapper(F("cancellation_notice") * Value(timedelta(minutes=1)), output_field=DurationField())
_CUTOFF = ExpressionWrapper(F("appointment_date") - _NOTICE, output_field=DateTimeField())

CANCELLED_LATE = Q(status="cancelled", cancelled_at__gt=_CUTOFF)

# Of `visit`, a row of appointments.
CANCELLED_LATE_SQL = (
    "visit.status = 'cancelled'"
    " AND visit.cancelled_at > visit.appointment_date - make_interval(mins => visit.cancellation_notice)"
)


def find_cutoff(visit: Appointment) -> datetime:
    """Until when its client may cancel or move the visit."""
    return visit.appointment_date - timedelta(minutes=visit.cancellation_notice)


def is_late(visit: Appointment, at: datetime) -> bool:
    """Whether cancelling or moving the visit at this moment is late."""
    return at > find_cutoff(visit)


def is_cancelled_late(visit: Appointment) -> bool:
    # A constraint lets only what is cancelled say when.
    return visit.cancelled_at is not None and is_late(visit, visit.cancelled_at)
