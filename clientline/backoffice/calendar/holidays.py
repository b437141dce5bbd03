"""Public holidays of a year: proposed with the visits they would hit, and closed where people say so."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from appointments.working_time import public_holidays
from appointments.working_time.asking_back import SHOWN, select_shown
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting
from clientline.notations import parse_date
from clientline.refusals import Refused


def holidays_view(request):
    if not request.user.may("time_off", "close"):
        raise PermissionDenied
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    now = timezone.now()
    year = _read_year(request, organization.find_local_date(now).year)
    problem, proposal = None, None
    try:
        if request.method == "POST" and _close(request, organization, now):
            return HttpResponseRedirect(reverse("admin:appointments_timeoff_changelist"))
        proposal = public_holidays.propose_holidays(organization=organization, year=year, now=now)
    except Refused as refusal:
        problem = refusal.detail
    return render_page(
        request,
        "holidays.html",
        title=gettext("Public holidays %(year)s") % {"year": year},
        organization=organization,
        year=year,
        previous=year - 1 if year > 2000 else None,
        next=year + 1 if year < 2099 else None,
        problem=problem,
        region=proposal.region if proposal else "",
        holidays=_show_hit(request.user, proposal.holidays) if proposal else [],
    )


def _show_hit(caller, holidays):
    """Each holiday with the first of its visits. Those of all days are read at once."""
    first = {pk for each in holidays for pk in each.visits[:SHOWN]}
    shown = {visit.pk: visit for visit in select_shown(caller, first)}
    return [(each, [shown[pk] for pk in each.visits[:SHOWN] if pk in shown]) for each in holidays]


def _read_year(request, present):
    """The year of the query string, else the present one."""
    sent = request.GET.get("year", "")
    return int(sent) if sent.isascii() and sent.isdigit() and 2000 <= int(sent[:5]) <= 2099 else present


def _close(request, organization, now):
    """Whether there was anything to close."""
    dates = [_read_date(text) for text in request.POST.getlist("dates")]
    if not dates:
        messages.warning(request, gettext("Nothing was chosen."))
        return False
    rows = public_holidays.close_on_holidays(organization=organization, dates=dates, now=now)
    messages.success(
        request,
        ngettext("Closed on %(count)s public holiday.", "Closed on %(count)s public holidays.", len(rows))
        % {"count": len(rows)},
    )
    if stranded := {pk for row in rows for pk in row.strands}:
        messages.warning(
            request, gettext("%(count)s visits need another time: Today lists them.") % {"count": len(stranded)}
        )
    return True


def _read_date(text):
    try:
        return parse_date(text)
    except ValueError as error:
        raise Refused(str(error)) from error
