"""What tests make and throw away lies in memory where there is room: a disk takes a second to forget a cluster."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30  # bytes; containers often get 64 MB


def has_room():
    return MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH


if "TMPDIR" not in os.environ and has_room():
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)  # also of what tests start
