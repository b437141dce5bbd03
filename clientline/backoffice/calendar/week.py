"""Week: seven days of one person, drawn as Today is."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils import timezone

from appointments.models import WorkingHours
from clientline.backoffice.calendar.diary import Diary, asked_day, neighbour, team
from clientline.backoffice.calendar.today import drawn
from clientline.backoffice.page import page
from clientline.backoffice.platform import acting

DAYS = 7


def week(request):
    organization = acting.organization_of(request)
    if organization is None:
        return acting.chooser(request)
    now = timezone.now()
    day, problem = asked_day(request, organization, now)
    if problem:
        messages.warning(request, f"{problem} This is the present week.")
    people = team(request.user, organization)
    person = person_asked(request, people, organization)
    monday = day - timedelta(days=day.weekday())
    return page(
        request,
        "week.html",
        title=f"Week of {person}" if person else "Week",
        organization=organization,
        person=person,
        people=[each for each in people if each.is_active or each == person],
        board=board_of(request.user, organization, person, monday, now) if person else None,
        day=day,
        first=monday,
        last=monday + timedelta(days=DAYS - 1),
        previous=neighbour(day, -DAYS),
        next=neighbour(day, DAYS),
    )


def person_asked(request, people, organization):
    """The one in the query string, else the first who has hours, else anybody; None where there is nobody."""
    asked = [each for each in people if str(each.pk) == request.GET.get("staff")]
    hours = WorkingHours.objects.visible_to(request.user, "working_hours").filter(organization=organization)
    at_work = set(hours.values_list("staff", flat=True).distinct())
    working = [each for each in people if each.is_active and each.pk in at_work]
    return next(iter([*asked, *working, *people]), None)


def board_of(caller, organization, person, monday, now):
    days = [monday + timedelta(days=number) for number in range(DAYS)]
    diary = Diary(caller=caller, organization=organization, days=days, people=[person], now=now)
    columns = [
        diary.column(
            person,
            day,
            title=f"{day:%a} {day.day} {day:%b}",
            url=f"{reverse('admin:index')}?{urlencode({'date': day})}",
        )
        for day in days
    ]
    return drawn(caller, diary, columns)
