"""Week: seven days of one person, drawn as Today is."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from appointments.models import WorkingHours
from clientline import wording
from clientline.backoffice.calendar.diary import Diary, find_neighbour, find_version, list_team, read_day
from clientline.backoffice.calendar.today import draw_board
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting

DAYS = 7


def week(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    now = timezone.now()
    day, problem = read_day(request, organization, now)
    if problem:
        messages.warning(request, gettext("%(problem)s This is the present week.") % {"problem": problem})
    people = list_team(request.user, organization, now=now)
    person = _find_person_asked(request, people, organization)
    first = wording.find_first_of_week(day)
    return render_page(
        request,
        "week.html",
        title=gettext("Week of %(person)s") % {"person": person} if person else gettext("Week"),
        organization=organization,
        person=person,
        people=[each for each in people if each.is_active or each == person],
        version=find_version(people, organization, day, now),
        board=_draw_week(request.user, organization, person, first, now) if person else None,
        day=day,
        first=first,
        last=first + timedelta(days=DAYS - 1),
        previous=find_neighbour(day, -DAYS),
        next=find_neighbour(day, DAYS),
    )


def _find_person_asked(request, people, organization):
    """The one in the query string, else the first who has hours, else anybody; None where there is nobody."""
    asked = [each for each in people if str(each.pk) == request.GET.get("staff")]
    hours = WorkingHours.objects.visible_to(request.user, "working_hours").filter(organization=organization)
    at_work = set(hours.values_list("staff", flat=True).distinct())
    working = [each for each in people if each.is_active and each.pk in at_work]
    return next(iter([*asked, *working, *people]), None)


def _draw_week(caller, organization, person, first, now):
    days = [first + timedelta(days=number) for number in range(DAYS)]
    diary = Diary(caller=caller, organization=organization, days=days, people=[person], now=now)
    columns = [
        diary.make_column(
            person,
            day,
            title=wording.write_short_date(day),
            url=f"{reverse('admin:index')}?{urlencode({'date': day})}",
        )
        for day in days
    ]
    return draw_board(caller, diary, columns)
