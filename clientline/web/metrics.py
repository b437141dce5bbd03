"""What the server has done, counted by all of its workers together and written in Prometheus' text format.

The counters live in memory that the workers inherit from the process which loads the application. Each adds in a row of
its own, which the next one takes over, so that nothing locks, and nothing is lost with a killed worker.
"""

import fcntl
import os
import tempfile
import threading
from bisect import bisect_left
from itertools import accumulate
from mmap import mmap

ROWS = 64  # workers at a time
SERIES = 4096  # what is beyond is not counted
NAME = 120  # bytes
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
LABELS = (*map(str, BUCKETS), "+Inf")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FAMILIES = {
    "requests_total": ("counter", "Requests by route, method and status.", ("route", "method", "status")),
    "request_seconds": ("histogram", "Seconds to answer, by route.", ("route", "le")),
    "refusals_total": ("counter", "Problem documents by code.", ("code",)),
    "visits_total": ("counter", "What happened to visits, by action; `booked` are the bookings.", ("action",)),
}

GAUGES = []


def gauge(measure):
    """Let the exposition hold what this function measures whenever it is asked: values by the names of the gauges."""
    GAUGES.append(measure)
    return measure


class Board:
    def __init__(self):
        self.names = mmap(-1, SERIES * NAME)
        self.pids = memoryview(mmap(-1, ROWS * 8)).cast("q")
        self.values = memoryview(mmap(-1, ROWS * SERIES * 8)).cast("d")
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 -- open as long as we live
        self.lock = threading.Lock()
        self.known = {}
        self.pid = self.row = None

    def add(self, *labels, amount=1):
        """Add to the series that these labels name, the first of which is its family."""
        with self.lock:
            index = self.known.get(labels)
            if index is None:
                index = self.known[labels] = self.find("\t".join(labels).encode()[:NAME])
            if self.pid != os.getpid():
                self.take_row()
            if index < SERIES:
                self.values[self.row * SERIES + index] += amount

    def find(self, name):
        """The position of a name, appended where it is new."""
        with self.exclude_others():
            for index in range(SERIES):
                present = self.name_at(index)
                if present == name:
                    return index
                if not present:
                    self.names[index * NAME : index * NAME + len(name)] = name
                    return index
        return SERIES

    def name_at(self, index):
        return self.names[index * NAME : (index + 1) * NAME].rstrip(b"\0")

    def take_row(self):
        with self.exclude_others():
            free = (row for row in range(ROWS) if not _is_alive(self.pids[row]))
            self.row, self.pid = next(free, ROWS - 1), os.getpid()
            self.pids[self.row] = self.pid

    def exclude_others(self):
        """Excludes the other processes; ends with ours, however that ends."""
        return FileLock(self.file)

    def sum_rows(self):
        """The sum over all rows, by labels."""
        found = {}
        for index in range(SERIES):
            name = self.name_at(index)
            if not name:
                break
            found[tuple(name.decode().split("\t"))] = sum(self.values[index::SERIES])
        return found


class FileLock:
    def __init__(self, file):
        self.file = file

    def __enter__(self):
        fcntl.lockf(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exception):
        fcntl.lockf(self.file, fcntl.LOCK_UN)


def _is_alive(pid):
    if pid == 0:  # nobody; to kill() it would be our whole group
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


board = Board()


def count_request(route, method, status, seconds):
    board.add("requests_total", route, method if method in METHODS else "other", str(status))
    board.add("request_seconds", route, LABELS[bisect_left(BUCKETS, seconds)])
    board.add("request_seconds", route, "sum", amount=seconds)


def write_exposition(info, **gauges):
    """All of it as text; `gauges` are measured just now, `info` says by labels what is running."""
    lines = [_write_head("info", "gauge"), sample("info", info, 1)]
    lines += [line for name, value in gauges.items() for line in (_write_head(name, "gauge"), sample(name, {}, value))]
    totals = board.sum_rows()
    for name, (kind, says, labels) in FAMILIES.items():
        lines += [f"# HELP clientline_{name} {says}", _write_head(name, kind)]
        found = {each[1:]: value for each, value in sorted(totals.items()) if each[0] == name}
        if kind == "histogram":
            lines += [
                line
                for route in dict.fromkeys(each[0] for each in found)
                for line in _write_histogram(name, route, found)
            ]
        else:
            lines += [sample(name, dict(zip(labels, each, strict=True)), value) for each, value in found.items()]
    return "\n".join(lines) + "\n"


def _write_head(name, kind):
    return f"# TYPE clientline_{name} {kind}"


def _write_histogram(name, route, found):
    """One route's buckets, each with all that is in the smaller ones; then their sum and count."""
    so_far = list(accumulate(found.get((route, label), 0) for label in LABELS))
    for label, value in zip(LABELS, so_far, strict=True):
        yield sample(f"{name}_bucket", {"route": route, "le": label}, value)
    yield sample(f"{name}_sum", {"route": route}, found.get((route, "sum"), 0))
    yield sample(f"{name}_count", {"route": route}, so_far[-1])


def sample(name, labels, value):
    named = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"clientline_{name}{{{named}}} {value:.10g}" if named else f"clientline_{name} {value:.10g}"
