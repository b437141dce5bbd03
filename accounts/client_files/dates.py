"""Dates as other products write them. Whether a day or a month comes first is decided for a whole column."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Literal

from babel.dates import get_month_names
from django.utils.translation import gettext as _

from clientline.typed_dates import find_order

Order = Literal["day", "month"]
_TIME = re.compile(r"[T ]\d{1,2}:\d\d.*$")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d\d)")
_WITHOUT_YEAR = re.compile(r"--?(\d\d)-?(\d\d)")
_IN_WORDS = re.compile(
    r"(?:(\d{1,2})\.?(?:st|nd|rd|th)?(?: de)? )?([^\W\d_]{3,})\.?(?: (\d{1,2})(?:st|nd|rd|th)?)?,?(?: de)? (\d{4})"
)
_NEVER = re.compile(r"[0\s/.-]*")
_LANGUAGES = ("en", "de", "fr", "es", "pl")


class NotRead(ValueError):
    """This is no date. The text is a sentence for people."""


class WithoutYear(NotRead):
    """Only day and month are told: `month` and `day`."""

    def __init__(self, month: int, day: int):
        super().__init__(_("The year is missing."))
        self.month, self.day = month, day


def guess_order(texts: Iterable[str], country: str = "") -> Order:
    """What comes first in a column of dates like 4/5/1990: decided by one that reads in one way only, else by country.

    The sign tells, too: nobody writes the month first between points.
    """
    for text in texts:
        if found := _YEAR_LAST.fullmatch(_TIME.sub("", text.strip())):
            first, second = int(found[1]), int(found[2])
            if first > 12 or "." in text:
                return "day"
            if second > 12:
                return "month"
    return find_order(country) or "day"


def read_date(text: str, *, order: Order, latest: date) -> date | None:
    """The date; None for what stands for none (empty, `0/0/00`). Raises NotRead, WithoutYear.

    Of two digits the year is the last one that is not after `latest`.
    """
    text = text and _TIME.sub("", " ".join(text.split()))
    if not text or _NEVER.fullmatch(text):
        return None
    try:
        return date(*_split_date(text, order, latest))
    except ValueError as error:
        raise error if isinstance(error, NotRead) else NotRead(_("There is no such day.")) from error


def read_birthday(text: str, *, order: Order, today: date) -> date | None:
    """The birthday; None for what stands for none. Nobody was born before 1900 or will be tomorrow. Raises NotRead."""
    born = read_date(text, order=order, latest=today)
    if born and (born.year < 1900 or born > today):
        raise NotRead(_("Nobody has this birthday."))
    return born


def _split_date(text: str, order: Order, latest: date) -> tuple[int, int, int]:
    """`(year, month, day)`, which may be no day. Raises NotRead, WithoutYear."""
    if found := _YEAR_FIRST.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        month, day = (first, second) if order == "month" else (second, first)
        return _complete_year(found[3], month, day, latest), month, day
    if found := _WITHOUT_YEAR.fullmatch(text):
        raise WithoutYear(int(found[1]), int(found[2]))
    found = _IN_WORDS.fullmatch(text)
    if found and (named := _number_months().get(found[2].casefold())) and bool(found[1]) != bool(found[3]):
        return int(found[4]), named, int(found[1] or found[3])
    raise NotRead(_("This is no date."))


def _complete_year(text: str, month: int, day: int, latest: date) -> int:
    if len(text) == 4:
        return int(text)
    year = latest.year // 100 * 100 + int(text)
    return year - 100 if (year, month, day) > (latest.year, latest.month, latest.day) else year


@cache
def _number_months() -> dict[str, int]:
    """The numbers of the months by their names in the languages of the headings, whole and short."""
    return {
        name.casefold().rstrip("."): number
        for language in _LANGUAGES
        for width in ("abbreviated", "wide")
        for number, name in get_month_names(width, locale=language).items()
    }
