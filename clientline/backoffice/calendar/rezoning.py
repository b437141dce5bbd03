"""The coming visits whose clocks show another time than was agreed, for people to look through."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext

from appointments.amendments import rezoning
from appointments.models import Appointment
from clientline import wording
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting

MOST = 500


def rezoning_view(request):
    if not request.user.may("appointments", "list"):
        raise PermissionDenied
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    found = _list_visits_to_rezone(request.user, organization)
    return render_page(
        request,
        "rezoning.html",
        title=gettext("Visits at another time than agreed"),
        organization=organization,
        visits=[
            (visit, wording.write_local_moment(visit.local_start))
            for visit in found.order_by("appointment_date", "pk")[:MOST]
        ],
        most=MOST,
    )


def _list_visits_to_rezone(caller, organization):
    """Those that the caller may see, as they are now."""
    ids = list(rezoning.find_strays(now=timezone.now(), organization=organization))
    visits = Appointment.objects.visible_to(caller, "appointments").filter(organization=organization, pk__in=ids)
    return visits.select_related("client", "service", "staff")


def count_noted(caller, organization):
    """How many there are, where a look at all visits has found any; nothing is asked where it has not."""
    return _list_visits_to_rezone(caller, organization).count() if organization.visits_to_rezone else 0
