"""Tells a live PostgreSQL server from what a killed one leaves: lock files, sockets, children, zombies."""

import fcntl
import os
import re
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ANSWER = 2  # seconds that a live server may take to say a byte
PROCESSES = Path("/proc")
SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@dataclass(frozen=True)
class Postmaster:
    """What a server says of itself in its lock file, which a killed one leaves behind."""

    pid: int
    directory: str
    socket_directory: Path
    state: str

    @classmethod
    def read(cls, cluster):
        """None without a file. Lines that are not written yet are blank; nobody's is a file that a crash damaged."""
        try:
            lines = (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return None
        pid, directory, _, _, socket_directory, _, _, state = [*lines, *[""] * 8][:8]
        number = int(pid) if re.fullmatch("-?[0-9]{1,10}", pid) else 0
        return cls(abs(number), directory, Path(socket_directory), state.strip())


def answers(path):
    """Whether a server reads from this socket: a dying one still accepts connections, but says nothing."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER)
        try:
            connection.connect(str(path))
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
        except OSError:
            return False


def is_held(cluster):
    """Whether a server started here, or a child that it left, is alive: sure even between containers."""
    fd = os.open(cluster, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def knows_processes():
    """Whether this system shows where its processes live; macOS does not."""
    return (PROCESSES / "self/cwd").exists()


def find_processes_in(cluster):
    """The ids of PostgreSQL's live processes in the cluster, their working directory; a zombie has none."""
    owner = cluster.stat().st_uid
    return {int(process.name) for process in PROCESSES.glob("[0-9]*") if _lives_in(process, cluster, owner)}


def _lives_in(process, cluster, owner):
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
        if (process / "comm").read_text() != "postgres\n":
            return False
        try:
            return os.readlink(process / "cwd") == str(cluster)
        except PermissionError:
            return process.stat().st_uid == owner
    return False
