"""The drawing of a calendar: rows of hours, time off and visits become columns of places. Nothing here asks anybody.

Times are minutes of absolute time, as in `appointments.working_time.hours`; places are percent across and pixels down.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_noop

from appointments.working_time.hours import cut_out
from clientline import wording
from clientline.backoffice.calendar.arrangement import arrange
from clientline.backoffice.calendar.axis import HOUR, LINE, choose_core

FREE_PLACE = 30  # minutes it has at least, where there is room
HUES = 8  # colours of services
STATUS_WORDS = {
    "scheduled": gettext_noop("scheduled"),
    "completed": gettext_noop("completed"),
    "cancelled": gettext_noop("cancelled"),
    "no_show": gettext_noop("no-show"),
}


@dataclass(eq=False, slots=True)
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
    service_id: int = 0
    version: int = 1
    has_note: bool = False
    is_first: bool = False  # of its client's
    arrived_at: datetime | None = None
    in_service_at: datetime | None = None
    due: Decimal | None = None

    @property
    def is_cancelled(self):
        return self.status == "cancelled"

    @property
    def hue(self):
        return self.service_id % HUES


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


@dataclass(slots=True)
class Place:
    """Something drawn: what it is (`kind` is its class in the stylesheet), where, and what it says and leads to."""

    kind: str
    top: float
    bottom: float
    left: float = 0
    width: float = 100
    text: str = ""
    label: str = ""
    url: str = ""
    marks: tuple = ()
    visit: Visit | None = None
    is_stop: bool = True  # whether the tab key halts here

    @property
    def height(self):
        return round(self.bottom - self.top, 1)


@dataclass
class Board:
    """What the page draws: the rows' labels, and for each column its shades below and its places above.

    `step` are the minutes that a free place is cut into, `grid` those between two starts that are offered.
    """

    axis: object
    columns: list
    now: int
    visit_url: str = ""
    booking_url: str = ""  # empty where the reader may not book, as are those below
    move_url: str = ""
    block_url: str = ""
    may_lengthen: bool = False
    step: int = FREE_PLACE
    grid: int = FREE_PLACE
    is_unfolded: bool = False
    html = scale = legend = ""  # drawn by `drawing`

    def __post_init__(self):
        if not self.is_unfolded:
            self.axis.crop(choose_core(self.axis, self.columns))
        self.tails = {}
        self.parted = [self.part_visits(column) for column in self.columns]
        lengths = [each.ends - each.starts for _, seen, _ in self.parted for each in seen if not each.is_cancelled]
        self.axis.scale(min([self.grid, *lengths]))
        self.axis.fold(*(max((len(parts[fold]) for parts in self.parted), default=0) for fold in (0, 2)))

    def part_visits(self, column):
        """The visits in the fold above, those drawn to scale, and those in the fold below."""
        parts, place, day = ([], [], []), self.axis.place, column.day
        first, last = self.axis.first * HOUR, self.axis.last * HOUR
        for each in column.visits:
            top = place(day, each.starts)
            parts[0 if place(day, each.ends) <= first else 2 if top >= last else 1].append(each)
        return parts

    @cached_property
    def drawn(self):
        return [
            {
                "column": column,
                "shades": self.list_shades(column),
                "places": self.list_places(column, *parts),
                "now": self.find_now_line(column),
            }
            for column, parts in zip(self.columns, self.parted, strict=True)
        ]

    @property
    def rows(self):
        """The hours from the top down, as the page's scripts read them; the second of two like ones has a plus."""
        shown = self.axis.list_rows()[self.axis.first : self.axis.last]
        return " ".join(f"{hour}{'+' if fold else ''}" for hour, fold in shown)

    @property
    def clocks(self):
        """How each hour's minutes are written, for those scripts."""
        return "|".join(wording.list_clocks())

    @property
    def labels(self):
        return self.axis.list_labels()

    @cached_property
    def height(self):
        return self.axis.height

    def make_place(self, kind, column, begin, end, **rest):
        """A place from one minute to another."""
        find_top, day = self.axis.find_top, column.day
        return Place(kind, find_top(day, begin), find_top(day, end), **rest)

    def list_shades(self, column):
        """What is no working time, who is away, and the buffers: nothing to click on."""
        begin, end = self.axis.spans[column.day]
        found = [self.make_place("closed", column, *each) for each in cut_out([(begin, end)], column.windows)]
        for starts, ends, reason in column.away:
            text = gettext("Time off: %(reason)s") % {"reason": reason} if reason else gettext("Time off")
            found.append(self.make_place("away", column, starts, ends, text=text))
        for visit in column.visits:
            if not visit.is_cancelled:
                for span in ((visit.busy_from, visit.starts), (visit.ends, visit.busy_until)):
                    if span[0] < span[1]:
                        found.append(self.make_place("buffer", column, *span))
        return [each for each in found if each.height > 0]

    def list_places(self, column, above, seen, below):
        """Free places and visits, from the top down."""
        shares = arrange(seen)
        visits = [self.place_visit(column, each, *shares[each]) for each in seen]
        _lengthen(visits)
        free = [narrow(each, visits) for each in self.free(column)]
        folded = [
            *self.place_folded(column, above, LINE),
            *self.place_folded(column, below, self.axis.height - self.axis.below + LINE),
        ]
        return sorted([*free, *visits, *folded], key=lambda place: (place.top, place.left))

    def place_visit(self, column, visit, left, width):
        place = self.make_place(visit.status, column, visit.starts, visit.ends)
        return self.describe(place, column, visit, left=left, width=width)

    def place_folded(self, column, visits, top):
        """What is in a fold: a line each, in order, where its time has no room."""
        for number, visit in enumerate(visits):
            begin = round(top + number * LINE, 1)
            yield self.describe(Place(f"{visit.status} folded", begin, begin + LINE), column, visit)

    def describe(self, place, column, visit, *, left=0, width=100):
        place.left, place.width, place.visit = left, width, visit
        place.text, place.url = visit.client, f"{self.visit_url}{visit.pk}/change/"
        place.marks = tuple(_list_marks(visit, column, self.now))
        place.label = self.write_label(column, visit, place.marks)
        return place

    def write_label(self, column, visit, marks):
        """The whole visit in a sentence, for those who hear it or point at it."""
        told = {
            "times": f"{self.axis.tell_clock(visit.starts)}–{self.axis.tell_clock(visit.ends)}",
            "client": visit.client,
            "service": visit.service,
            "staff": column.performer,
        }
        if (tail := self.tails.get((visit.status, marks))) is None:
            tail = self.tails[visit.status, marks] = _write_tail(visit.status, marks)
        return f"{self.sentence % told}, {tail}"

    @cached_property
    def sentence(self):
        # Looked up once a page, as all that is the same for many visits: hundreds of look-ups were half of the drawing.
        return gettext("%(times)s %(client)s, %(service)s, with %(staff)s")

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
                    place = self.free_place(column, begin, end, is_stop=begin == gap[0])
                    if place.height > 0:
                        yield place

    def free_place(self, column, begin, end, *, is_stop):
        clock = self.axis.tell_clock(begin)
        return self.make_place(
            "free",
            column,
            begin,
            end,
            text=f"+ {clock}",
            label=self.invitation % {"time": clock, "staff": column.performer},
            url=f"{self.booking_url}?staff={column.staff}&date={column.day}&time={self.axis.send_clock(begin)}",
            is_stop=is_stop,
        )

    @cached_property
    def invitation(self):
        return gettext("Book %(time)s with %(staff)s")

    def find_now_line(self, column):
        """Where the present is; None on other days and where it is out of sight."""
        begin, end = self.axis.spans[column.day]
        place = self.axis.place(column.day, self.now)
        seen = begin <= self.now < end and self.axis.first * HOUR <= place <= self.axis.last * HOUR
        return self.axis.measure_down(place) if seen else None


