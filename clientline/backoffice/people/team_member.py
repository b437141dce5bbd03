"""A colleague's page: when they work and are away, what they perform, and who counts on them."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from appointments.models import Appointment, TimeOff, Weekday, WorkingHours
from clientline import wording
from clientline.admin.lists import BoundedPaginator
from services.models import Service

SHOWN = 10  # rows of each list
SHOWN_ORPHANS = 25


def describe_member(caller, person, *, now):
    """The template's context."""
    away = TimeOff.objects.visible_to(caller, "time_off").filter(organization=person.organization_id, ends_at__gt=now)
    services = Service.objects.visible_to(caller, "services").filter(organization=person.organization_id)
    visits = Appointment.objects.visible_to(caller, "appointments").filter(staff=person)
    ahead = visits.filter(status="scheduled", appointment_date__gt=now).order_by("appointment_date", "id")
    needy = ahead.filter(stranded=True) if person.is_active else ahead
    orphaned = list(needy.select_related("client", "service")[: SHOWN_ORPHANS + 1])
    return {
        "week": _describe_week(person, timezone.localdate(now)),
        "away": away.filter(Q(staff=person) | Q(staff=None)).order_by("starts_at", "id")[:SHOWN],
        "services": services.filter(is_active=True).performed_by(person.pk).order_by("name", "id")[:SHOWN],
        "ahead": ahead[: BoundedPaginator.BOUND].count(),
        "orphaned": orphaned[:SHOWN_ORPHANS],
        "more_orphaned": len(orphaned) > SHOWN_ORPHANS,
    }


def _describe_week(person, today):
    """(day, its stretches as text) for the seven days, as they hold today."""
    stretches = {day: [] for day in wording.order_weekdays()}
    begun = Q(valid_from=None) | Q(valid_from__lte=today)
    rows = WorkingHours.objects.filter(begun, staff=person).holding_from(today)
    for row in rows.order_by("weekday", "starts"):
        hours = wording.write_clocks(row.starts, row.ends)
        told = hours if row.every_second_week is None else gettext("%(hours)s every second week") % {"hours": hours}
        stretches[row.weekday].append(told)
    return [(Weekday(day).label, ", ".join(hours)) for day, hours in stretches.items()]
