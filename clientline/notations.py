"""How programs write numbers, instants and dates: API, back office and commands read them alike.

Nothing here knows REST framework: commands and domain modules are imported without it.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar, cast

from django.utils.translation import gettext

from clientline.typed_dates import DateNotRead, read_date

LARGEST_INTEGER = 2**63 - 1  # that a bigint holds
# PostgreSQL takes years that Python cannot render: one such row makes every later list a 500.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
FIRST_BIRTHDAY = date(1900, 1, 1)

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE)
CLOCK = re.compile(r"\d{2}:\d{2}", re.ASCII)
MONEY = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
END_OF_DAY = re.compile(r"(?:^T?|[T\s])24(?!\d\d-)", re.IGNORECASE)
Moment = TypeVar("Moment", bound=date | time)


def is_readable_number(text: str) -> bool:
    """Whether this is how an id, a version or a length is written: a number from 1 that a bigint can hold."""
    return text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= LARGEST_INTEGER


def read_moment(kind: type[Moment], text: str) -> Moment:
    """What `kind.fromisoformat` reads, on any Python alike. Raises ValueError.

    From 3.14 on 24:00 is the beginning of the next day there: a time of day loses its day by it, and PostgreSQL keeps
    a 24:00 that psycopg cannot read.
    """
    if END_OF_DAY.search(text):
        raise ValueError("hour must be in 0..23")
    return cast(Moment, kind.fromisoformat(text))


def parse_instant(text: Any) -> datetime:
    """The instant `text` names, between 2000 and 2100. Raises ValueError, saying what is wrong."""
    if not isinstance(text, str) or not INSTANT.fullmatch(text):
        raise ValueError("Write a date and time with its offset, like 2026-12-01T09:00:00+01:00.")
    try:
        instant = read_moment(datetime, text.upper())
        if not EARLIEST <= instant < LATEST:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise ValueError("Choose a real date between 2000 and 2100.") from error
    return instant


def parse_birthday(text: Any, *, today: date) -> date:
    """The date `text` names, from 1900 to `today`. Raises ValueError, saying what is wrong."""
    if not isinstance(text, str) or not DATE.fullmatch(text):
        raise ValueError("Write a date like 1985-12-01.")
    try:
        day = date.fromisoformat(text)
        if not FIRST_BIRTHDAY <= day <= today:
            raise ValueError
    except ValueError as error:
        raise ValueError("Choose a real date from 1900 on that is not to come.") from error
    return day


def parse_date(text: Any) -> date:
    """The date `text` names, between 2000 and 2099. Raises ValueError, saying what is wrong."""
    if not isinstance(text, str) or not DATE.fullmatch(text):
        raise ValueError("Write a date like 2026-12-01.")
    try:
        day = date.fromisoformat(text)
        if not EARLIEST.date() <= day < LATEST.date():
            raise ValueError
    except ValueError as error:
        raise ValueError("Choose a real date between 2000 and 2100.") from error
    return day


def read_typed_date(text: str, country: str) -> date:
    """The same of a text that people type as this country writes days. Raises DateNotRead, with a sentence for them."""
    day = read_date(text, country)
    if not EARLIEST.date() <= day < LATEST.date():
        raise DateNotRead(gettext("Choose a date between 2000 and 2100."))
    return day
