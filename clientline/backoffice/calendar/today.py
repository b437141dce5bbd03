"""Today, the admin's index: one organization's day, person by person, and the figures a front desk asks for."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from appointments.models import Appointment, WorkingHours
from appointments.working_time.hours import find_instant
from clientline import wording
from clientline.backoffice.calendar import rezoning
from clientline.backoffice.calendar.axis import Axis
from clientline.backoffice.calendar.board import Board, choose_step
from clientline.backoffice.calendar.day_people import arrange_people
from clientline.backoffice.calendar.diary import MOST_VISITS, Diary, find_neighbour, find_version, list_team, read_day
from clientline.backoffice.calendar.drawing import draw_columns, draw_legend, draw_scale
from clientline.backoffice.calendar.figures import list_figures
from clientline.backoffice.calendar.late_money import list_late_money
from clientline.backoffice.calendar.own_day import describe_own_day
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting
from clientline.backoffice.webhooks.standing import list_troubles
from clientline.reach.messages.delivery.telling import is_failing
from services.models import Service

AT_ONCE = 24  # columns; more people are on further pages
MOST_ORPHANS = 10
UNFOLDED = "all_hours"


def today(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    now = timezone.now()
    day, problem = read_day(request, organization, now)
    people = list_team(request.user, organization, now=now)
    diary = Diary(caller=request.user, organization=organization, days=[day], people=people, now=now)
    _notify(request, problem, diary)
    shown, resting = _choose_people_of_day(request, people, diary)
    start = AT_ONCE * (_read_page(request, len(shown)) - 1)
    board = _draw_day(request, diary, shown[start : start + AT_ONCE]) if shown else None
    return render_page(
        request,
        "today.html",
        title=_write_title(day, organization, now),
        organization=organization,
        figures=list_figures(request.user, diary),
        board=board,
        version=find_version(people, organization, day, now),
        people_pages=_link_people_pages(day, shown),
        resting=[{"name": person.name, "url": _link_day(date=day, staff=person.pk)} for person in resting],
        late_money=list_late_money(request.user, organization, now),
        strays=rezoning.count_noted(request.user, organization),
        messages_fail=request.user.may("message_texts", "update") and is_failing(organization),
        webhooks_fail=list_troubles(request.user, organization, now),
        steps=[] if shown else _list_steps_to_open(organization),
        **describe_own_day(request, diary, board),
        **_find_orphans(request.user, organization, people, now),
        **_list_ways(day, diary, _read_kept(request, shown)),
    )


def _write_title(day, organization, now):
    if day == now.astimezone(organization.zone).date():
        return gettext("Today at %(organization)s") % {"organization": organization}
    return gettext("%(weekday)s at %(organization)s") % {
        "weekday": wording.write_weekday(day),
        "organization": organization,
    }


def _notify(request, problem, diary):
    if problem:
        messages.warning(request, gettext("%(problem)s This is today.") % {"problem": problem})
    if diary.is_cut:
        told = gettext("Only the first %(count)s visits of this day are shown.")
        messages.warning(request, told % {"count": wording.write_number(MOST_VISITS)})


def _link_day(**query):
    return f"{reverse('admin:index')}?{urlencode(query)}"


def _read_kept(request, shown):
    """What the page was asked to show, to be kept on other days: one person, and all hours."""
    asked = len(shown) == 1 and str(shown[0].pk) == request.GET.get("staff")
    return ({"staff": shown[0].pk} if asked else {}) | ({UNFOLDED: 1} if UNFOLDED in request.GET else {})


def _list_ways(day, diary, kept):
    """The day, and the addresses of others."""
    today = find_instant(diary.now, diary.zone).date()
    previous, following = find_neighbour(day, -1), find_neighbour(day, 1)
    return {
        "day": day,
        "is_today": day == today,
        "previous": previous and _link_day(date=previous, **kept),
        "next": following and _link_day(date=following, **kept),
        "present": _link_day(**kept) if kept else reverse("admin:index"),
        "everybody": "staff" in kept and _link_day(date=day),
        "folded_url": _link_day(**{"date": day} | kept | {UNFOLDED: 1})
        if UNFOLDED not in kept
        else _link_day(**{"date": day} | {name: kept[name] for name in kept if name != UNFOLDED}),
        "kept": kept,
    }


def _choose_people_of_day(request, people, diary):
    """The people who have hours or visits that day, or the one asked for; and the active ones who have neither."""
    (day,) = diary.days
    visited = {visit.staff for visit in diary.visits}
    asked = [person for person in people if str(person.pk) == request.GET.get("staff")]
    # Those who see nobody else are shown their day off; an owner without a team yet is told what to do first.
    alone = people if len(people) == 1 and not request.user.may("services", "create") else []
    there = [each for each in people if each.pk in visited or works(each, diary, day)]
    shown = asked or alone or arrange_people(request, there)
    return shown, [each for each in people if each.is_active and each not in shown]


def works(person, diary, day):
    """Whether somebody is at work on the day, also in the night of the evening before it."""
    return person.is_active and bool(diary.hours.find_windows(person.pk, day, day, diary.zone))


def _read_page(request, count):
    """The page of people that the query string asks for; the first when there is no such page."""
    sent = request.GET.get("people", "")
    known = {str(number): number for number in range(1, -(-count // AT_ONCE) + 1)}
    return known.get(sent, 1)


def _link_people_pages(day, shown):
    """Links to the pages of people, where there is more than one."""
    if len(shown) <= AT_ONCE:
        return []
    return [
        {
            "label": f"{shown[start].name} – {shown[start : start + AT_ONCE][-1].name}",
            "url": _link_day(date=day, people=start // AT_ONCE + 1),
        }
        for start in range(0, len(shown), AT_ONCE)
    ]


def _draw_day(request, diary, people):
    (day,) = diary.days
    week = reverse("admin:week")
    columns = [
        diary.make_column(
            person,
            day,
            title=person.name if person.is_active else gettext("%(person)s (deactivated)") % {"person": person.name},
            url=f"{week}?{urlencode({'staff': person.pk, 'date': day})}",
        )
        for person in people
    ]
    return draw_board(request.user, diary, columns, is_unfolded=UNFOLDED in request.GET)


def _link_permitted(caller, page, resource, action):
    return reverse(f"admin:{page}") if caller.may(resource, action) else ""


def draw_board(caller, diary, columns, *, is_unfolded=False):
    """The board of these columns, with the links that the caller may follow."""
    interval = diary.organization.slot_interval
    board = Board(
        Axis(diary.zone, diary.days),
        columns,
        diary.now,
        visit_url=reverse("admin:appointments_appointment_changelist"),
        booking_url=_link_permitted(caller, "appointments_appointment_add", "appointments", "create"),
        move_url=_link_permitted(caller, "day_move", "appointments", "reschedule"),
        may_lengthen=caller.may("appointments", "change"),
        block_url=_link_permitted(caller, "day_block", "time_off", "create"),
        step=choose_step(interval),
        grid=interval,
        is_unfolded=is_unfolded,
    )
    board.html, board.scale = draw_columns(board), draw_scale(board.axis)
    board.legend = draw_legend(may_book=bool(board.booking_url))
    return board


def _find_orphans(caller, organization, people, now):
    """The next visits whose person has left or is not there, for somebody else to give; and whose there are more."""
    concerned = [person.pk for person in people if person.has_stranded or not person.is_active]
    if not concerned:
        return {"orphans": [], "more_orphans_of": []}
    visits = Appointment.objects.visible_to(caller, "appointments").filter(
        Q(stranded=True) | Q(staff__is_active=False),
        organization=organization,
        staff__in=concerned,
        status="scheduled",
        appointment_date__gte=now,
    )
    visits = visits.select_related("client", "service", "staff").order_by("appointment_date", "pk")
    found = list(visits[: MOST_ORPHANS + 1])
    whose = {visit.staff for visit in found} if len(found) > MOST_ORPHANS else ()
    return {"orphans": found[:MOST_ORPHANS], "more_orphans_of": sorted(whose, key=lambda person: person.name)}


def _list_steps_to_open(organization):
    """What a new organization sets up before anybody can be booked: (what to do, its page, whether it is done)."""
    return [
        (
            gettext("Say what you offer: services, how long they take and what they cost."),
            "services_service_changelist",
            Service.objects.filter(organization=organization, is_active=True).exists(),
        ),
        (
            gettext("Say when people work: their hours in every week."),
            "week_hours",
            WorkingHours.objects.filter(organization=organization).exists(),
        ),
    ]
