"""Two servers that publish, each with a cell on it, and the command that moves an organization between them."""

import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.core.management import call_command

from clientline.cells.tests.moving import LOGICAL
from clientline.database.sequences import keep_residue, list_own_tables
from clientline.postgres.cluster import PORT, Cluster

ROWS = """
INSERT INTO organizations (name, email) VALUES ('Salon', 'office@salon.example');
INSERT INTO users (organization_id, name, email, role, password)
    SELECT id, 'Ann', 'ann@salon.example', 'admin', '!' FROM organizations;
INSERT INTO second_factors (user_id, key, last_step, recovery_codes) SELECT id, 'a key', -1, '{}' FROM users;
INSERT INTO services (organization_id, name, duration, price) SELECT id, 'Cut', 30, 20 FROM organizations;
"""
ADD_SERVICE = "INSERT INTO services (organization_id, name, duration, price) SELECT id, %s, 30, 20 FROM organizations"
LEFT_BY_A_MOVE = """
SELECT (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_subscription),
    (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM relocations),
    (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'a_guard_%'),
    (SELECT count(*) FROM pg_class WHERE relreplident = 'f')
"""


class End:
    """A server that publishes, and the cell on it: asked as its superuser."""

    def __init__(self, directory, number):
        self.cluster = Cluster(directory)
        with open(self.cluster.directory / "postgresql.conf", "a") as file:
            file.write(LOGICAL)
        self.start()
        address = f"https://{number}.example"
        self.ask("INSERT INTO cells (number, address, is_this) VALUES (%s, %s, true)", number, address)
        with self.connect() as link:
            for table in list_own_tables():
                keep_residue(link.cursor(), table, number, 0)

    def start(self):
        """Also once it was stopped: its socket is elsewhere then."""
        self.place = str(self.cluster.ensure_running())
        self.url = f"postgres://postgres@/clientline?host={quote(self.place, safe='')}"

    def connect(self):
        return psycopg.connect(host=self.place, port=PORT, user="postgres", dbname="clientline", autocommit=True)

    def ask(self, statement, *values):
        with self.connect() as link:
            cursor = link.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def read_state(self):
        return [state for (state,) in self.ask("SELECT state FROM relocations")]


@contextmanager
def make_ends(first):
    """The old home, with a salon, and an empty one; `first` is what a first start leaves."""
    with ExitStack() as stack:
        found = []
        for number in (1, 2):
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clientline-")))
            shutil.copytree(first.copy / "postgres", directory / "postgres")
            stack.callback(Cluster(directory).stop)
            found.append(End(directory, number))
        found[0].ask(ROWS)
        yield found


class Follower(StringIO):
    """What the command says, and something that happens as it begins a step."""

    def __init__(self, steps=()):
        super().__init__()
        self.steps = dict(steps)

    def write(self, text):
        for step in [step for step in self.steps if re.match(step, text)]:
            self.steps.pop(step)()
        return super().write(text)


def move(old, new, *options, steps=()):
    [(organization,)] = old.ask("SELECT id FROM organizations") or new.ask("SELECT id FROM organizations")
    said = Follower(steps)
    call_command("move_organization", organization, "--from", old.url, "--to", new.url, *options, stdout=said)
    assert said.steps == {}
    return said.getvalue()


def kill():
    raise RuntimeError("killed")
