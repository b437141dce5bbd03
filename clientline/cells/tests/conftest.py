"""A cluster on this machine with a salon on it, for all tests of faults: it is dear to bring up."""

import tempfile
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from appointments.tests.load import EFFECTS, House
from clientline.cells.rehearsal import Rehearsal, find_program, refuse_old_patroni
from clientline.demo.serving import PROJECT, Gunicorn

PROGRAMS = PROJECT / ".venv-cluster" / "bin"


class ClusterHouse(House):
    """A salon whose database is whoever leads the cluster."""

    def __init__(self, data, rehearsal):
        super().__init__(data)
        self.rehearsal = rehearsal
        self.environment["DATABASE_URL"] = rehearsal.write_url()

    def connect(self, user="clientline", **options):
        return psycopg.connect(self.rehearsal.write_url(), **options)

    def effects_by_node(self):
        """Of each node on its own, what it holds of each key."""
        found = {}
        for name, address in self.rehearsal.list_nodes():
            with psycopg.connect(address) as connection:
                found[name] = {key: tuple(counts) for key, *counts in connection.execute(EFFECTS)}
        return found


@pytest.fixture(scope="session")
def rehearsal():
    try:
        refuse_old_patroni(PROGRAMS)
        for program in ("etcd", "haproxy"):
            find_program(program)
    except ImproperlyConfigured as missing:
        pytest.skip(str(missing))
    with tempfile.TemporaryDirectory(prefix="clientline-cluster-") as data, Rehearsal(Path(data), PROGRAMS) as running:
        yield running


@pytest.fixture(scope="session")
def cluster_house(rehearsal):
    with tempfile.TemporaryDirectory(prefix="clientline-") as data:
        house = ClusterHouse(data, rehearsal)
        house.furnish()
        yield house


@pytest.fixture(scope="session")
def cluster_server(cluster_house):
    with Gunicorn(cluster_house.environment, "--workers=2") as server:
        yield server
