"""Servers that last: of one worker, for what it does beside much else, and as in production."""

from contextlib import ExitStack, contextmanager

import pytest

from clientline.tests.served_copies import CopiedGunicorn, lend
from clientline.web import worker
from clientline.web.tests.servers import Production

LONG = 600  # seconds: longer than any test waits


@contextmanager
def worker_with(unblock, *arguments, **seconds):
    """A server of one worker, which has so many `seconds` where the product has others."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            for name, value in seconds.items():
                patched.setattr(worker, name, value)
            server = stack.enter_context(CopiedGunicorn(unblock, "--workers=1", *arguments))
        yield server


@pytest.fixture(scope="session")
def lasting_worker(django_db_setup, django_db_blocker):
    with worker_with(django_db_blocker.unblock, PATIENCE=2) as server:
        yield server


@pytest.fixture(scope="session")
def lasting_patient_worker(django_db_setup, django_db_blocker):
    with worker_with(django_db_blocker.unblock, PATIENCE=LONG, FAREWELL=LONG) as server:
        yield server


@pytest.fixture
def patient_worker(lasting_patient_worker, transactional_db):
    """A server of one worker, which ends nobody before a test is over: who held it up would hold it up for good."""
    return lasting_patient_worker


@pytest.fixture
def one_worker(lasting_worker, transactional_db):
    """A server of one worker with its four threads, which waits for nobody longer than two seconds."""
    return lasting_worker


@pytest.fixture(scope="session")
def lasting_production(django_db_setup):
    with Production() as server:
        yield server


@pytest.fixture
def server(lasting_production, transactional_db):
    with lend(lasting_production) as server:
        yield server
