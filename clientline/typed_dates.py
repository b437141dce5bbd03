"""Days as people type them: one reader, by the country of the place. It reads; nothing here writes.

Read everywhere: `2026-12-31`, `2026/12/31`; with points or a number above twelve `31.12.2026`, `31/12/2026` and
`12/31/2026`, for each of which there is one reading. `11/12/2026` is read as the country writes it, and asked back
where that is not known, where the country begins with the year, or its languages differ. The year has four digits:
nothing is guessed.
"""

import re
from datetime import date
from functools import cache
from typing import Literal

from django.utils.translation import gettext as _

from clientline import places, wording
from clientline.styles import list_short_dates

Order = Literal["day", "month", ""]
YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\.?", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})(?:([/-])|\. ?)(\d{1,2})(?(2)\2|\. ?)(\d{4})", re.ASCII)
MONTHS = 12


class DateNotRead(ValueError):
    """What was typed is no date. `code` is for programs, the text a sentence for people."""

    code = "invalid"


class DateAmbiguous(DateNotRead):
    """`readings` are the days that may be meant: the day first, the month first."""

    code = "ambiguous"

    def __init__(self, text: str, readings: tuple[date, date]):
        self.readings = readings
        first, second = map(wording.write_plain_long_date, readings)
        asked = _("Is “%(text)s” %(first)s or %(second)s? Write %(one)s or %(other)s.")
        one, other = readings
        super().__init__(asked % {"text": text, "first": first, "second": second, "one": one, "other": other})


def read_date(text: str, country: str) -> date:
    """The day that `text` names in this country, '' where none is known. Raises DateNotRead and DateAmbiguous."""
    text = text.strip()
    if found := YEAR_FIRST.fullmatch(text):
        return _make_date(found[1], found[3], found[4])
    found = YEAR_LAST.fullmatch(text)
    if not found:
        raise DateNotRead(_("Write a date like %(example)s.") % {"example": write_example(country)})
    first, second, year = found[1], found[3], found[4]
    # Nobody writes the month first between points.
    order = find_only_order(int(first), int(second)) or (find_order(country) if found[2] else "day")
    if not order:
        raise DateAmbiguous(text, (_make_date(year, second, first), _make_date(year, first, second)))
    return _make_date(year, *((first, second) if order == "month" else (second, first)))


def read_day(text: str) -> date:
    """The same in the country of the place."""
    return read_date(text, places.find_country())


def find_only_order(first: int, second: int) -> Order:
    """What comes first in the only reading that there is; '' where there are two."""
    if first > MONTHS or first == second:
        return "day"
    return "month" if second > MONTHS else ""


@cache
def find_order(country: str) -> Order:
    """What comes first where the country writes days in figures; '' where that is in doubt."""
    orders = {_read_order(pattern) for pattern in list_short_dates(country)}
    return orders.pop() if len(orders) == 1 else ""


def write_example(country: str) -> str:
    """The last day of 2026 as the country types it."""
    order = find_order(country)
    if not order:
        return "2026-12-31"
    with_points = order == "day" and "." in list_short_dates(country)[0]
    return "12/31/2026" if order == "month" else "31.12.2026" if with_points else "31/12/2026"


def _read_order(pattern: str) -> Order:
    """Of a pattern of CLDR, like `dd/MM/y`."""
    day, month, year = (pattern.find(letter) for letter in "dMy")
    if year < min(day, month):
        return ""
    return "day" if day < month else "month"


def _make_date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise DateNotRead(_("There is no such day.")) from error
