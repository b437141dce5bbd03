"""The drawing of a calendar: rows of hours, time off and visits become columns of places. Nothing here asks anybody.

Times are minutes of absolute time, as in `appointments.hours`; places are percent across and pixels down.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from appointments.hours import DAY, cut_out, find_instant, find_minute

HOUR = 60
PIXELS = 1.2  # a minute's
SHORTEST = 15  # minutes: a shorter visit is drawn as long, or nobody could read or hit it
USUAL_HOURS = (9, 17)  # shown where nothing is to be seen
CANCELLED_ALONE, CANCELLED_BESIDE = 50, 30  # percent of the column
FREE_PLACE = 30  # minutes it has at least, where there is room

MARKS = {"completed": "✓", "no_show": "✗"}


@dataclass(frozen=True)
class Visit:
    """A visit as the board reads it. `due` is None where the reader may not see it."""

    pk: int
    staff: int
    client: str
    service: str
    status: str
    overbooked: bool
    starts: int
    ends: int
    busy_from: int
    busy_until: int
    due: Decimal | None = None

    @property
    def is_cancelled(self):
        return self.status == "cancelled"


@dataclass
class Column:
    """One person on one day: the stretches they work, those they are away, with the reason, and the visits.

    Nights are there in full, those of the evening before, too.
    """

    title: str
    staff: int
    day: date
    windows: list = field(default_factory=list)
    away: list = field(default_factory=list)
    visits: list = field(default_factory=list)
    url: str = ""
    performer: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class Place:
    """Something drawn: what it is (`kind` is its class in the stylesheet), where, and what it says and leads to."""

    kind: str
    top: float
    bottom: float
    left: float = 0
    width: float = 100
    text: str = ""
    detail: str = ""
    label: str = ""
    url: str = ""
    marks: tuple = ()
    is_stop: bool = True  # whether the tab key halts here

    @property
    def height(self):
        return round(self.bottom - self.top, 1)

    @property
    def text_top(self):
        return self.top + 16

    @property
    def mark(self):
        return MARKS.get(self.kind, "")


class Axis:
    """The rows: each hour that the clocks show on one of the days, one that is shown twice as two.

    A skipped hour has no row of its own unless another of the days has it. So every visit stands beside its time.
    """

    def __init__(self, zone, days):
        self.zone = zone
        self.spans = {day: (find_minute(zone, day, 0), find_minute(zone, day, DAY)) for day in days}
        quarters = (minute for span in self.spans.values() for minute in range(*span, 15))
        self.rows = {row: number for number, row in enumerate(sorted({self.find_row(each) for each in quarters}))}
        self.first, self.last = 0, len(self.rows)

    def find_row(self, minute):
        clock = find_instant(minute, self.zone)
        return clock.hour, clock.fold

    def place(self, day, minute):
        """How far below the first midnight `minute` stands on `day`, in minutes; beyond the day at its edge."""
        begin, end = self.spans[day]
        if minute >= end:
            return len(self.rows) * HOUR
        clock = find_instant(max(minute, begin), self.zone)
        return self.rows[clock.hour, clock.fold] * HOUR + clock.minute

    def crop(self, places):
        """Show only the rows that hold these places; the usual hours where there are none."""
        places = list(places)
        if places:
            self.first, self.last = int(min(places) // HOUR), int(-(-max(places) // HOUR))
        else:
            hours = [number for (hour, _), number in self.rows.items() if USUAL_HOURS[0] <= hour < USUAL_HOURS[1]]
            self.first, self.last = hours[0], hours[-1] + 1
        self.last = max(self.last, self.first + 1)

    def measure_down(self, place):
        """Pixels below the top of what is shown."""
        return round((min(max(place, self.first * HOUR), self.last * HOUR) - self.first * HOUR) * PIXELS, 1)

    @property
    def height(self):
        return self.measure_down(self.last * HOUR)

    def list_labels(self):
        """(pixels down, time) for each row; the second of two like hours is named so."""
        shown = list(self.rows.items())[self.first : self.last]
        return [
            (self.measure_down(number * HOUR) + 12, f"{hour:02}:00" + (" (2nd)" if fold else ""))
            for (hour, fold), number in shown
        ]

    def tell_clock(self, minute):
        return f"{find_instant(minute, self.zone):%H:%M}"


@dataclass
class Board:
    """What the template draws: the rows' labels, and for each column its shades below and its places above."""

    axis: Axis
    columns: list
    now: int
    visit_url: str = ""
    booking_url: str = ""  # empty where the reader may not book
    step: int = FREE_PLACE

    def __post_init__(self):
        self.axis.crop(self.extent())
        self.labels = self.axis.list_labels()
        self.height = self.axis.height
        self.middle = round(self.height / 2)
        self.drawn = [
            {
                "column": column,
                "shades": self.list_shades(column),
                "places": self.list_places(column),
                "now": self.find_now_line(column),
            }
            for column in self.columns
        ]

    def extent(self):
        """Every place that has to be seen."""
        for column in self.columns:
            for begin, end in [*column.windows, *((visit.starts, visit.ends) for visit in column.visits)]:
                yield self.axis.place(column.day, begin)
                yield self.axis.place(column.day, end)

    def make_place(self, kind, column, begin, end, **rest):
        """A place from one minute to another."""
        top, bottom = (self.axis.measure_down(self.axis.place(column.day, each)) for each in (begin, end))
        return Place(kind, top, bottom, **rest)

    def list_shades(self, column):
        """What is no working time, who is away, and the buffers: nothing to click on."""
        begin, end = self.axis.spans[column.day]
        found = [self.make_place("closed", column, *each) for each in cut_out([(begin, end)], column.windows)]
        for starts, ends, reason in column.away:
            text = f"Time off: {reason}" if reason else "Time off"
            found.append(self.make_place("away", column, starts, ends, text=text))
        for visit in column.visits:
            if not visit.is_cancelled:
                found.append(self.make_place("buffer", column, visit.busy_from, visit.starts))
                found.append(self.make_place("buffer", column, visit.ends, visit.busy_until))
        return [each for each in found if each.height > 0]

    def list_places(self, column):
        """Free places and visits, from the top down."""
        visits = arrange([self.place_visit(column, each) for each in column.visits])
        free = [narrow(each, visits) for each in self.free(column)]
        return sorted([*free, *visits], key=lambda place: (place.top, place.left))

    def place_visit(self, column, visit):
        place = self.make_place(visit.status, column, visit.starts, visit.ends)
        marks = tuple(_list_marks(visit, column))
        return replace(
            place,
            bottom=round(max(place.bottom, place.top + SHORTEST * PIXELS), 1),
            text=f"{self.axis.tell_clock(visit.starts)} {visit.client}",
            detail=visit.service,
            label=_write_label(visit, column, self.axis, marks),
            url=f"{self.visit_url}{visit.pk}/change/",
            marks=marks,
        )

    def free(self, column):
        """The places where a visit could begin, cut into pieces that can be clicked on; one of each gap is a stop."""
        if not (self.booking_url and column.is_active):
            return
        taken = [(begin, end) for begin, end, _ in column.away]
        taken += [(each.busy_from, each.busy_until) for each in column.visits if not each.is_cancelled]
        day, end_of_day = self.axis.spans[column.day]
        for window in column.windows:
            # Counted from where a night began, also where only its end is of this day.
            for gap in cut_out([(max(window[0], day), min(window[1], end_of_day))], taken):
                for begin, end in cut_into_pieces(gap, window[0], self.step):
                    yield self.free_place(column, begin, end, is_stop=begin == gap[0])

    def free_place(self, column, begin, end, *, is_stop):
        clock = self.axis.tell_clock(begin)
        return self.make_place(
            "free",
            column,
            begin,
            end,
            text=f"+ {clock}",
            label=f"Book {clock} with {column.performer}",
            url=f"{self.booking_url}?staff={column.staff}&date={column.day}&time={clock}",
            is_stop=is_stop,
        )

    def find_now_line(self, column):
        """Where the present is; None on other days and where it is out of sight."""
        begin, end = self.axis.spans[column.day]
        place = self.axis.place(column.day, self.now)
        seen = begin <= self.now < end and self.axis.first * HOUR <= place <= self.axis.last * HOUR
        return self.axis.measure_down(place) if seen else None


