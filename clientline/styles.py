"""How a language in a country writes days, clocks and figures, from CLDR: `Sat, Dec 5, 2026` and `2:30 PM` in America,
`Sat, 5 Dec 2026` and `14:30` in Britain. English of no country has one form of its own.

What was written once is remembered: babel takes 20 to 60 µs for each, and a page has hundreds.
"""

from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from clientline.currencies import count_decimals
from clientline.late_imports import import_when_used

if TYPE_CHECKING:
    import babel
    from babel import Locale, dates, localedata, numbers
else:
    babel, dates, localedata, numbers = map(
        import_when_used, ("babel", "babel.dates", "babel.localedata", "babel.numbers")
    )

REMEMBERED = 10_000  # of each kind, for all places together
MONDAY = 0
# By the skeletons of CLDR, and the names of its whole forms, what English of no country writes.
HOUSE = {
    "yMMMEd": "EEE d MMM y",
    "MMMEd": "EEE d MMM",
    "yMMMd": "d MMM y",
    "MMMd": "d MMM",
    "long": "d MMMM y",
    "full": "EEEE, d MMMM y",
}
WHOLE = ("long", "full")
HARD_BLANK = "\u00a0"
NARROW_BLANK = "\u202f"  # which many fonts of mail programs do not have


@dataclass(frozen=True, eq=False, slots=True)
class Style:
    """`clock` is a pattern of CLDR, `first_weekday` the day with which weeks begin, where 0 is Monday."""

    locale: "Locale"  # without its module, of which dataclasses would ask from Python 3.15 on
    clock: str
    first_weekday: int
    is_house: bool = False

    def write_date(self, day: date, form: str) -> str:
        """A date, or the day of a local time, in a form of HOUSE."""
        # The bare date is what is remembered: of each day once.
        return _write_date(self, day.date() if isinstance(day, datetime) else day, form)

    def write_by_pattern(self, day: date, pattern: str) -> str:
        return _write_by_pattern(self, day, pattern)

    def write_clock(self, local: time | datetime) -> str:
        return _write_clock(self, local.hour, local.minute)

    def list_clock_parts(self) -> list[list[str]]:
        """What stands before and after the minutes, `09:` and nothing, for each hour of a day."""
        return [_write_clock(self, hour, 59).split("59") for hour in range(24)]

    @property
    def counts_to_twelve(self) -> bool:
        return "a" in self.clock

    def write_hour(self, hour: int) -> str:
        """For 0 to 24, as a scale names them: `9 AM` where clocks count to twelve, else with its minutes."""
        return _write_hour(self, hour)

    def write_number(self, figure: Decimal | float, decimals: int = 0) -> str:
        return _write_number(self, figure or 0, decimals)  # not the zero below zero, which is remembered as this one

    def write_money(self, figure: Decimal, currency: str) -> str:
        """With the decimals that the currency has."""
        return _write_money(self, figure or Decimal(0), currency)

    def write_percent(self, share: Decimal | float, decimals: int) -> str:
        return _write_percent(self, share or 0, decimals)


@lru_cache(maxsize=500)
def find_style(language: str, country: str) -> Style:
    """Of a language in a country; of the language alone where CLDR knows no such pair, and of English at last."""
    if language == "en" and not country:
        return Style(babel.Locale("en"), "HH:mm", MONDAY, is_house=True)
    native = find_native_locale(country)
    locale = _find_locale(language, country)
    # The world's English counts to twelve. Where the country's own language does not, its readers do not either.
    is_foreign = native and locale.territory == "001" and "H" in native.time_formats["short"].pattern
    clock = "HH:mm" if is_foreign else locale.time_formats["short"].pattern
    return Style(locale, clock, native.first_week_day if native else MONDAY)


def _find_locale(language: str, country: str) -> "babel.Locale":
    for name in (f"{language}_{country}", "en_001" if language == "en" else language):
        try:
            return babel.Locale.parse(name)
        except (babel.UnknownLocaleError, ValueError):
            continue
    return babel.Locale("en", "001")


@cache
def find_native_locale(country: str) -> "babel.Locale | None":
    """That of the country's own language; None of no country, or of one where nobody writes."""
    try:
        return babel.Locale.parse(f"und_{country}") if country else None
    except (babel.UnknownLocaleError, ValueError):
        return None


@lru_cache(maxsize=REMEMBERED)
def _write_date(style: Style, day: date, form: str) -> str:
    if style.is_house:
        return dates.format_date(day, HOUSE[form], style.locale)
    if form in WHOLE:
        return dates.format_date(day, form, style.locale)
    return dates.format_skeleton(form, day, locale=style.locale)


@lru_cache(maxsize=REMEMBERED)
def _write_by_pattern(style: Style, day: date, pattern: str) -> str:
    return dates.format_date(day, pattern, style.locale)


@lru_cache(maxsize=REMEMBERED)
def _write_clock(style: Style, hour: int, minute: int) -> str:
    return dates.format_time(time(hour, minute), style.clock, locale=style.locale).replace(NARROW_BLANK, HARD_BLANK)


@cache
def _write_hour(style: Style, hour: int) -> str:
    if style.counts_to_twelve:
        return dates.format_skeleton("h", time(hour % 24), locale=style.locale).replace(NARROW_BLANK, HARD_BLANK)
    return "24:00" if hour == 24 else _write_clock(style, hour, 0)


@lru_cache(maxsize=REMEMBERED)
def _write_number(style: Style, figure: Decimal | float, decimals: int) -> str:
    return _find_pattern(style.locale, "decimal", decimals).apply(figure, style.locale)


@lru_cache(maxsize=REMEMBERED)
def _write_money(style: Style, figure: Decimal, currency: str) -> str:
    decimals = count_decimals(currency)
    if style.is_house:
        return f"{_write_number(style, figure, decimals)} {currency}"
    pattern = _find_pattern(style.locale, "currency", decimals)
    return pattern.apply(figure, style.locale, currency=currency, currency_digits=False)


@lru_cache(maxsize=REMEMBERED)
def _write_percent(style: Style, share: Decimal | float, decimals: int) -> str:
    return _find_pattern(style.locale, "percent", decimals).apply(share, style.locale)


@cache
def _find_pattern(locale: "babel.Locale", kind: str, decimals: int) -> "numbers.NumberPattern":
    """How the locale writes figures, with just so many decimals."""
    usual = {
        "currency": locale.currency_formats["standard"],
        "decimal": locale.decimal_formats[None],
        "percent": locale.percent_formats[None],
    }
    pattern = copy(usual[kind])
    pattern.frac_prec = (decimals, decimals)
    return pattern


@cache
def find_decimal_sign(country: str) -> str:
    """What stands before the decimals in a country, as CLDR has it: a comma, else a point."""
    native = find_native_locale(country)  # none where nobody writes numbers
    return "," if native and numbers.get_decimal_symbol(native) == "," else "."


def list_short_dates(country: str) -> list[str]:
    """How a country writes days in figures, as patterns: in its own language, and in its English where it has one."""
    native = find_native_locale(country)
    english = f"en_{country}"
    found = [native] if native else []
    found += [babel.Locale.parse(english)] if native and localedata.exists(english) else []
    return [each.date_formats["short"].pattern for each in found]
