"""A cluster on this machine with a salon on it, for all tests of faults: it is dear to bring up."""

import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from appointments.tests.load import EFFECTS, House
from clientline.cells.network import Network, may_make_networks
from clientline.cells.rehearsal import NODES, Rehearsal, find_program, refuse_old_patroni
from clientline.demo.serving import PROJECT, Gunicorn, write_database_url
from clientline.postgres.cluster import PORT, ROLE
from clientline.tests.database import Server

PROGRAMS = PROJECT / ".venv-cluster" / "bin"


def copy_tables(house):
    """What migrating leaves, from the tests' own server, where it is made once for all runs."""
    if not settings.EMBEDDED_DATA:
        return
    server, behind = Server(settings.EMBEDDED_DATA), house.environment
    name, dump = server.template(), f"{behind['CLIENTLINE_DATA']}/tables"
    place = {"host": server.cluster.ensure_running(), "port": PORT, "user": ROLE, "dbname": name}
    house.environment = behind | {"DATABASE_URL": write_database_url(place), "DATABASE_REPLICA_URL": ""}
    house.manage("db", "backup", dump)
    house.environment = behind
    house.manage("db", "restore", dump, "--noinput")


class ClusterHouse(House):
    """A salon whose database is whoever leads the cluster."""

    def __init__(self, data, rehearsal):
        super().__init__(data)
        self.rehearsal = rehearsal
        self.environment["DATABASE_URL"] = rehearsal.write_url()
        self.environment["DATABASE_REPLICA_URL"] = rehearsal.write_replica_url()

    def connect(self, user="clientline", **options):
        return psycopg.connect(self.rehearsal.write_url(), **options)

    def effects_by_node(self):
        """Of each node on its own, what it holds of each key; None of one that is just starting anew to follow."""
        return {name: self.find_effects(address) for name, address in self.rehearsal.list_nodes()}

    def find_effects(self, address):
        with suppress(psycopg.OperationalError), psycopg.connect(address) as connection:
            return {key: tuple(counts) for key, *counts in connection.execute(EFFECTS)}


@pytest.fixture(scope="session")
def rehearsal():
    try:
        refuse_old_patroni(PROGRAMS)
        for program in ("etcd", "haproxy"):
            find_program(program)
    except ImproperlyConfigured as missing:
        pytest.skip(str(missing))
    with ExitStack() as stack:
        network = stack.enter_context(Network(NODES)) if may_make_networks() else None
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="clientline-cluster-"))
        yield stack.enter_context(Rehearsal(Path(data), PROGRAMS, network))


@pytest.fixture(scope="session")
def cluster_house(rehearsal):
    with tempfile.TemporaryDirectory(prefix="clientline-") as data:
        house = ClusterHouse(data, rehearsal)
        copy_tables(house)
        house.furnish()
        yield house


@pytest.fixture(scope="session")
def cluster_server(cluster_house):
    with Gunicorn(cluster_house.environment, "--workers=2") as server:
        yield server
