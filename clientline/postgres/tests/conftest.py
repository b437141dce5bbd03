"""Private servers to be looked at, and to be broken."""

import subprocess
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import Cluster


@pytest.fixture
def data():
    """A short directory, as pytest's own leave no room for a socket; whatever runs in it is ended."""
    with tempfile.TemporaryDirectory(prefix="client line ") as directory:
        yield Path(directory).resolve()
        end(Path(directory).resolve())


@pytest.fixture(scope="session")
def template():
    """A cluster that was made and never started: copies are cheaper than initdb."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(directory)
        cluster._create()
        yield cluster


@pytest.fixture(scope="session")
def running(template):
    """One server for the tests that only look, and for those that have a database of their own there."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = copy_cluster(template, Path(directory))
        cluster.ensure_running()
        yield cluster
        cluster.stop()


@pytest.fixture
def cluster(data, template):
    """A cluster of one test's own, not running."""
    return copy_cluster(template, data)


@pytest.fixture
def copied(template):
    """`copied(data)` is a cluster there, where a test chooses the place."""
    return partial(copy_cluster, template)


def copy_cluster(template, data):
    data.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", template.directory, data / "postgres"], check=True)
    return Cluster(data)


@pytest.fixture
def empty(data):
    """A cluster that does not exist yet."""
    return Cluster(data)


def end(data):
    for directory in (data, *data.iterdir()):
        with suppress(PostgresUnavailable):
            Cluster(directory).stop()
