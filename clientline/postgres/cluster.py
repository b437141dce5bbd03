"""The private PostgreSQL of `make run`: made on first use, found again ever after, stopped only on demand.

A cluster lives in <data>/postgres. It listens on a unix socket only, in a directory that none but its owner
enters, and outlives the process that started it. Starters wait for each other on a lock on <data>; a server
and its children hold a lock on the cluster itself, so "is anything alive in there?" has a sure answer.
"""

import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clientline.postgres import launcher
from clientline.postgres.binaries import (
    PostgresUnavailable,
    find_binaries,
    find_program,
    read_full_version,
    read_major_version,
)
from clientline.postgres.leftovers import Postmaster, answers, find_processes_in, is_held, knows_processes

PORT = 5432  # only part of the socket's name: no port is opened
ROLE = DATABASE = "clientline"
SUPERUSER = "postgres"
SOCKETS, DRAFT = "clientline-socket-", "postgres.draft-"
LONGEST_SOCKET = 103  # bytes of path; Linux allows 107, macOS 103
LOG_LIMIT = 10_000_000  # bytes
# How the log says why a server ended. Where it finds no configuration or no data, it has no severity to tell yet.
HOPELESS = re.compile("FATAL:|PANIC:|^postgres: ")
PATIENCE = 20  # seconds for the remains of a killed server to go away
RECOVERY = 600  # seconds for a server to replay what it had not yet written when it was killed
SHUTDOWN = 60
PASSING = ("shared memory block", "lock file")  # refusals that end with the remains of the server before

