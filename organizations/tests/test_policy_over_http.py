"""The access table once more, asked through a socket: the same tests with a client that speaks real HTTP."""

import pytest

from organizations.tests.over_http import speak_http
from organizations.tests.test_policy import *  # noqa: F403 -- its tests and fixtures, run again here

# In the gate, test_policy asks in process, and test_the_same_over_http whether a socket changes an answer.
pytestmark = [pytest.mark.sweep, pytest.mark.whole]


@pytest.fixture
def api(live_server):
    with speak_http(live_server) as client:
        yield client
