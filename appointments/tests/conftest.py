"""The house that fault tests break: one for all of them, as it is dear to make."""

import shutil
import sys
import tempfile

import pytest

from appointments.tests.load import House
from clientline.demo.serving import Gunicorn


@pytest.fixture(scope="session")
def house(first, django_db_blocker):
    with tempfile.TemporaryDirectory(prefix="clientline-") as data:
        shutil.copytree(first.copy, data, dirs_exist_ok=True)
        house = House(data)
        try:
            house.furnish_beside(django_db_blocker.unblock)
            yield house
        finally:
            house.cluster.stop()


@pytest.fixture(scope="session")
def lasting_server(house):
    with Gunicorn(house.environment, "--workers=2") as server:
        yield server


@pytest.fixture
def server(lasting_server):
    """One server for all tests: it heals by itself, or the next one fails."""
    said = len(lasting_server.output)
    yield lasting_server
    sys.stderr.write(lasting_server.output[said:])  # shown when the test fails