def _list_marks(visit, column, now):
    """What sets a visit apart, in English words."""
    if visit.status == "scheduled":
        yield from _list_marks_of_coming(visit, column, now)
    if visit.status == "no_show":
        yield "No-show"
    if visit.is_cancelled:
        yield "Cancelled"
        return
    if visit.overbooked:
        yield "Overbooked"
    if visit.due and visit.due > 0 and visit.status != "scheduled":
        yield "Unpaid"
    if visit.is_first:
        yield "First visit"
    if visit.has_note:
        yield "Note"


def _list_marks_of_coming(visit, column, now):
    if not column.is_active:
        yield "Needs somebody"
    if visit.ends <= now:
        yield "Not closed"
    elif visit.in_service_at:
        yield "In service"
    elif visit.arrived_at:
        yield "Arrived"
    elif visit.starts < now:
        yield "Late"


def _write_tail(status, marks):
    """How a visit stands, at the end of its sentence."""
    further = [wording.write_within(gettext(mark)) for mark in marks if mark.lower() != status.replace("_", "-")]
    return ", ".join([gettext(STATUS_WORDS[status]), *further])


def _lengthen(visits):
    """Visits too short for a line take one where nothing stands below them."""
    tops = [*sorted({each.top for each in visits}), float("inf")]
    following = dict(pairwise(tops))
    for each in visits:
        if each.height < LINE:
            each.bottom = max(each.bottom, min(each.top + LINE, following[each.top]))


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


def narrow(free, visits):
    """A free place leaves its right edge to a cancelled visit in its time."""
    for each in visits:
        if each.kind == "cancelled" and each.top < free.bottom and each.bottom > free.top:
            free.width = min(free.width, each.left)
    return free
