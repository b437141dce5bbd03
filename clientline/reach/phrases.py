"""Days, times and amounts for guests and clients: by their language and the organization's country, from CLDR."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_percent
from babel.units import format_unit

from organizations.models import Organization


@lru_cache(maxsize=500)
def find_locale(language: str, country: str) -> Locale:
    """The locale of a language in a country, or that of the language alone; English is written as in Europe."""
    for name in (f"{language}_{country}", "en_GB" if language == "en" and country != "US" else language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en", "GB")


class Phrases:
    """How a page writes; times are given in the organization's zone."""

    def __init__(self, organization: Organization, language: str) -> None:
        self.organization, self.locale = organization, find_locale(language, organization.country)

    def write_day(self, day: date) -> str:
        return format_date(day, "full", locale=self.locale)

    def write_clock(self, start: datetime) -> str:
        return format_time(start.astimezone(self.organization.zone).time(), "short", locale=self.locale)

    def write_moment(self, start: datetime) -> str:
        local = start.astimezone(self.organization.zone)
        return f"{self.write_day(local.date())}, {self.write_clock(local)}"

    def write_money(self, amount: Decimal) -> str:
        return format_currency(amount, self.organization.currency, locale=self.locale)

    def write_percent(self, percent: Decimal) -> str:
        return format_percent(percent / 100, locale=self.locale, decimal_quantization=False)

    def write_length(self, minutes: int) -> str:
        """In hours where they come out even, else in minutes."""
        unit, length = ("hour", minutes // 60) if minutes and minutes % 60 == 0 else ("minute", minutes)
        return format_unit(length, f"duration-{unit}", "long", locale=self.locale)
