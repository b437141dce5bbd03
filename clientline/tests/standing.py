"""The casts stand: committed for one test after the other that begins with them, until one comes that does not.

To insert them takes a server 8 ms, most of it in triggers, and two of three tests begin with them.
"""

import pytest
from django.conf import settings
from django.db import connection

from clientline.tests.casts import make_casts
from clientline.tests.database import sweeper
from clientline.tests.rehearsals import perform, standing

blockers = []  # what lets us at the database before a test may; none until there is a database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    blockers.append(django_db_blocker)
    yield
    blockers.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before the transaction of a test begins."""
    # On another server than our own, to sweep takes longer than what is saved.
    if blockers and settings.EMBEDDED_DATA and uses_database(item):
        with blockers[0].unblock():
            set_stage(find_rows(item))
        connection.has_committed = False  # as each request begins


def uses_database(item):
    return "db" in item.fixturenames or is_transactional(item) or item.get_closest_marker("django_db")


def is_transactional(item):
    mark = item.get_closest_marker("django_db")
    # A live server asks for the other by itself, later than here.
    asks = not {"transactional_db", "live_server"}.isdisjoint(item.fixturenames)
    return asks or (mark is not None and mark.kwargs.get("transaction", False))


def find_rows(item):
    """What makes the rows that this test begins with; one with real transactions begins without, as it sweeps."""
    return {make_casts} if "casts" in item.fixturenames and not is_transactional(item) else set()


def set_stage(makes):
    if standing - makes:
        standing.clear()
        sweeper.sweep()
    for make in makes - standing:
        perform(make)
        standing.add(make)