# In postgresql.conf, where an operator may change them. Durability stays as PostgreSQL ships it: fully on.
SETTINGS = """
max_connections = 200
shared_buffers = 256MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse      # the details of a refused row are somebody's personal data,
log_min_error_statement = panic  # and so are statements
"""
CREATE = f"""CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


@dataclass(frozen=True)
class Status:
    running: bool
    pid: int | None
    socket_directory: Path | None
    version: str
    data_directory: Path
    log: Path


class Cluster:
    def __init__(self, data, bin_dir=None):
        self.data = Path(data).resolve()
        self.directory = self.data / "postgres"
        self.log = self.data / "postgres.log"
        self._bin_dir = bin_dir

    def ensure_running(self):
        """The socket directory of a server that accepts connections, made and started if need be.

        Cheap when it runs already. Raises PostgresUnavailable with a sentence for the user.
        """
        with self._explain_failures():
            return self._find_answering_socket() or self._start()

    def stop(self):
        """End the server, rolling back what is open in it. Returns whether one was running."""
        with self._explain_failures():
            return self.exists and self._stop()

    def status(self):
        with self._explain_failures():
            answering, server = self._find_answering_socket(), self._find_server()
            return Status(
                running=bool(answering),
                pid=server.pid if server else None,
                socket_directory=answering,
                version=read_full_version(self.bin_dir) or "unknown",
                data_directory=self.directory,
                log=self.log,
            )

    def hand_over(self, path):
        """Let whoever the server runs as write there."""
        give(path, self._choose_identity())

    def find_binary(self, name):
        """The path of one of PostgreSQL's programs, such as pg_dump."""
        return find_program(self.bin_dir, name)

    @property
    def bin_dir(self):
        self._bin_dir = self._bin_dir or find_binaries()
        return self._bin_dir

    @property
    def exists(self):
        with self._explain_failures():
            return (self.directory / "PG_VERSION").exists()

    def _find_answering_socket(self):
        # A copy of the files names the original's server; only one that calls this very directory its own will do.
        server = Postmaster.read(self.directory)
        if server and server.state == "ready" and server.directory == str(self.directory):
            return server.socket_directory if answers(server.socket_directory / f".s.PGSQL.{PORT}") else None
        return None

    def _find_server(self):
        """The live server of this cluster, in whatever state; None when its process is gone or a zombie."""
        server = Postmaster.read(self.directory)
        if not server or not server.pid:  # nobody's; a signal to 0 would end ourselves
            return None
        alive = server.pid in find_processes_in(self.directory) if knows_processes() else is_held(self.directory)
        return server if alive else None

    @contextmanager
    def _explain_failures(self):
        try:
            yield
        except PermissionError as error:
            raise PostgresUnavailable(
                f"{error.filename or self.data} is closed to this user: run as its owner, "
                "or set CLIENTLINE_DATA to a directory of your own, or DATABASE_URL to a running server."
            ) from error
        except OSError as error:
            raise PostgresUnavailable(
                f"The embedded PostgreSQL cannot work in {self.data} ({error.strerror or error}): "
                "set CLIENTLINE_DATA to a directory of your own, on a disk with room."
            ) from error

    @contextmanager
    def _exclude_others(self):
        """One starter or stopper at a time, in whichever process or thread."""
        self.data.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.data, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _start(self):
        with self._exclude_others():
            if not self.exists:
                self._create()
            self._check_version()
            return self._wait_for_server()

    def _wait_for_server(self):
        """Send a server off as soon as nothing of an earlier one is alive, and wait until it accepts connections."""
        began, log_end = time.monotonic(), None
        while not (found := self._find_answering_socket()):
            if not is_held(self.directory):
                if log_end is not None:
                    self._refuse_hopeless(log_end)
                    time.sleep(0.2)
                log_end = self._launch()
            if time.monotonic() - began > self._choose_patience():
                raise PostgresUnavailable(self._silence())
            time.sleep(0.02)
        return found

    def _choose_patience(self):
        server = self._find_server()
        return RECOVERY if server and server.state == "starting" else PATIENCE

    def _silence(self):
        processes = ", ".join(map(str, sorted(find_processes_in(self.directory)))) or "unknown"
        return (
            f"PostgreSQL in {self.directory} neither answers nor ends: "
            f"stop what is left of it (processes: {processes}) and try again (see {self.log})."
        )

    def _stop(self):
        with self._exclude_others():
            server = self._find_server()
            if not server:
                return False
            os.kill(server.pid, signal.SIGINT)  # a "fast" shutdown; SIGTERM would wait for every client to leave
            deadline = time.monotonic() + SHUTDOWN
            while self._find_server() or is_held(self.directory):
                if time.monotonic() > deadline:
                    raise PostgresUnavailable(self._silence())
                time.sleep(0.02)
            self._remove_sockets(server)
            return True

    def _launch(self):
        """Send a server off; returns where its words in the log begin, None when another one was faster."""
        identity = self._choose_identity()
        self._drop_stale_lock()
        sockets = self._make_sockets()
        log_end = self._open_log()
        for path in (self.directory, self.log, sockets):
            give(path, identity)
        quoted = str(sockets).replace('"', '""')
        server = [self.find_binary("postgres"), "-D", self.directory, "-h", "", "-p", PORT, "-k", f'"{quoted}"']
        return log_end if _run_as(identity, self.directory, server, log=self.log) else None

    def _drop_stale_lock(self):
        """Remove a killed server's lock file, where PostgreSQL itself would not dare to.

        It takes a zombie, or whoever has the dead server's process id by now, for a server.
        """
        stale = Postmaster.read(self.directory)
        if stale and knows_processes() and not find_processes_in(self.directory):
            self._remove_sockets(stale)
            (self.directory / "postmaster.pid").unlink()

    def _make_sockets(self):
        # A new random name each time: a server whose files were deleted removes "its" socket when it notices,
        # and must not hit its successor's. A comma would separate hosts for libpq.
        name = f"{self.data}/{SOCKETS}12345678/.s.PGSQL.{PORT}"
        fits = len(os.fsencode(name)) <= LONGEST_SOCKET and "," not in name
        return Path(tempfile.mkdtemp(prefix=SOCKETS, dir=self.data if fits else "/tmp"))

    def _remove_sockets(self, server):
        # In a copy of the files the lock file is the original's, and so is the directory that it names.
        if server.directory == str(self.directory) and server.socket_directory.name.startswith(SOCKETS):
            shutil.rmtree(server.socket_directory, ignore_errors=True)

    def _open_log(self):
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.old"))
        self.log.touch(0o600)
        return self.log.stat().st_size

    def _refuse_hopeless(self, log_end):
        """Raise with the reason that a server ended with, unless it was killed or waiting will mend it."""
        with open(self.log, errors="replace") as log:
            log.seek(log_end)
            reason = next((line.strip() for line in log if HOPELESS.search(line)), "")
        if reason and not any(sign in reason for sign in PASSING):
            told = reason.removeprefix("postgres: ").split(":  ")[-1]
            raise PostgresUnavailable(f"PostgreSQL does not start: {told} (see {self.log}).")

    def _check_version(self):
        made, present = self._read_version(), read_major_version(self.bin_dir)
        if made != str(present):
            raise PostgresUnavailable(
                f"The database in {self.directory} was made by PostgreSQL {made}, but {self.bin_dir} has {present}: "
                f"set PG_BINDIR to the programs of PostgreSQL {made}."
            )

    def _read_version(self):
        file = self.directory / "PG_VERSION"
        made = file.read_text(errors="replace").strip()
        if not re.fullmatch("[0-9.]+", made):
            raise PostgresUnavailable(
                f"{file} is damaged, as it names no version of PostgreSQL: move {self.directory} away, start again, "
                "and bring a backup back by `manage.py db restore`."
            )
        return made

    def _create(self):
        """Make the cluster beside its place and rename it, so that a kill leaves nothing half."""
        if self.directory.exists() and any(self.directory.iterdir()):
            raise PostgresUnavailable(f"{self.directory} is no PostgreSQL cluster: move it away and try again.")
        for leftover in self.data.glob(f"{DRAFT}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self.data))
        try:
            self._fill(draft)
            draft.rename(self.directory)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _fill(self, draft):
        identity = self._choose_identity()
        give(draft, identity)
        # Sorting by code point is the same on every machine; this provider also knows the case of all letters.
        builtin = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if read_major_version(self.bin_dir) >= 17 else []
        )
        options = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", *builtin]
        _run_as(identity, self.data, [self.find_binary("initdb"), "-D", draft, *options])
        with open(draft / "postgresql.conf", "a") as config:
            config.write(SETTINGS)
        single = [self.find_binary("postgres"), "--single", "-D", draft, "-c", "exit_on_error=on", SUPERUSER]
        _run_as(identity, self.data, single, stdin=CREATE)

    def _choose_identity(self):
        """Who PostgreSQL shall run as, in the launcher's words: it refuses root, so root has to be another."""
        if os.geteuid():
            return "caller"
        owner = (self.directory if self.exists else self.data).stat()
        if owner.st_uid and (self.exists or _has_name(owner.st_uid)):
            return f"user:{owner.st_uid}:{owner.st_gid}"
        nobody = next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
        for kind in ("namespace", "user") if nobody else ():
            identity = f"{kind}:{nobody.pw_uid}:{nobody.pw_gid}"
            with suppress(PostgresUnavailable):
                _run_as(identity, self.data, [self.find_binary("postgres"), "--version"])
                return identity
        raise PostgresUnavailable(
            "PostgreSQL refuses to run as root, and root can neither open a user namespace here "
            f"nor let nobody into {self.data} and {self.bin_dir}: run as a normal user or set DATABASE_URL."
        )


