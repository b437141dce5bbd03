"""The house that fault tests break: one for all of them, as it is dear to make. And a token for each who asks."""

import shutil
import sys
import tempfile
from functools import cache

import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import token_for
from appointments.tests.load import House
from clientline.tests.served_copies import CopiedGunicorn


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
def lasting_server(house, django_db_blocker):
    with CopiedGunicorn(django_db_blocker.unblock, "--workers=2", place=house.place) as server:
        yield server


@pytest.fixture
def server(lasting_server):
    """One server for all tests: it heals by itself, or the next one fails."""
    said = len(lasting_server.output)
    yield lasting_server
    sys.stderr.write(lasting_server.output[said:])  # shown when the test fails


@pytest.fixture
def api():
    """As elsewhere, but with one token for each user: to make and first use them was a tenth of these tests."""
    token_of = cache(token_for)
    return lambda user=None: APIClient(**{"HTTP_AUTHORIZATION": f"Bearer {token_of(user)}"} if user else {})
