"""What counts as late: what happens after the cut-off, the visit's start less the notice agreed when it was booked.

In the minutes of grace after the booking nothing is late, however soon the visit is; moves do not renew them.
What the organization cancels itself is nobody's lateness.

It is said three times, for a row, for the ORM and for the statements of reports, and nowhere else: a test asks all
three about the same visits. At the cut-off itself it is not late yet.
"""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value

from appointments.models import Appointment, Side


def _read_minutes(name: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(name) * Value(timedelta(minutes=1)), output_field=DurationField())


_BEFORE_START = ExpressionWrapper(
    F("appointment_date") - _read_minutes("cancellation_notice"), output_field=DateTimeField()
)
_END_OF_GRACE = ExpressionWrapper(F("created_at") + _read_minutes("cancellation_grace"), output_field=DateTimeField())

CANCELLED_LATE = (
    Q(status="cancelled", cancelled_at__gt=_BEFORE_START)
    & (Q(cancellation_grace=0) | Q(cancelled_at__gt=_END_OF_GRACE))
    & ~Q(cancelled_on_behalf_of=Side.ORGANIZATION)
)

# Of `visit`, a row of appointments.
CANCELLED_LATE_SQL = (
    "visit.status = 'cancelled' AND visit.cancelled_on_behalf_of <> 'organization'"
    " AND visit.cancelled_at > visit.appointment_date - make_interval(mins => visit.cancellation_notice)"
    " AND (visit.cancellation_grace = 0"
    " OR visit.cancelled_at > visit.created_at + make_interval(mins => visit.cancellation_grace))"
)


def find_cutoff(visit: Appointment) -> datetime:
    """Until when its client may cancel or move the visit."""
    before_start = visit.appointment_date - timedelta(minutes=visit.cancellation_notice)
    if not visit.cancellation_grace:  # as it was for what was booked before there was any
        return before_start
    return max(before_start, visit.created_at + timedelta(minutes=visit.cancellation_grace))


def is_late(visit: Appointment, at: datetime) -> bool:
    """Whether cancelling or moving the visit at this moment is late."""
    return at > find_cutoff(visit)


def is_cancelled_late(visit: Appointment) -> bool:
    """Whether its client has to answer for a late cancellation."""
    # A constraint lets only what is cancelled say when.
    by_organization = visit.cancelled_on_behalf_of == Side.ORGANIZATION
    return visit.cancelled_at is not None and not by_organization and is_late(visit, visit.cancelled_at)
