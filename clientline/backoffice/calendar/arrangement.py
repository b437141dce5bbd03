"""Side by side: which share of a column's width each visit gets. Only what overlaps in time shares it."""

CANCELLED = 9  # percent of the column: a strip at its right edge, or beside another
MOST_CANCELLED = 27  # percent that all the strips of one time take


def arrange(visits):
    """(left, width) in percent of the column, by visit; a visit is anything with `starts`, `ends` and `is_cancelled`.

    Visits that overlap stand in lanes, each as wide as its neighbours in time let it be; cancelled ones are strips.
    """
    visits = sorted(visits, key=lambda each: (each.starts, -each.ends))
    strips = {}
    for group in _group_overlapping([each for each in visits if each.is_cancelled]):
        strips |= _arrange_strips(group)
    found = dict(strips)
    for group in _group_overlapping([each for each in visits if not each.is_cancelled]):
        right = min((left for each, (left, _) in strips.items() if _overlaps_any(each, group)), default=100)
        found |= _arrange_lanes(group, right)
    return found


def _group_overlapping(visits):
    """Groups of ascending visits that overlap, directly or through others of the group."""
    groups, until = [], None
    for each in visits:
        if until is None or each.starts >= until:
            groups.append([])
            until = each.ends
        groups[-1].append(each)
        until = max(until, each.ends)
    return groups


def _overlaps_any(visit, others):
    return any(visit.starts < each.ends and visit.ends > each.starts for each in others)


def _choose_lanes(group):
    """The lanes of a group, each with its visits: each visit in the first lane that is free at its start."""
    lanes = []
    for each in group:
        lane = next((lane for lane in lanes if lane[-1].ends <= each.starts), None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(each)
    return lanes


def _arrange_lanes(group, right):
    """Each visit takes its lane and those to its right in which nothing overlaps it."""
    if len(group) == 1:
        return {group[0]: (0, right)}
    lanes, found = _choose_lanes(group), {}
    one = right / len(lanes)
    for number, lane in enumerate(lanes):
        for each in lane:
            end = number + 1
            while end < len(lanes) and not _overlaps_any(each, lanes[end]):
                end += 1
            found[each] = round(number * one, 2), round((end - number) * one, 2)
    return found


def _arrange_strips(group):
    lanes = _choose_lanes(group)
    one = min(CANCELLED, MOST_CANCELLED / len(lanes))
    left = 100 - one * len(lanes)
    return {each: (round(left + n * one, 2), round(one, 2)) for n, lane in enumerate(lanes) for each in lane}
