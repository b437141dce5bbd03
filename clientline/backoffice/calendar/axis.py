"""The rows of a board: the hours that clocks show, those of the day in full and those around it folded.

Places are minutes below the first midnight; what is measured from them are pixels.
"""

from functools import cached_property

from appointments.working_time.hours import DAY, find_instant, find_minute
from clientline import wording
from clientline.styles import HARD_BLANK

HOUR = 60
LINE = 18  # pixels that a line of text takes
LEAST, MOST = 1.2, LINE / 5  # pixels a minute: at most, five minutes are a line
NARROW, WIDE = 48, 66  # pixels of the labels: `09:00`, `12AM–9AM`
USUAL_HOURS = (9, 17)  # shown where nothing is to be seen
LONG_SHIFT = 14 * HOUR  # who is there longer does not make everybody's day as long
NEAR = 2 * HOUR  # what is booked so close to the hours belongs to the day, up to as much beyond


class Axis:
    """The rows: each hour that the clocks show on one of the days, one that is shown twice as two.

    A skipped hour has no row of its own unless another of the days has it. So every visit stands beside its time.
    Rows before `first` and from `last` on are folded; `above` and `below` are the pixels that the folds take.
    """

    def __init__(self, zone, days):
        self.zone = zone
        self.spans = {day: (find_minute(zone, day, 0), find_minute(zone, day, DAY)) for day in days}
        quarters = (minute for span in self.spans.values() for minute in range(*span, 15))
        self.rows = {row: number for number, row in enumerate(sorted({self.find_row(each) for each in quarters}))}
        self.first, self.last = 0, len(self.rows)
        self.pixels, self.above, self.below = LEAST, 0, 0
        self.clocks, self.placed, self.tops = {}, {}, {}

    def find_row(self, minute):
        clock = find_instant(minute, self.zone)
        return clock.hour, clock.fold

    def place(self, day, minute):
        """How far below the first midnight `minute` stands on `day`, in minutes; beyond the day at its edge."""
        if (found := self.placed.get((day, minute))) is None:
            found = self.placed[day, minute] = self.find_place(day, minute)
        return found

    def find_place(self, day, minute):
        begin, end = self.spans[day]
        if minute >= end:
            return len(self.rows) * HOUR
        clock = find_instant(max(minute, begin), self.zone)
        return self.rows[clock.hour, clock.fold] * HOUR + clock.minute

    def crop(self, core):
        """Fold what lies outside of the places from `core[0]` to `core[1]`; the usual hours are left of None."""
        if core:
            self.first, self.last = int(core[0] // HOUR), int(-(-core[1] // HOUR))
        else:
            hours = [number for (hour, _), number in self.rows.items() if USUAL_HOURS[0] <= hour < USUAL_HOURS[1]]
            self.first, self.last = hours[0], hours[-1] + 1
        self.last = max(self.last, self.first + 1)

    def scale(self, shortest):
        """Choose how many pixels a minute has: a line for what lasts the `shortest` minutes, within bounds."""
        self.pixels = round(min(max(LINE / max(shortest, 1), LEAST), MOST), 2)

    def fold(self, above, below):
        """Leave room for so many lines in the folds, where there are hours to fold."""
        self.above = (above + 1) * LINE if self.first > 0 else 0
        self.below = (below + 1) * LINE if self.last < len(self.rows) else 0

    def measure_down(self, place):
        """Pixels below the top of what is shown; of a folded place those of the fold's edge."""
        seen = min(max(place, self.first * HOUR), self.last * HOUR) - self.first * HOUR
        return round(self.above + seen * self.pixels, 1)

    def find_top(self, day, minute):
        """Pixels down to `minute` of `day`, once it is cropped, scaled and folded."""
        if (found := self.tops.get((day, minute))) is None:
            found = self.tops[day, minute] = self.measure_down(self.place(day, minute))
        return found

    @property
    def height(self):
        return round(self.measure_down(self.last * HOUR) + self.below, 1)

    def list_labels(self):
        """(pixels down, time) for each row; the second of two like hours is named so."""
        return [
            (self.measure_down(number * HOUR) + 12, self.name_row(number)) for number in range(self.first, self.last)
        ]

    def name_row(self, number):
        hour, fold = self.list_rows()[number] if number < len(self.rows) else (24, 0)
        return wording.write_hour(hour) + (" (2nd)" if fold else "")

    def name_hour(self, number):
        return self.name_row(number).partition(":")[0].replace(HARD_BLANK, "")

    def list_rows(self):
        return list(self.rows)

    def list_folds(self):
        """(pixels down, from which hour to which) of what is folded."""
        folds = [(12, 0, self.first)] if self.above else []
        folds += [(round(self.height - self.below + 12, 1), self.last, len(self.rows))] if self.below else []
        # Without the minutes, for which there is no room.
        return [(down, "–".join(self.name_hour(row) for row in rows)) for down, *rows in folds]

    def list_lines(self):
        """Pixels down of the line above each row and below the last."""
        return [self.measure_down(number * HOUR) for number in range(self.first, self.last + 1)]

    @cached_property
    def style(self):
        return wording.choose_style()

    @property
    def width(self):
        """Pixels of the column of labels."""
        return WIDE if self.style.counts_to_twelve else NARROW

    def send_clock(self, minute):
        """The time as addresses carry it."""
        return find_instant(minute, self.zone).isoformat()[11:16]

    def tell_clock(self, minute):
        if (told := self.clocks.get(minute)) is None:
            told = self.clocks[minute] = self.style.write_clock(find_instant(minute, self.zone))
        return told


def choose_core(axis, columns):
    """The places (first, last) of the hours that a board shows in full, None where there is nothing to show.

    These are the hours that begin on the day, and what is booked close to them; not those of who works around the
    clock, nor the night of the evening before, unless nobody else is there.
    """
    stretches = [(column, *each) for column in columns for each in column.windows]
    ordinary = [each for each in stretches if _is_ordinary(axis, *each)]
    visits = [(column, each.starts, each.ends) for column in columns for each in column.visits]
    places = [_place_stretch(axis, *each) for each in ordinary or stretches or visits]
    places = [each for each in places if each[0] < each[1]]
    if not places:
        return None
    core = min(top for top, _ in places), max(bottom for _, bottom in places)
    return _widen(core, [_place_stretch(axis, *each) for each in visits])


def _place_stretch(axis, column, begin, end):
    return axis.place(column.day, begin), axis.place(column.day, end)


def _is_ordinary(axis, column, begin, end):
    return begin >= axis.spans[column.day][0] and end - begin <= LONG_SHIFT


def _widen(core, visits):
    """The core with what is booked close to it."""
    first, last = core
    near = [each for each in visits if each[0] < core[1] + NEAR and each[1] > core[0] - NEAR]
    first = min([first, *(max(top, core[0] - 2 * NEAR) for top, _ in near)])
    return first, max([last, *(min(bottom, core[1] + 2 * NEAR) for _, bottom in near)])
