"""How pages write times, lengths and amounts: in the language that is active, as in the country of the place.

English is written one way everywhere, as the examples show; other languages as CLDR has it.
"""

from copy import copy
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_day_names
from babel.numbers import NumberPattern, get_decimal_symbol
from django.utils import timezone
from django.utils.translation import get_language

from clientline.currencies import count_decimals
from clientline.places import find_country

ENGLISH = Locale("en")
# What English writes, by the skeletons of CLDR, in which other languages have orders and signs of their own.
FORMS = {"yMMMEd": "EEE d MMM y", "MMMEd": "EEE d MMM", "yMMMd": "d MMM y", "MMMd": "d MMM", "yMMMMd": "d MMMM y"}


@lru_cache(maxsize=500)
def _find_locale(language: str, country: str) -> Locale:
    """The locale of a language in a country, or that of the language alone, or English."""
    for name in (f"{language}_{country}", language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return ENGLISH


def _choose_locale():
    """Of what is written now."""
    language = (get_language() or "en").partition("-")[0]
    return ENGLISH if language == "en" else _find_locale(language, find_country())


def _write(day, skeleton):
    locale = _choose_locale()
    if locale is ENGLISH:
        return format_date(day, FORMS[skeleton], locale)
    return format_skeleton(skeleton, day, locale=locale)


def write_date(day):
    """`Tue 1 Dec 2026`."""
    return _write(day, "yMMMEd")


def write_short_date(day):
    """`Tue 1 Dec`, where the year is plain."""
    return _write(day, "MMMEd")


def write_bare_date(day):
    """`1 Dec 2026`, where the weekday says nothing."""
    return _write(day, "yMMMd")


def write_bare_day(day):
    """`1 Dec`."""
    return _write(day, "MMMd")


def write_long_date(day):
    """`Tuesday, 1 December 2026`, at the head of a page."""
    locale = _choose_locale()
    return format_date(day, "EEEE, d MMMM y" if locale is ENGLISH else "full", locale)


def write_plain_long_date(day):
    """`1 December 2026`."""
    return _write(day, "yMMMMd")


def write_weekday(day):
    """`Tuesday`."""
    return format_date(day, "EEEE", _choose_locale())


def write_month(day, pattern):
    """`Dec` by MMM, `December 2026` by MMMM y."""
    return format_date(day, pattern, _choose_locale())


def list_weekdays():
    """`Mon` … `Sun`."""
    names = get_day_names("abbreviated", "stand-alone", _choose_locale())
    return [names[day] for day in range(7)]


def write_within(text):
    """A heading as a word inside a sentence: English writes it small, German keeps its nouns."""
    return text.lower() if _choose_locale() is ENGLISH else str(text)


def write_days(first, last):
    """`Tue 1 Dec 2026`, `Tue 1 Dec 2026 – Fri 4 Dec 2026`."""
    return write_date(first) if first == last else f"{write_date(first)} – {write_date(last)}"


def write_day(instant):
    """`Tue 1 Dec 2026`, in the active zone."""
    return write_date(timezone.localtime(instant))


def write_moment(instant):
    """`Tue 1 Dec 2026 09:00`, in the active zone."""
    return write_local_moment(timezone.localtime(instant))


def write_local_moment(local):
    """The same of a time that is local already."""
    return f"{write_date(local)} {local:%H:%M}"


def write_amount(figure, currency):
    """`1,045.00`, with the decimals that the currency has."""
    return write_number(figure, count_decimals(currency))


def write_number(figure, decimals=0):
    """`1,045`."""
    locale = _choose_locale()
    if locale is ENGLISH:
        return f"{figure:,.{decimals}f}"
    return _find_pattern(locale, "decimal", decimals).apply(figure, locale)


def write_money(figure, currency):
    """`1,045.00 EUR`, with the decimals that the currency has."""
    decimals, locale = count_decimals(currency), _choose_locale()
    if locale is ENGLISH:
        return f"{write_amount(figure, currency)} {currency}"
    pattern = _find_pattern(locale, "currency", decimals)
    return pattern.apply(figure, locale, currency=currency, currency_digits=False)


@cache
def _find_pattern(locale: Locale, kind: str, decimals: int) -> NumberPattern:
    """How the locale writes amounts, with just so many decimals."""
    usual = locale.currency_formats["standard"] if kind == "currency" else locale.decimal_formats[None]
    pattern = copy(usual)
    pattern.frac_prec = (decimals, decimals)
    return pattern


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
