"""Tests at several moments in one process: `python -m clientline.tests.clock +40 python -m pytest --moments each …`

A Python, its imports and its database cost more than the tests of a moment. So the clock is moved between tests, always
on, as for a server that runs for a year, and PostgreSQL starts again with it.
"""

import os

import pytest
from django.conf import settings
from django.db import connection

from clientline.tests import clock, rehearsals, standing
from clientline.tests.database import Server, sweeper
from clientline.tests.sweeps import keep

# Both days on which Europe/Berlin changes its clocks, in and shortly before the hour, and two ordinary days.
MOMENTS = ("+40", "+400", "2027-03-28 00:30:00", "2027-10-30 23:50:00")
SHIFTS = sorted(clock.seconds_until(moment, now=clock.real_now()) for moment in MOMENTS)


def pytest_addoption(parser):
    parser.addoption("--moments", choices=["each", "one"], help="each test at four moments, or in its turn at one")


def pytest_configure(config):
    if config.getoption("moments"):
        config.pluginmanager.register(Moving())


class Moving:
    """Each test is collected once for every moment."""

    @pytest.fixture(scope="session", autouse=True, params=SHIFTS, ids="{:+d}s".format)
    @classmethod
    def shift(cls):
        pass

    @pytest.hookimpl(trylast=True)  # after -m
    def pytest_collection_modifyitems(self, config, items):
        in_turn = config.getoption("moments") == "one"
        keep(config, items, list(list_by_moments(items, in_turn=in_turn)))

    @pytest.hookimpl(wrapper=True)  # before rows are made for a test
    def pytest_runtest_setup(self, item):
        if os.environ["DATEFUDGE"] != str(-shift_of(item)):
            move_clock(shift_of(item))
        return (yield)


def list_by_moments(items, *, in_turn):
    for place, shift in enumerate(SHIFTS):
        tests = [item for item in items if shift_of(item) == shift]
        yield from tests[place :: len(SHIFTS)] if in_turn else tests


def shift_of(item):
    return item.callspec.params["shift"]


def move_clock(seconds):
    forget_rows()
    clock.move_on(seconds)
    if standing.blockers:
        Server(settings.EMBEDDED_DATA).start()


def forget_rows():
    """Those of the casts were made at the moment before."""
    rehearsals.rehearse.cache_clear()
    if standing.blockers:
        with standing.blockers[0].unblock():
            standing.set_stage(set())
            connection.close()
        sweeper.close()
