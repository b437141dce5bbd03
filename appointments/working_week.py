"""The weekly hours of one person, read and replaced as a whole. A stretch is (weekday, starts, ends)."""

from collections.abc import Collection, Iterable
from datetime import time
from hashlib import sha256
from typing import TypeAlias

from django.db import transaction

from accounts.models import User
from appointments.models import WorkingHours
from clientline.refusals import Refused

WeeklyStretch: TypeAlias = tuple[int, time, time]  # weekday (0 is Monday), starts, ends


class HoursChanged(Refused):
    code = "hours_changed"
    detail = "Somebody else changed these hours meanwhile."


def load_week(staff: User) -> list[WeeklyStretch]:
    """The person's stretches, by weekday and start."""
    rows = WorkingHours.objects.filter(staff=staff).order_by("weekday", "starts")
    return list(rows.values_list("weekday", "starts", "ends"))


def digest_week(stretches: Iterable[WeeklyStretch]) -> str:
    """Tells one week from another."""
    # In one order: a form and psql may list the same week in others.
    text = "|".join(f"{weekday} {starts:%H:%M:%S} {ends:%H:%M:%S}" for weekday, starts, ends in sorted(stretches))
    return sha256(text.encode()).hexdigest()


def replace_week(*, staff: User, stretches: Collection[WeeklyStretch], seen: str) -> None:
    """Make `stretches` the person's week, all or nothing; `seen` is the digest of the week that was shown.

    Raises HoursChanged where it is another by now. The constraints refuse stretches that overlap.
    """
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=staff.pk)  # two savers wait for each other
        present = load_week(staff)
        if digest_week(present) != seen:
            raise HoursChanged
        # Deleted before the others come: the constraint against overlaps looks at each row at once.
        for weekday, starts, ends in set(present) - set(stretches):
            WorkingHours.objects.filter(staff=staff, weekday=weekday, starts=starts, ends=ends).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(organization_id=staff.organization_id, staff=staff, weekday=weekday, starts=starts, ends=ends)
            for weekday, starts, ends in sorted(set(stretches) - set(present))
        )
