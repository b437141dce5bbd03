"""When a delivery that failed is tried again, and when nobody tries any more."""

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.utils.timezone import is_naive

# What passes before each attempt, in seconds: three days in all, so that a weekend is bridged.
STEPS = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
JITTER = 0.1  # by which a step may be shorter or longer: what failed together comes back apart
PATIENCE = timedelta(days=5)  # without a success, before an endpoint is disabled
LONGEST_WAIT = timedelta(days=1)  # that a receiver may ask for


def find_next_attempt(tries: int, *, now: datetime, not_before: datetime | None = None) -> datetime | None:
    """When to try again after so many `tries`; None: it has failed. Not before the receiver is ready again."""
    if tries >= len(STEPS):
        return None
    # No secret is made here: any dice will do.
    step = STEPS[tries] * random.uniform(1 - JITTER, 1 + JITTER)
    return max(now + timedelta(seconds=step), not_before or now)


def read_retry_after(text: str | None, *, now: datetime) -> datetime | None:
    """The instant before which a receiver wants no call, by seconds or as a date; None where it says nothing readable.

    At most LONGEST_WAIT from now, or one answer would silence an endpoint for ever.
    """
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        # Of any length: larger numbers do not fit into a timedelta.
        return now + min(timedelta(seconds=min(int(text[:9]), 10**8)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
        return None if is_naive(until) else min(max(until, now), now + LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def has_lost_patience(failing_since: datetime | None, *, now: datetime) -> bool:
    """Whether an endpoint failed for so long that it is disabled."""
    return failing_since is not None and now - failing_since >= PATIENCE
