"""A server of one worker, for the tests of what a worker does beside much else."""

import pytest

from clientline.web.tests.servers import server_with


@pytest.fixture(scope="session")
def lasting_worker(django_db_setup):
    with server_with("-c", "python:clientline.web.tests.hasty", "--workers=1") as server:
        yield server


@pytest.fixture
def one_worker(lasting_worker, transactional_db):
    """A server of one worker with its four threads, which waits for nobody longer than two seconds."""
    return lasting_worker
