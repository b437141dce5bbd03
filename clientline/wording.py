"""How pages write times, lengths and amounts."""

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol
from django.utils import timezone

from clientline.currencies import count_decimals


def write_date(day):
    """`Tue 1 Dec 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def write_days(first, last):
    """`Tue 1 Dec 2026`, `Tue 1 Dec 2026 – Fri 4 Dec 2026`."""
    return write_date(first) if first == last else f"{write_date(first)} – {write_date(last)}"


def write_day(instant):
    """`Tue 1 Dec 2026`, in the active zone."""
    return write_date(timezone.localtime(instant))


def write_moment(instant):
    """`Tue 1 Dec 2026 09:00`, in the active zone."""
    return f"{write_day(instant)} {timezone.localtime(instant):%H:%M}"


def write_local_moment(local):
    """The same of a time that is local already."""
    return f"{write_date(local)} {local:%H:%M}"


def write_amount(figure, currency):
    """`1,045.00`, with the decimals that the currency has."""
    return f"{figure:,.{count_decimals(currency)}f}"


def write_money(figure, currency):
    """`1,045.00 EUR`, with the decimals that the currency has."""
    return f"{write_amount(figure, currency)} {currency}"


@cache
def find_decimal_sign(country):
    """What stands before the decimals in a country, as CLDR has it: a comma, else a point."""
    try:
        sign = get_decimal_symbol(Locale.parse(f"und_{country}"))
    except (UnknownLocaleError, ValueError):  # none, or one that nobody writes numbers in
        return "."
    return "," if sign == "," else "."


def write_length(minutes):
    """`45 min`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
