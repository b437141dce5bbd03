"""A replica for tests of what may be read from one."""

import pytest
from django.db import connection

from organizations import replica


@pytest.fixture
def with_replica(settings):
    """The primary itself, over a connection of its own: the same rows, and no standby's trouble."""
    settings.DATABASE_REPLICA = {"NAME": connection.settings_dict["NAME"]}
    yield settings.DATABASE_REPLICA
    if replica._thread.replica:
        replica._thread.replica.close()
    replica._thread.replica, replica._thread.asleep_until = None, 0.0
