"""What happened to the demo's visits: each was booked, and most came to an end."""

from appointments.history import agreed, fact_of
from appointments.models import Appointment


def draw_history(visit):
    """The unsaved facts about a saved visit, oldest first."""
    by = {"was": "", "reason": "", "by": None}
    booked = fact_of(visit, "booked", **by, now=visit.created_at, became=agreed(visit))
    booked.by_id = visit.created_by_id
    if visit.status == Appointment.Status.SCHEDULED:
        return [booked]
    ended = fact_of(visit, visit.status, **by, now=visit.cancelled_at or visit.ends_at, became=visit.status)
    ended.was, ended.reason = Appointment.Status.SCHEDULED.value, visit.cancellation_reason
    ended.by_id = visit.cancelled_by_id or visit.staff_id
    return [booked, ended]
