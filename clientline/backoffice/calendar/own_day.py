"""The day of somebody who sees to their own visits alone, as a list for a phone: the next visit first."""

from urllib.parse import urlencode

from django.urls import reverse

from organizations import policy

AS_BOARD = "as_board"


def describe_own_day(request, diary, board):
    """For the page: the visits to come and those that are over, in lists; nothing for who has others' days in hand."""
    alone = policy.find_scope(request.user, "appointments", "create") == policy.ASSIGNED
    if not alone or board is None or AS_BOARD in request.GET:
        return {}
    own = [place for each in board.drawn for place in each["places"] if place.visit]
    own = sorted((place for place in own if place.visit.staff == request.user.pk), key=lambda each: each.visit.starts)
    coming = [place for place in own if place.visit.status == "scheduled" and place.visit.ends > board.now]
    over = [place for place in own if place not in coming]
    query = {"date": diary.days[0], AS_BOARD: 1}
    return {
        "own_day": [[_describe_visit(place, board) for place in places] for places in (coming, over)],
        "as_board": f"{reverse('admin:index')}?{urlencode(query)}",
    }


def _describe_visit(place, board):
    visit = place.visit
    clock = board.axis.tell_clock
    return {
        "url": place.url,
        "client": visit.client,
        "service": visit.service,
        "status": visit.status,
        "hue": visit.hue,
        "marks": place.marks,
        "starts": clock(visit.starts),
        "ends": clock(visit.ends),
    }