def _has_name(uid):
    """initdb looks its user up and refuses one that the system does not know."""
    with suppress(KeyError):
        return bool(pwd.getpwuid(uid))
    return False


def give(path, identity):
    """Let the user that the server runs as own the path and all below, if that is another."""
    kind, *numbers = identity.split(":")
    uid, gid = map(int, numbers) if kind == "user" else (os.geteuid(), os.getegid())
    if path.stat().st_uid == uid:
        return
    for directory, _, files in os.walk(path, topdown=False):
        for name in files:
            os.chown(os.path.join(directory, name), uid, gid, follow_symlinks=False)
        os.chown(directory, uid, gid)
    os.chown(path, uid, gid)


def _run_as(identity, directory, command, log="", stdin=None):
    """Run a program as the launcher describes; False when it would be a second server in the directory.

    Raises PostgresUnavailable with the program's last words when it fails.
    """
    program = [sys.executable, "-I", "-S", launcher.__file__, identity, directory, log]
    # PGDATA and its like would redirect the programs, and the reasons below are read in English.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    result = subprocess.run(
        [str(part) for part in (*program, *command)],
        input=stdin,
        stdin=None if stdin else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
    )
    if result.returncode not in (0, launcher.BUSY):
        raise PostgresUnavailable(f"{Path(command[0]).name} failed: {_pick_reason(result.stderr)}")
    return result.returncode == 0


def _pick_reason(words):
    """Why a program failed, of all that it said: initdb tells afterwards how it tidies up."""
    lines = words.strip().splitlines() or ["no reason given"]
    reasons = [line for line in lines if re.search("FATAL:|PANIC:|error:", line)]
    return re.split("(?:FATAL|PANIC|error): +", (reasons or lines)[-1])[-1]
