"""One Chromium for all tests in a row that need one: its start takes a second and more, a page a third of one."""

from contextlib import ExitStack

import pytest

from clientline.demo.browsing import open_chromium

opened = ExitStack()
shared = []


@pytest.fixture
def browser():
    """Chromium, as the tests before have left it: whoever visits leaves, see `Visitor.leave`."""
    if not shared or not shared[0].is_connected():
        close()
        shared.append(opened.enter_context(open_chromium()))
    return shared[0]


def close():
    shared.clear()
    opened.close()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem):
    # Its event loop runs in this thread, where other tests may have one of their own.
    if nextitem is None or not nextitem.get_closest_marker("browser"):
        close()
