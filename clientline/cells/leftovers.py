"""What is left of a rehearsal that was killed: programs that run on, and their files. The next one ends them."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")
ENDING = 20  # seconds for what was killed to be gone
FRESH = 10  # seconds for whoever makes a directory to say that it is in use


def hold(directory: Path) -> int:
    """An open file: until it is closed, or its process ends in whatever way, the directory is in use.

    Raises BlockingIOError where it is already.
    """
    held = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise
    return held


def purge(directory: Path) -> None:
    """End what still works in there, and delete it. Raises BlockingIOError where it is in use."""
    if directory.exists():
        held = hold(directory)
        try:
            end_programs(directory)
            shutil.rmtree(directory, ignore_errors=True)
        finally:
            os.close(held)


def sweep(parent: Path, prefix: str) -> None:
    """Purge all such directories whose process is gone."""
    for directory in parent.glob(f"{prefix}*"):
        with suppress(FileNotFoundError, BlockingIOError):
            if time.time() - directory.stat().st_mtime > FRESH:
                purge(directory)


def end_programs(directory: Path) -> None:
    """Kill, and wait for as long as it takes them to be gone."""
    deadline = time.monotonic() + ENDING
    while (found := list(find_programs(directory))) and time.monotonic() < deadline:
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def find_programs(directory: Path) -> Iterator[int]:
    """Who works in there, or keeps its own data there: a program's files alone say nothing about its children."""
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked, or is another user's
            if _is_at(directory, os.readlink(process / "cwd")) or _is_at(directory, _read_own_data(process)):
                yield int(process.name)


def _is_at(directory: Path, place: str) -> bool:
    return f"{place.removesuffix(' (deleted)')}/".startswith(f"{directory}/")


def _read_own_data(process: Path) -> str:
    variables = (process / "environ").read_bytes().split(b"\0")
    return next((os.fsdecode(each[16:]) for each in variables if each.startswith(b"CLIENTLINE_DATA=")), "")
