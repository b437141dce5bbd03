"""How pages write times, lengths and amounts: in the language that is active, as in the country of the place.

The examples are English of no country. `clientline.styles` says how it is elsewhere.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language

from clientline import places
from clientline.currencies import count_decimals
from clientline.languages import Said
from clientline.styles import Style, dates, find_style  # type: ignore[attr-defined]  # a module that comes late


def choose_style() -> Style:
    """Of what is written now."""
    return find_style((get_language() or "en").partition("-")[0], places.find_country())


def write_date(day: date) -> str:
    """`Tue 1 Dec 2026`."""
    return choose_style().write_date(day, "yMMMEd")


def write_short_date(day: date) -> str:
    """`Tue 1 Dec`, where the year is plain."""
    return choose_style().write_date(day, "MMMEd")


def write_bare_date(day: date) -> str:
    """`1 Dec 2026`, where the weekday says nothing."""
    return choose_style().write_date(day, "yMMMd")


def write_bare_day(day: date) -> str:
    """`1 Dec`."""
    return choose_style().write_date(day, "MMMd")


def write_long_date(day: date) -> str:
    """`Tuesday, 1 December 2026`, at the head of a page."""
    return choose_style().write_date(day, "full")


def write_plain_long_date(day: date) -> str:
    """`1 December 2026`."""
    return choose_style().write_date(day, "long")


def write_weekday(day: date) -> str:
    """`Tuesday`."""
    return choose_style().write_by_pattern(day, "EEEE")


def write_month(day: date, pattern: str) -> str:
    """`Dec` by MMM, `December 2026` by MMMM y."""
    return choose_style().write_by_pattern(day, pattern)


def find_first_of_week(day: date) -> date:
    """The date on which the week of `day` begins in the country of the place."""
    return day - timedelta(days=(day.weekday() - choose_style().first_weekday) % 7)


def order_weekdays() -> list[int]:
    """The numbers of the weekdays, from the one with which weeks begin."""
    first = choose_style().first_weekday
    return [*range(first, 7), *range(first)]


def list_weekdays() -> list[str]:
    """`Mon` … `Sun`, in the order of `order_weekdays`."""
    names = dates.get_day_names("abbreviated", "stand-alone", choose_style().locale)
    return [names[day] for day in order_weekdays()]


def write_within(text: Said) -> str:
    """A heading as a word inside a sentence: English writes it small, German keeps its nouns."""
    return str(text).lower() if choose_style().locale.language == "en" else str(text)


def write_days(first: date, last: date) -> str:
    """`Tue 1 Dec 2026`, `Tue 1 Dec 2026 – Fri 4 Dec 2026`."""
    return write_date(first) if first == last else f"{write_date(first)} – {write_date(last)}"


def write_day(instant: datetime) -> str:
    """`Tue 1 Dec 2026`, in the active zone."""
    return write_date(timezone.localtime(instant))


def write_moment(instant: datetime) -> str:
    """`Tue 1 Dec 2026 09:00`, in the active zone."""
    return write_local_moment(timezone.localtime(instant))


def write_local_moment(local: datetime) -> str:
    """The same of a time that is local already."""
    style = choose_style()
    return f"{style.write_date(local, 'yMMMEd')} {style.write_clock(local)}"


def write_shared_moment(local: datetime) -> str:
    """The same where pages and programs share a sentence: programs, which are at no place, get `2026-12-01 09:00`."""
    return write_local_moment(local) if places.is_entered() else f"{local:%Y-%m-%d %H:%M}"


def write_shared_date(day: date) -> str:
    """`Tue 1 Dec 2026`, and for programs `2026-12-01`."""
    return write_date(day) if places.is_entered() else day.isoformat()


def write_clock(local: time | datetime) -> str:
    """`09:00`, of a local time with or without its day."""
    return choose_style().write_clock(local)


def write_hour(hour: int) -> str:
    """`09:00`, for 0 to 24, as a scale names them: `9 AM` where clocks count to twelve."""
    return choose_style().write_hour(hour)


def list_clocks() -> list[str]:
    """`00:{}` … `23:{}`, for programs of a page to put the minutes in."""
    return ["{}".join(parts) for parts in choose_style().list_clock_parts()]


def write_clocks(starts: time | datetime, ends: time | datetime) -> str:
    """`09:00–10:30`."""
    style = choose_style()
    return f"{style.write_clock(starts)}–{style.write_clock(ends)}"


def write_amount(figure: Decimal, currency: str) -> str:
    """`1,045.00`, with the decimals that the currency has."""
    return write_number(figure, count_decimals(currency))


def write_number(figure: Decimal | float, decimals: int = 0) -> str:
    """`1,045`."""
    return choose_style().write_number(figure, decimals)


def write_money(figure: Decimal, currency: str) -> str:
    """`1,045.00 EUR`, with the decimals that the currency has."""
    return choose_style().write_money(figure, currency)


def write_percent(share: Decimal | float, decimals: int = 0) -> str:
    """`12.5%` of 0.125."""
    return choose_style().write_percent(share, decimals)


def write_length(minutes: int) -> str:
    """`45 min`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
