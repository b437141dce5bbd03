"""What happened to the demo's visits: each was booked, and most came to an end."""

from appointments.history import make_fact, write_agreed_time, write_moment
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
    return [booked, *_draw_marks(visit, by), ended]


def _draw_marks(visit, by):
    """That the client arrived, and when the visit began."""
    marks = {"arrived": visit.arrived_at, "in_service": visit.in_service_at}
    facts = [make_fact(visit, name, **by, now=at, became=write_moment(at)) for name, at in marks.items() if at]
    for fact in facts:
        fact.by_id = visit.staff_id
    return facts
