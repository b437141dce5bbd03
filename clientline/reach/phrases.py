"""Days, times and amounts for guests and clients: by their language and the organization's country, from CLDR."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from clientline.late_imports import import_when_used
from clientline.styles import find_style
from organizations.models import Organization

if TYPE_CHECKING:
    from babel import units
else:
    units = import_when_used("babel.units")


class Phrases:
    """How a page writes; times are given in the organization's zone."""

    def __init__(self, organization: Organization, language: str) -> None:
        self.organization, self.style = organization, find_style(language, organization.country)

    def write_day(self, day: date) -> str:
        return self.style.write_date(day, "full")

    def write_clock(self, start: datetime) -> str:
        return self.style.write_clock(start.astimezone(self.organization.zone))

    def write_moment(self, start: datetime) -> str:
        local = start.astimezone(self.organization.zone)
        return f"{self.write_day(local.date())}, {self.write_clock(local)}"

    def write_money(self, amount: Decimal) -> str:
        return self.style.write_money(amount, self.organization.currency)

    def write_percent(self, percent: Decimal) -> str:
        exact = percent.normalize()
        return self.style.write_percent(exact / 100, max(-int(exact.as_tuple().exponent), 0))

    def write_length(self, minutes: int) -> str:
        """In hours where they come out even, else in minutes."""
        unit, length = ("hour", minutes // 60) if minutes and minutes % 60 == 0 else ("minute", minutes)
        return units.format_unit(length, f"duration-{unit}", "long", locale=self.style.locale)
