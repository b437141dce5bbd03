"""What happened to the demo's visits: each was booked, and most came to an end."""

from appointments.history import make_fact, write_agreed_time
from appointments.models import Appointment


def draw_history(visit):
    """The unsaved facts about a saved visit, oldest first."""
    by = {"was": "", "reason": "", "by": None}
    booked = make_fact(visit, "booked", **by, now=visit.created_at, became=write_agreed_time(visit))
    booked.by_id = visit.created_by_id
    if visit.status == Appointment.Status.SCHEDULED:
        return [booked]
    ended = make_fact(visit, visit.status, **by, now=visit.cancelled_at or visit.ends_at, became=visit.status)
    ended.was, ended.reason = Appointment.Status.SCHEDULED.value, visit.cancellation_reason
    ended.by_id = visit.cancelled_by_id or visit.staff_id
    return [booked, ended]
