"""What reports cover: local dates cut into days, weeks or months, each with the instants it begins and ends at."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, TypedDict

from django.utils.translation import gettext as _

from appointments.working_time.hours import find_midnight
from clientline.refusals import FieldRefused
from organizations.models import Organization

LONGEST_DAYS = 366


class Bucket(NamedTuple):
    key: str
    label: str
    begins: datetime
    ends: datetime


# The answer of a report. `rows` have key and label, and like `total` the report's own figures.
Report = TypedDict(
    "Report",
    {
        "from": date,
        "to": date,
        "group_by": str,
        "timezone": str,
        "currency": str,
        "rows": list[dict[str, Any]],
        "total": dict[str, Any],
    },
)

KEYS = {
    "day": lambda day: day.isoformat(),
    # The year of the week, not of the date: 2027-01-01 lies in week 53 of 2026.
    "week": lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02}",
    "month": lambda day: f"{day:%Y-%m}",
}


class Period:
    """The dates `first` … `last` of an organization, both included, to be reported by `group_by`."""

    def __init__(self, organization: Organization, first: date, last: date, group_by: str) -> None:
        self.organization, self.first, self.last, self.group_by = organization, first, last, group_by
        self.days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.begins, self.ends = (find_midnight(organization.zone, day) for day in (first, last + timedelta(days=1)))

    def list_buckets(self) -> list[Bucket]:
        """The days, weeks or months, in order; the first and last may be cut short."""
        # Each midnight on its own: a day of a clock change has 23 or 25 hours.
        midnights = [*(find_midnight(self.organization.zone, day) for day in self.days), self.ends]
        grouped = groupby(
            zip(self.days, midnights, midnights[1:], strict=False), lambda day: KEYS[self.group_by](day[0])
        )
        spans = ((key, list(days)) for key, days in grouped)
        return [Bucket(key, key, days[0][1], days[-1][2]) for key, days in spans]

    def answer(self, rows: list[dict[str, Any]], total: dict[str, Any]) -> Report:
        """The report, `total` being the same figures over all rows."""
        return {
            "from": self.first,
            "to": self.last,
            "group_by": self.group_by,
            "timezone": self.organization.timezone,
            "currency": self.organization.currency,
            "rows": rows,
            "total": total,
        }


def refuse_unreportable(first: date, last: date) -> None:
    """Raise FieldRefused where these dates are none or too many."""
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise FieldRefused("to", "invalid", _("Ask for 1 to %(most)s days.") % {"most": LONGEST_DAYS})
