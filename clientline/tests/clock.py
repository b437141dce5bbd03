"""Another day for a command and all that it starts, PostgreSQL included: `python -m clientline.tests.clock MOMENT ...`

MOMENT is in UTC, "2027-03-28 00:30:00", or so many days from now, "+40". datefudge moves the clock by a constant.
Where it is missing, `--if-possible` before MOMENT makes that a sentence instead of a failure.

libfaketime would not do: what a signal interrupts while it waits sees the real clock there, so that of a PostgreSQL
whose clock is set forward, no timeout is ever over, and no deadlock ever found.
"""

import ctypes
import os
import struct
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

LIBRARIES = ("/usr/lib/*/datefudge/datefudge.so", "/usr/lib/datefudge/datefudge.so")
MISSING = "The clock cannot be shifted on this machine: datefudge is missing (on Debian, apt install datefudge)."


def library():
    """The path of the one that programs are started with, or None."""
    return next((str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern[1:])), None)


def seconds_until(moment, *, now):
    if moment.startswith("+"):
        return int(timedelta(days=int(moment)).total_seconds())
    return round((datetime.fromisoformat(moment).replace(tzinfo=UTC) - now).total_seconds())


def real_now():
    """Without the shift under which this very process may run."""
    return datetime.now(UTC) + timedelta(seconds=int(os.environ.get("DATEFUDGE", 0)))


def shifted(moment, preload):
    """The environment in which it is `moment`."""
    return os.environ | {
        "LD_PRELOAD": preload,
        "DATEFUDGE": str(-seconds_until(moment, now=real_now())),  # the seconds that it takes away
    }


def move_on(seconds):
    """Shifts this process, which runs under a shift, and what it starts from now on, by so many seconds instead."""
    _find_shift().value = -seconds
    os.environ["DATEFUDGE"] = str(-seconds)


@cache
def _find_shift():
    """Where datefudge keeps it, which reads its environment once."""
    kept = struct.pack("q", int(os.environ["DATEFUDGE"]))
    for line in Path("/proc/self/maps").read_text().splitlines():
        if " rw" in line and line.endswith("/datefudge.so"):
            start, end = (int(address, 16) for address in line.split()[0].split("-"))
            place = ctypes.string_at(start, end - start).index(kept)
            return ctypes.c_int64.from_address(start + place)
    raise LookupError("This process does not run under datefudge.")


def main(*arguments):
    optional = arguments[0] == "--if-possible"
    moment, *command = arguments[1:] if optional else arguments
    preload = library()
    if preload is None:
        print(f"{MISSING} Left out: {moment}.", file=sys.stderr)  # noqa: T201 -- a program
        sys.exit(0 if optional else 1)
    os.execvpe(command[0], command, shifted(moment, preload))


if __name__ == "__main__":
    main(*sys.argv[1:])
