"""Read by every Python under a shifted clock: libfaketime 0.9.10 refuses how Python 3.11 and newer sleep.

`time.sleep` asks for clock_nanosleep until an instant of the monotonic clock, from which libfaketime takes the shift
away although that clock has none: the answer is EINVAL, or a sleep of a year.
"""

import select
import time


def sleep(seconds):
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = sleep
