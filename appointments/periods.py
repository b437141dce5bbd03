"""What reports cover: local dates cut into days, weeks or months, each with the instants it begins and ends at."""

from collections import namedtuple
from datetime import timedelta
from itertools import groupby

from appointments.hours import find_midnight
from clientline.refusals import FieldRefused

LONGEST_DAYS = 366

Bucket = namedtuple("Bucket", "key label begins ends")

KEYS = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02}",
    "month": lambda day: f"{day:%Y-%m}",
}


class Period:
    """The dates `first` … `last` of an organization, both included, to be reported by `group_by`."""

    def __init__(self, organization, first, last, group_by):
        self.organization, self.first, self.last, self.group_by = organization, first, last, group_by
        self.days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.begins, self.ends = (find_midnight(organization.zone, day) for day in (first, last + timedelta(days=1)))

    def buckets(self):
        """The days, weeks or months, in order; the first and last may be cut short."""
        midnights = [*(find_midnight(self.organization.zone, day) for day in self.days), self.ends]
        grouped = groupby(
            zip(self.days, midnights, midnights[1:], strict=False), lambda day: KEYS[self.group_by](day[0])
        )
        spans = ((key, list(days)) for key, days in grouped)
        return [Bucket(key, key, days[0][1], days[-1][2]) for key, days in spans]

    def key_of(self):
        """A function: date → the key of its bucket. Without buckets, all dates are one."""
        return KEYS.get(self.group_by, lambda day: None)

    def answer(self, rows, total):
        return {
            "from": self.first,
            "to": self.last,
            "group_by": self.group_by,
            "timezone": self.organization.timezone,
            "currency": self.organization.currency,
            "rows": rows,
            "total": total,
        }


def refuse_unreportable(first, last):
    """Raise FieldRefused where these dates are none or too many."""
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise FieldRefused("to", "invalid", f"Ask for 1 to {LONGEST_DAYS} days.")
