"""A cluster on this machine with a salon on it, for all tests of faults: it is dear to bring up."""

import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from appointments.tests.load import EFFECTS, House
from clientline.cells.leftovers import sweep
from clientline.cells.machine import choose_identity, find_program, refuse_old_patroni
from clientline.cells.network import Network, forget_networks, may_make_networks
from clientline.cells.rehearsal import NODES, Rehearsal
from clientline.cells.tests.pulse import Pulse
from clientline.demo.serving import PROJECT, Gunicorn, write_database_url
from clientline.postgres.cluster import PORT, ROLE
from clientline.tests.database import Server

PROGRAMS = PROJECT / ".venv-cluster" / "bin"
PLACE = "clientline-cluster-"  # how the names of its directories begin
KEPT = PROJECT / "var" / "logs-of-a-cluster"
CONNECTING = 10  # seconds


def copy_tables(house):
    """What migrating leaves, from the tests' own server, where it is made once for all runs."""
    if not settings.EMBEDDED_DATA:
        return
    server = Server(settings.EMBEDDED_DATA)
    name, dump = server.template(), f"{house.environment['CLIENTLINE_DATA']}/tables"
    place = {"host": server.cluster.ensure_running(), "port": PORT, "user": ROLE, "dbname": name}
    house.manage("db", "backup", dump, DATABASE_URL=write_database_url(place), DATABASE_REPLICA_URL="")
    house.manage("db", "restore", dump, "--noinput")


class ClusterHouse(House):
    """A salon whose database is whoever leads the cluster."""

    def __init__(self, data, rehearsal):
        super().__init__(data)
        self.rehearsal = rehearsal
        self.environment["DATABASE_URL"] = rehearsal.write_url()
        self.environment["DATABASE_REPLICA_URL"] = rehearsal.write_replica_url()

    def manage(self, *arguments, **variables):
        """Asked at who leads: the proxy may need another second to see who that is."""
        return super().manage(*arguments, **({"DATABASE_URL": self.rehearsal.write_url_of_all()} | variables))

    def connect(self, user="clientline", **options):
        return psycopg.connect(self.rehearsal.write_url_of_all(), connect_timeout=CONNECTING, **options)

    def effects_by_node(self):
        """Of each node on its own, what it holds of each key; None of one that is just starting anew to follow."""
        return {name: self.find_effects(address) for name, address in self.rehearsal.list_nodes()}

    def find_effects(self, address):
        with suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=CONNECTING) as connection:
            return {key: tuple(counts) for key, *counts in connection.execute(EFFECTS)}


class ClusterServer(Gunicorn):
    """It comes up whatever the proxy sees; callers try again."""

    asked_first = "/live"


@contextmanager
def keep_logs(data, session):
    """Where a test failed, or the cluster did not come up: what its programs said outlives its directory."""
    try:
        yield
    finally:
        if session.testsfailed or sys.exception():
            shutil.rmtree(KEPT, ignore_errors=True)
            KEPT.mkdir(parents=True)
            for log in data.glob("*.log"):
                shutil.copy(log, KEPT)


@pytest.fixture(scope="session")
def rehearsal(request):
    try:
        refuse_old_patroni(PROGRAMS)
        for program in ("etcd", "haproxy"):
            find_program(program)
        choose_identity()
    except ImproperlyConfigured as missing:
        pytest.skip(str(missing))
    sweep(Path(tempfile.gettempdir()), PLACE)
    forget_networks()
    with ExitStack() as stack:
        network = stack.enter_context(Network(NODES)) if may_make_networks() else None
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PLACE)))
        stack.enter_context(keep_logs(data, request.session))
        yield stack.enter_context(Rehearsal(data, PROGRAMS, network))


@pytest.fixture(scope="session")
def cluster_house(rehearsal):
    data = rehearsal.data / "web"  # so that leftovers are found by it
    data.mkdir()
    house = ClusterHouse(str(data), rehearsal)
    copy_tables(house)
    house.furnish()
    return house


@pytest.fixture(scope="session")
def cluster_server(cluster_house):
    with ClusterServer(cluster_house.environment, "--workers=2") as server:
        yield server


@pytest.fixture(scope="session")
def pulse():
    with Pulse() as pulse:
        yield pulse
