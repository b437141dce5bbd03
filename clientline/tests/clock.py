"""Another day for a command and all that it starts, PostgreSQL included: `python -m clientline.tests.clock MOMENT ...`

MOMENT is in UTC, "2027-03-28 00:30:00", or so many days from now, "+40". libfaketime moves the clock by a constant:
a moment of its own would begin anew in each process. Where it is missing, `--if-possible` before MOMENT makes that
a sentence instead of a failure.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")
MISSING = "The clock cannot be shifted on this machine: libfaketime is missing (on Debian, apt install libfaketime)."


def library():
    """The path of libfaketime, or None."""
    return next((str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern[1:])), None)


def seconds_until(moment, *, now):
    if moment.startswith("+"):
        return int(timedelta(days=int(moment)).total_seconds())
    return round((datetime.fromisoformat(moment).replace(tzinfo=UTC) - now).total_seconds())


def real_now():
    """Without the shift under which this very process may run."""
    return datetime.now(UTC) - timedelta(seconds=int(os.environ.get("FAKETIME", 0)))


def shifted(moment, preload):
    """The environment in which it is `moment`."""
    return os.environ | {
        "LD_PRELOAD": preload,
        "FAKETIME": f"{seconds_until(moment, now=real_now()):+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # or every wait with a timeout would last for ever
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": str(Path(__file__).with_name("shifted")),
    }


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
