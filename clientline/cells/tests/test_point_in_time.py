"""What pgBackRest archived comes back as it was at a second: the files of a machine and the drill, as they are shipped.

PostgreSQL has the parameters and the rules of access of patroni.yml here, and no Patroni.
"""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import yaml
from django.core.management import call_command

from appointments.tests.load import House, wait_until
from clientline.cells.drill import take_snapshot
from clientline.cells.hosts import TEMPLATES
from clientline.cells.machine import find_free_ports

BINARIES = Path("/usr/lib/postgresql/15/bin")  # Debian's pgBackRest reads no newer one
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.whole,
    pytest.mark.skipif(not shutil.which("pgbackrest"), reason="pgBackRest is not installed: apt install pgbackrest"),
    pytest.mark.skipif(not BINARIES.exists(), reason="PostgreSQL 15 is not installed: apt install postgresql-15"),
    pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("runuser"), reason="only root's runuser becomes another"),
]


class Machine(House):
    """One of the table's machines: its files, PostgreSQL, and a salon on it."""

    def __init__(self, home):
        super().__init__(str(home / "var"))
        self.home, self.port = home, find_free_ports(1)[0]
        # PostgreSQL refuses root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.fill()
        self.environment["DATABASE_URL"] = self.write_url(home / "socket", self.port)

    def fill(self):
        ours = f'user = "{self.user}"\nbackups = "{self.home}/backups"\nshared_buffers = "16MB"\n'
        text = TEMPLATES.joinpath("hosts.toml").read_text().replace("/var/lib/clientline", str(self.home))
        table = text.replace('user = "clientline"\n', ours).replace('address = "10.0.0.11"', self.write_address())
        self.home.joinpath("hosts.toml").write_text(table)
        call_command("fill_deployment", self.home / "hosts.toml", self.home / "files", verbosity=0)
        self.files = self.home / "files" / "db1"
        passwords = json.loads(self.home.joinpath("files", "passwords.json").read_text())
        self.password = passwords["application_password"]
        for name in ("backups", "socket"):
            self.home.joinpath(name).mkdir()
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres:", self.home], check=True)

    def write_address(self):
        return f'address = "127.0.0.1"\npostgres_port = {self.port}'

    def start(self):
        data, patroni = self.home / "postgres", yaml.safe_load(self.files.joinpath("patroni.yml").read_text())
        self.run(
            BINARIES / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-k", "-A", "peer"
        )
        settings = patroni["bootstrap"]["dcs"]["postgresql"]["parameters"] | patroni["postgresql"]["parameters"]
        with data.joinpath("postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
            # As Patroni writes it; the server that is restored has to be told of places of its own.
            file.write(f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nhba_file = '{data}/pg_hba.conf'\n")
        for name in ("pg_hba", "pg_ident"):
            data.joinpath(f"{name}.conf").write_text("\n".join(patroni["postgresql"][name]) + "\n")
        self.run(BINARIES / "pg_ctl", "-D", data, "-l", self.home / "log", "-w", "start")
        self.ask(f"CREATE ROLE clientline LOGIN CREATEDB CREATEROLE PASSWORD '{self.password}'")
        self.ask("CREATE DATABASE clientline OWNER clientline")

    def stop(self, data):
        if data.joinpath("postmaster.pid").exists():
            self.run(BINARIES / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")

    def run(self, *command):
        """What it says, run as the owner of the files."""
        become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        environment = os.environ | {"PGBACKREST_CONFIG": str(self.files / "pgbackrest.conf")}
        done = subprocess.run(
            [*become, *map(str, command)],
            cwd=self.home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def backrest(self, *arguments):
        return self.run("pgbackrest", "--stanza=clientline", *arguments)

    def ask(self, statement, directory=None):
        place = directory or self.home / "socket"
        port = "5432" if directory else self.port
        return self.run(BINARIES / "psql", "-XAtq", "-h", place, "-p", port, "-U", "postgres", "-c", statement).strip()

    def write_url(self, directory, port):
        return f"postgres://clientline:{self.password}@:{port}/{str(directory).replace('/', '%2F')}%2Fclientline"

    def look(self, directory, port):
        """What a server there holds."""
        place = {"host": str(directory), "port": port, "password": self.password}
        with psycopg.connect(user="clientline", dbname="clientline", autocommit=True, **place) as connection:
            return take_snapshot(connection)


@pytest.fixture
def machine():
    with tempfile.TemporaryDirectory(prefix="clientline-") as home:
        machine = Machine(Path(home))
        try:
            machine.start()
            yield machine
        finally:
            machine.stop(machine.home / "postgres")


def test_a_second_comes_back_and_waits_to_be_looked_at(machine):
    machine.backrest("stanza-create")
    machine.backrest("--type=full", "backup")
    machine.furnish()
    before = machine.look(machine.home / "socket", machine.port)
    time.sleep(1.1)
    target = datetime.now(UTC).replace(microsecond=0)
    time.sleep(0.1)
    machine.manage("seed_demo", "--organizations", "1", "--appointments", "20")
    assert machine.look(machine.home / "socket", machine.port).counts != before.counts
    machine.ask("SELECT pg_switch_wal()")
    place = machine.home / "drill"

    said = machine.run("sh", machine.files / "drill.sh", f"{target:%Y-%m-%d %H:%M:%S}+00", place)
    try:
        assert f"the last commit up to {target:%Y-%m-%d %H:%M:%S}+00" in said
        found = machine.look(place, 5432)
        assert (found.counts, found.newest) == (before.counts, before.newest)
        assert found.newest <= target
        assert machine.ask("SELECT pg_get_wal_replay_pause_state()", place) == "paused"
        machine.environment["DATABASE_URL"] = machine.write_url(place, 5432)
        assert "broken" not in machine.manage("check_invariants")

        machine.ask("SELECT pg_wal_replay_resume()", place)
        wait_until(lambda: machine.ask("SELECT pg_is_in_recovery()", place) == "f")
        assert machine.ask("SELECT pg_walfile_name(pg_current_wal_lsn())", place).startswith("00000002")
        assert machine.ask("SHOW archive_mode", place) == "off"
    finally:
        machine.stop(place / "postgres")
