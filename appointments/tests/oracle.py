"""The rules for slots read independently, slow and plain: what `test_slot_rules.py` holds the product to."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

STEP = 5  # minutes, of which all hours, intervals and clock changes are multiples


@cache
def clock_readings(zone, day):
    """For each STEP of a local day, the first absolute minute at which the clocks have reached it."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() // 60)
    readings = [datetime.fromtimestamp(m * 60, zone) for m in range(noon - 2200, noon + 2500, STEP)]
    exact, reached = {}, {}
    for shown in readings:
        minute = (shown.date() - day).days * 1440 + shown.hour * 60 + shown.minute
        absolute = int(shown.timestamp() // 60)
        exact.setdefault(minute, absolute)
        for passed in range(len(reached) * STEP, min(minute, 2880) + 1, STEP):
            reached[passed] = absolute
    return exact, reached


class Oracle:
    """The rules read aloud, one start and one minute at a time."""

    def __init__(self, case):
        self.case, self.zone, self.day = case, ZoneInfo(case["zone"]), case["day"]
        self.clocks = {n: clock_readings(self.zone, self.day + timedelta(days=n)) for n in range(-1, 4)}
        self.now, self.offs = self.midnight() + case["now"].total_seconds() / 60, {}

    def midnight(self, n=0):
        return self.clocks[n][1][0]

    def stretches(self, n):
        special, day = self.case["special"], self.day + timedelta(days=n)
        if self.case["last_day"] is not None and n > self.case["last_day"]:
            return []
        if n == 0 and special is not None:
            return special
        parity = (day - date(2000, 1, 3)).days // 7 % 2
        return [
            (a, b)
            for weekday, a, b, second, first, last in self.case["weekly"]
            if weekday == day.weekday()
            and second in (None, parity)
            and (first is None or n >= first)
            and (last is None or n <= last)
        ]

    @cached_property
    def spans(self):
        """By the date on which they begin, from the day tried, what is worked."""
        return {n: [(self.clocks[n][1][a], self.clocks[n][1][b]) for a, b in self.stretches(n)] for n in range(-1, 4)}

    @cached_property
    def working(self):
        """Each minute that is worked, with the dates on which its hours begin, from the day tried."""
        found = {}
        for n, spans in self.spans.items():
            for minute in (minute for a, b in spans for minute in range(a, b)):
                found.setdefault(minute, set()).add(n)
        return found

    def is_off(self, minute):
        """By whole days: the hours that begin on them are, and the rest of the dates, not what began on others."""
        if minute not in self.offs:
            began = self.working.get(minute) or {self.date_of(minute)}
            off = self.case["days_off"] + self.case["days_closed"]
            self.offs[minute] = any(began <= {*range(first, first + more + 1)} for first, more in off)
        return self.offs[minute]

    def date_of(self, minute):
        """From the day tried."""
        return (datetime.fromtimestamp(minute * 60, self.zone).date() - self.day).days

    @cached_property
    def grid(self):
        wanted = ((n, m) for n in (-1, 0) for a, b in self.stretches(n) for m in range(a, b, self.case["interval"]))
        found = {self.clocks[n][0].get(m) for n, m in wanted} - {None}
        return sorted(start for start in found if self.midnight() <= start < self.midnight(1))

    def taken(self, spans, begin, end):
        return any(a < end and begin < a + length for a, length in spans)

    def verdict(self, start):
        case, need = self.case, self.case["need"]
        end = start + need.duration
        if not all(minute in self.working for minute in range(start, end)):
            return "outside_working_hours"
        if self.taken(absolute(case["off"] + case["closed"], self.midnight()), start, end):
            return "time_off"
        if any(self.is_off(minute) for minute in range(start, end)):
            return "time_off"
        if start not in self.grid:
            return "off_grid"
        if start < self.now + case["notice"]:
            return "too_soon"
        today = datetime.fromtimestamp(self.now * 60, self.zone).date()
        if datetime.fromtimestamp(start * 60, self.zone).date() > today + timedelta(days=case["advance"]):
            return "too_far_ahead"
        busy = absolute(case["visits"], self.midnight())
        if self.taken(busy, start - need.buffer_before, end + need.buffer_after):
            return "slot_taken"
        return None


def absolute(spans, midnight):
    return [(midnight + begin, length) for begin, length in spans]
