"""The cast: two organizations always exist, so that every negative test has something that could leak."""

import os
import signal
from itertools import count

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory, token_for
from appointments.tests.factories import (
    AppointmentFactory,
    SpecialHoursFactory,
)
from clientline.tests.casts import DAYS_OF_CASTS, make_casts
from clientline.tests.local_times import refuse_local_times
from clientline.tests.rehearsals import perform
from clientline.tests.served_copies import CopiedGunicorn, lend
from organizations.tests.factories import OrganizationFactory
from payments.gateways.simulator import SimulatorGateway

pytest_plugins = [
    "clientline.tests.garbage",
    "clientline.tests.collecting",
    "clientline.tests.importing",
    "clientline.tests.memory",
    "clientline.tests.database",
    "clientline.tests.standing",
    "clientline.tests.rendering",
    "clientline.tests.signing_in",
    "clientline.tests.sweeps",
    "clientline.tests.moments",
    "clientline.tests.browsers",
    "clientline.tests.first_start",
    "clientline.tests.replicas",
]
refuse_local_times()
# A shell that runs the suite in its background has it ignore Ctrl-C, and what ignores it hands that on to programs.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# pytest-django turns DEBUG off in this process; here it is off in what depends on it, and in what tests start.
settings.WHITENOISE_USE_FINDERS = False
os.environ["DEBUG"] = "false"
# Of all tests, and here once: each setting that a fixture changes costs every test a signal there and one back.
settings.PAYMENT_PROVIDER = "simulator"
settings.RATE_LIMIT = settings.RATE_LIMIT_BY_ADDRESS = 0  # a test may ask as often as it likes


@pytest.fixture(scope="session")
def simulators(tmp_path_factory):
    """Each time the path of a file in a directory of its own, neither of which is there yet."""
    directory = tmp_path_factory.mktemp("simulators")
    return (directory / str(number) / "simulator.sqlite3" for number in count(1))


@pytest.fixture(autouse=True)
def simulator(simulators):
    """The payment provider of every test; it makes its file when it is first asked."""
    settings.SIMULATOR_FILE = next(simulators)
    return SimulatorGateway()


@pytest.fixture(autouse=True)
def first_days():
    """Factories count from the first day after the casts' again: no test's days depend on the tests before it."""
    for factory in (AppointmentFactory, SpecialHoursFactory):
        factory.reset_sequence(DAYS_OF_CASTS, force=True)


@pytest.fixture
def casts(db):
    """Both at once: a statement for the rows of two takes a server little longer than for those of one."""
    return perform(make_casts)


@pytest.fixture
def salon(casts):
    return casts.salon


@pytest.fixture
def clinic(casts):
    return casts.clinic


@pytest.fixture
def operator(db):
    home = OrganizationFactory(name="Platform", email="office@platform.example")
    return UserFactory(organization=home, role="admin", name="Operator", is_superuser=True, has_second_factor=True)


@pytest.fixture
def without_row_security(db):
    """The third wall taken down for this test, so that it cannot hide a hole in the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        tables = [table for (table,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    yield
    if not connection.in_atomic_block:  # no rollback puts it up again: the test was not in one transaction
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@pytest.fixture
def api():
    """`api(user)` is a client that carries the user's token; `api()` one that carries none.

    Each user has one token in a test, as to make one and to note its first use is dear; `anew` makes another.
    """
    carried = {}

    def client(user=None, *, anew=False):
        if user is None:
            return APIClient()
        if anew or user.pk not in carried:
            carried[user.pk] = {"HTTP_AUTHORIZATION": f"Bearer {token_for(user)}"}
        return APIClient(**carried[user.pk])

    return client


@pytest.fixture(scope="session")
def lasting_gunicorn(django_db_setup, django_db_blocker):
    with CopiedGunicorn(django_db_blocker.unblock, "--workers=2") as server:
        yield server


@pytest.fixture
def gunicorn(lasting_gunicorn, transactional_db):
    """A real server of the test database, the same for all tests; `gunicorn.call("GET", "/users", token=…)` asks it."""
    with lend(lasting_gunicorn) as server:
        yield server
