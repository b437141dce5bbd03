"""Visits that are over and not closed: nobody said whether they were completed, missed or cancelled."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Appointment
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting
from clientline.notations import is_readable_number

AT_ONCE = 100


def unclosed_view(request):
    """The oldest first; those that stay ticked are completed. Raises PermissionDenied."""
    if not request.user.may("appointments", "complete"):
        raise PermissionDenied
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    visits = Appointment.objects.visible_to(request.user, "appointments", "complete")
    visits = visits.filter(organization=organization).over_and_open(timezone.now())
    if request.method == "POST":
        # Only what was shown and ticked: more may have ended since.
        chosen = [int(pk) for pk in request.POST.getlist("visits") if is_readable_number(pk)]
        admin.site.get_model_admin(Appointment).complete_visits(request, visits.filter(pk__in=chosen))
        return HttpResponseRedirect(reverse("admin:unclosed"))
    found = visits.select_related("client", "service", "staff").order_by("appointment_date", "pk")[: AT_ONCE + 1]
    shown = list(found)
    return render_page(
        request, "unclosed.html", title=_("Over and not closed"), visits=shown[:AT_ONCE], more=len(shown) > AT_ONCE
    )
