"""Visits that go together: the later ones of a series, those of a group, and those that one move changed together.

Whoever is about to change several holds them first, in the order of their ids: two who name different ones of the same
visits would else wait for each other.
"""

from django.db.models import Q, QuerySet

from appointments.models import Appointment, AppointmentHistory

FOLLOWING, GROUP, LAST_MOVE = "following", "group", "last move"
NOTHING = Q(pk__in=())  # which nobody asks the database for


def hold_companions(named: QuerySet[Appointment], scope: object) -> None:
    """Lock the visit that `named` holds, and what goes with it in this scope, until the transaction ends.

    Other scopes, and nobody there, hold nothing: the caller locks the one visit, or finds none.
    """
    find_others = SCOPES.get(scope) if isinstance(scope, str) else None  # a body may say anything
    visit = named.first() if find_others else None
    if find_others is None or visit is None:
        return
    together = Appointment.objects.filter(Q(pk=visit.pk) | find_others(visit), organization=visit.organization_id)
    # list() is what runs it: a queryset that nobody reads locks nothing.
    list(together.order_by("id").select_for_update(no_key=True, of=("self",)))


def is_following(visit: Appointment) -> Q:
    """The later visits of its series."""
    return Q(series=visit.series, appointment_date__gt=visit.appointment_date) if visit.series else NOTHING


def is_in_group(visit: Appointment) -> Q:
    """All of its group, itself included."""
    return Q(group=visit.group) if visit.group else NOTHING


def was_moved_along(visit: Appointment) -> Q:
    """The others of its group and its series that the last move of the visit changed, too."""
    last = visit.history.order_by("-at", "-id").first() if visit.group or visit.series else None
    if last is None:
        return NOTHING
    kin = NOTHING
    if visit.group:
        kin |= Q(group=visit.group)
    if visit.series:  # by its client, whose visits an index finds
        kin |= Q(series=visit.series, client=visit.client_id)
    facts = AppointmentHistory.objects.filter(organization=visit.organization_id, at=last.at, by=last.by_id)
    return kin & Q(pk__in=facts.filter(appointment__client=visit.client_id).values("appointment"))


SCOPES = {FOLLOWING: is_following, GROUP: is_in_group, LAST_MOVE: was_moved_along}