def _list_marks(visit, column):
    """What sets a visit apart, in words."""
    if not column.is_active and visit.status == "scheduled":
        yield "Needs somebody"
    if visit.status == "no_show":
        yield "No-show"
    if visit.is_cancelled:
        yield "Cancelled"
    if visit.overbooked and not visit.is_cancelled:
        yield "Overbooked"
    if visit.due and visit.due > 0 and visit.status != "scheduled":
        yield "Unpaid"


def _write_label(visit, column, axis, marks):
    """The whole visit in a sentence, for those who hear it or point at it."""
    status = visit.status.replace("_", "-")
    further = [mark.lower() for mark in marks if mark.lower() != status]
    times = f"{axis.tell_clock(visit.starts)}–{axis.tell_clock(visit.ends)}"
    return ", ".join([f"{times} {visit.client}", visit.service, f"with {column.performer}", status, *further])


def cut_into_pieces(gap, origin, step):
    """The gap cut at every `step` minutes counted from `origin`, as the offered starts are."""
    begin, end = gap
    while begin < end:
        stop = min(end, begin + step - (begin - origin) % step)
        yield begin, stop
        begin = stop


def choose_step(interval):
    """How long free places are where starts are offered every `interval` minutes."""
    return interval * -(-FREE_PLACE // interval)


def arrange(places):
    """Places that overlap stand side by side; cancelled visits keep to a narrow lane at the right."""
    found = []
    for group in _group_overlapping(places):
        cancelled = [each for each in group if each.kind == "cancelled"]
        others = [each for each in group if each.kind != "cancelled"]
        aside = (CANCELLED_BESIDE if others else CANCELLED_ALONE) if cancelled else 0
        found += _set_side_by_side(others, 0, 100 - aside)
        found += _set_side_by_side(cancelled, 100 - aside, aside)
    return found


def _group_overlapping(places):
    """Groups of places that overlap, directly or through others of the group."""
    groups, bottom = [], 0
    for each in sorted(places, key=lambda place: (place.top, place.bottom)):
        if not groups or each.top >= bottom:
            groups.append([])
        groups[-1].append(each)
        bottom = max(bottom, each.bottom)
    return groups


def _set_side_by_side(places, left, width):
    """The places in lanes of one width, each in the first lane that is free at its top."""
    bottoms, lanes = [], []
    for each in places:
        lane = next((number for number, bottom in enumerate(bottoms) if bottom <= each.top), len(bottoms))
        bottoms[lane : lane + 1] = [each.bottom]
        lanes.append(lane)
    one = width / max(len(bottoms), 1)
    return [
        replace(each, left=round(left + lane * one, 2), width=round(one, 2))
        for each, lane in zip(places, lanes, strict=True)
    ]


def narrow(free, visits):
    """A free place leaves the right half to a cancelled visit in its time."""
    cancelled = [each for each in visits if each.kind == "cancelled"]
    lefts = [each.left for each in cancelled if each.top < free.bottom and each.bottom > free.top]
    return replace(free, width=min([free.width, *lefts]))
