"""The way to another major version, by the page that tells it: its commands are run as they stand there."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import psycopg
import pytest

from appointments.tests.load import House
from clientline.cells.machine import find_free_ports
from clientline.demo.serving import PROJECT
from clientline.postgres.binaries import find_binaries, read_major_version

OLD = Path("/usr/lib/postgresql/15/bin")
NEW = find_binaries()
PAGE = PROJECT / "docs" / "operators" / "upgrading-postgresql.md"
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
CONF = "\nport = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{home}'\n"
CONF += "wal_level = logical\nfsync = off\nshared_buffers = 32MB\nmax_sync_workers_per_subscription = 4\n"
TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
DIGEST = "SELECT count(*), sum(('x' || left(md5(line::text), 16))::bit(64)::bigint::numeric) FROM {} AS line"
SEQUENCES = "SELECT sequencename, last_value, increment_by FROM pg_sequences ORDER BY 1"
WALLS = """
SELECT (SELECT json_agg(t) FROM (SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2) AS t),
    (SELECT json_agg(p) FROM (SELECT tablename, policyname, roles, qual, with_check FROM pg_policies
        ORDER BY 1, 2) AS p)
"""

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.whole,
    pytest.mark.skipif(not OLD.exists(), reason="PostgreSQL 15 is not installed: apt install postgresql-15"),
    pytest.mark.skipif((read_major_version(NEW) or 0) <= 15, reason="there is no newer PostgreSQL than 15"),
    pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("runuser"), reason="only root's runuser becomes another"),
]


class Server(House):
    """A server of one version, trusted by this machine, in a directory of its own."""

    def __init__(self, home, programs):
        super().__init__(str(home / "var"))
        self.home, self.programs, self.port = home, programs, find_free_ports(1)[0]
        self.place = f"host=127.0.0.1 port={self.port} user=postgres"
        self.environment["DATABASE_URL"] = f"postgres://clientline@127.0.0.1:{self.port}/clientline"

    def start(self):
        # PostgreSQL refuses root.
        self.become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.become:
            shutil.chown(self.home, "postgres")
        self.run("initdb", "-D", self.home / "data", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
        with self.home.joinpath("data", "postgresql.conf").open("a") as file:
            file.write(CONF.format(port=self.port, home=self.home))
        self.run("pg_ctl", "-D", self.home / "data", "-l", self.home / "log", "-w", "start")

    def stop(self):
        if self.home.joinpath("data", "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.home / "data", "-w", "-m", "immediate", "stop")

    def run(self, program, *arguments):
        command = [*self.become, self.programs / program, *arguments]
        subprocess.run(list(map(str, command)), cwd=self.home, check=True, stdout=subprocess.DEVNULL)

    def ask(self, statement, database="clientline"):
        with psycopg.connect(f"{self.place} dbname={database}", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def look(self):
        """What must be the same at both: rows, sequences, triggers and policies."""
        rows = {name: self.ask(DIGEST.format(name)) for (name,) in self.ask(TABLES)}
        return rows, self.ask(SEQUENCES), json.dumps(self.ask(WALLS), sort_keys=True)


@pytest.fixture
def servers():
    with tempfile.TemporaryDirectory(prefix="clientline-") as one, tempfile.TemporaryDirectory(prefix="c") as other:
        old, new = Server(Path(one), OLD), Server(Path(other), NEW)
        try:
            for server in (old, new):
                server.start()
            yield old, new
        finally:
            for server in (old, new):
                server.stop()


def read_steps():
    """The commands of each step but the first block, which says where both servers are."""
    return [textwrap.dedent(block) for _, block in BLOCK.findall(PAGE.read_text())][1:]


def follow(steps, old, new):
    said = {"old": old.place, "new": new.place, "old_programs": str(OLD)}
    for step in steps:
        done = subprocess.run(
            ["sh", "-e", "-c", step],
            env=os.environ | said | {"PATH": f"{NEW}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (step, done.stderr)


def test_the_steps_of_the_page_lose_nothing_that_was_written_meanwhile(servers):
    old, new = servers
    old.ask("CREATE ROLE clientline LOGIN CREATEDB CREATEROLE", "postgres")
    old.ask("CREATE DATABASE clientline OWNER clientline", "postgres")
    old.furnish()
    tables, publish, subscribe, wait, switch, end = read_steps()
    follow([tables, publish, subscribe, wait], old, new)
    old.manage("seed_demo", "--organizations", "1", "--appointments", "50")
    old.ask("DELETE FROM working_hours")
    follow([switch], old, new)
    assert new.look() == old.look()
    assert "broken" not in new.manage("check_invariants")
    follow([end], old, new)
    assert new.ask("SELECT count(*) FROM pg_subscription") == [(0,)]
    assert new.manage("migrate", "--check") == ""
