"""Sheets of paper: a day of everybody or of one person, and a week of one; lists, as paper does not scroll."""

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.working_time.hours import find_midnight
from clientline import wording
from clientline.backoffice.calendar.diary import list_team, read_day
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting

DAYS = 7
MOST_VISITS = 2000


class Section(NamedTuple):
    """A person's visits of a day, or a day's of a person."""

    title: str
    visits: list


def day_sheet_view(request):
    """Everybody's visits of a day, or with `?staff=` one person's."""
    return _render_sheet(request, _describe_day)


def week_sheet_view(request):
    """The visits of one person in a week, day by day."""
    return _render_sheet(request, _describe_week)


def _render_sheet(request, describe):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    now = timezone.now()
    day, problem = read_day(request, organization, now)
    if problem:
        messages.warning(request, problem)
    people = list_team(request.user, organization, now=now)
    asked = [each for each in people if str(each.pk) == request.GET.get("staff")]
    told = describe(request.user, organization, day, people, asked)
    return render_page(request, "sheet.html", organization=organization, printed_at=wording.write_moment(now), **told)


def _describe_day(caller, organization, day, people, asked):
    shown = asked or people
    visits = _find_visits(caller, organization, day, 1, asked)
    by_person = {person.pk: [] for person in shown}
    for visit in visits:
        by_person.setdefault(visit.staff_id, []).append(visit)
    sections = [Section(person.name, by_person[person.pk]) for person in shown if by_person[person.pk]]
    query = {"date": day} | ({"staff": asked[0].pk} if asked else {})
    return {
        "title": wording.write_date(day),
        "sections": sections,
        "back": f"{reverse('admin:index')}?{urlencode(query)}",
        "count": len(visits),
    }


def _describe_week(caller, organization, day, people, asked):
    person, first = (asked or people or [None])[0], wording.find_first_of_week(day)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    visits = _find_visits(caller, organization, first, DAYS, [person]) if person else []
    by_day = {each: [] for each in days}
    for visit in visits:
        by_day[visit.appointment_date.astimezone(organization.zone).date()].append(visit)
    query = {"date": day} | ({"staff": person.pk} if person else {})
    return {
        "title": _("%(person)s, week from %(day)s")
        % {"person": person or _("Nobody"), "day": wording.write_date(first)},
        "sections": [Section(wording.write_date(each), found) for each, found in by_day.items() if found],
        "back": f"{reverse('admin:week')}?{urlencode(query)}",
        "count": len(visits),
    }


def _find_visits(caller, organization, first, days, people):
    """What begins on these dates and is not cancelled, in order; of these people, or of everybody."""
    begin, end = (find_midnight(organization.zone, each) for each in (first, first + timedelta(days=days)))
    visits = Appointment.objects.visible_to(caller, "appointments").exclude(status=Appointment.Status.CANCELLED)
    visits = visits.filter(organization=organization, appointment_date__gte=begin, appointment_date__lt=end)
    if people:
        visits = visits.filter(staff__in=[person.pk for person in people])
    found = list(visits.select_related("client", "service").order_by("appointment_date", "id")[:MOST_VISITS])
    for visit in found:
        starts, ends = (each.astimezone(organization.zone) for each in (visit.appointment_date, visit.ends_at))
        visit.times = wording.write_clocks(starts, ends)
    return found
