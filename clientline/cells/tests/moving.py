"""Two installations beside each other, a salon at home in the first, and callers who go where it goes."""

import os
import shutil
import subprocess
import sys
from urllib.parse import quote

from appointments.tests.load import House, Load
from clientline.demo.serving import PROJECT, Gunicorn

LOGICAL = "\nwal_level = logical\nmax_wal_senders = 10\nmax_replication_slots = 10\nshared_buffers = 64MB\n"


class CellHouse(House):
    """An installation that is the cell `number`."""

    def __init__(self, data, number):
        super().__init__(data)
        self.environment["CELL"] = str(number)

    def open(self):
        self.server = Gunicorn(self.environment, "--workers=1")
        self.server.__enter__()
        self.address = f"http://127.0.0.1:{self.server.port}"
        with self.connect() as connection:
            connection.execute("UPDATE cells SET address = %s", [self.address])

    def close(self):
        if hasattr(self, "server"):
            self.server.stop()
        self.cluster.stop()

    @property
    def superuser_url(self):
        """As --to takes it."""
        return f"postgres://postgres@/clientline?host={quote(str(self.cluster.ensure_running()), safe='')}"

    def ask(self, statement, *values, user="postgres"):
        with self.connect(user=user, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def read_state(self):
        found = self.ask("SELECT state FROM relocations")
        return found[0][0] if found else None

    def begin_and_wait(self, *arguments):
        """Raises CalledProcessError with all that it said, where it fails."""
        with self.begin(*arguments) as program:
            said = program.stdout.read()
        if program.returncode:
            raise subprocess.CalledProcessError(program.returncode, arguments, said)
        return said

    def begin(self, *arguments):
        """manage.py under way; its words can be read as they come."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=PROJECT,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def open_cells(first, second):
    """Two houses of which the first has a salon; `first` and `second` are their directories."""
    old, new = CellHouse(first, 1), CellHouse(second, 2)
    old.environment.pop("CELL")
    old.cluster.ensure_running()
    with open(old.cluster.directory / "postgresql.conf", "a") as file:
        file.write(LOGICAL)
    old.manage("migrate", "-v0")
    old.cluster.stop()
    # All tables are made once. Copied by root, they belong to whoever PostgreSQL runs as all the same.
    shutil.copytree(old.cluster.directory, new.cluster.directory, dirs_exist_ok=True)
    old.environment["CELL"] = "1"
    new.manage("migrate", "-v0")
    old.furnish()
    [(old.organization,)] = old.ask("SELECT organization_id FROM users WHERE email = 'admin@salon.example'")
    new.token, new.visit, new.slots = old.token, old.visit, old.slots
    for house in (old, new):
        house.open()
    return old, new


class FollowingLoad(Load):
    """Callers who do what 421 tells them."""

    def __init__(self, *houses, **options):
        super().__init__(houses[0].server, houses[0], **options)
        self.servers = {house.address: house.server for house in houses}

    def send(self, path, body, key):
        answer = super().send(path, body, key)
        if answer and answer.status == 421:
            self.server = self.servers[answer.body["address"]]
        return answer
