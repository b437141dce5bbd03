"""One Chromium for all tests in a row that need one: its start takes a second and more, a page a third of one."""

from contextlib import ExitStack, contextmanager
from threading import Condition

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from playwright.sync_api import Error

from clientline.demo.browsing import open_chromium

# Nowhere but here, so that a page that asks another host is told so, which its visitor hears.
AT_HOME = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
opened = ExitStack()
shared = []


@pytest.fixture
def browser():
    """Chromium, as the tests before have left it: whoever visits leaves, see `Visitor.leave`."""
    if not shared or not shared[0].is_connected():
        close()
        shared.append(start())
    with await_answers():
        yield shared[0]


def start():
    """Once more where it ends before it has begun, which it did once in some hundred starts, on a machine at load 8."""
    try:
        return opened.enter_context(open_chromium(AT_HOME))
    except Error:
        return opened.enter_context(open_chromium(AT_HOME))


@contextmanager
def await_answers(patience=60):
    """Until all is answered that a server of this process is asked meanwhile: a page asks on when nobody looks at it.

    What is still at work when its test is over finds rows gone and leaves some of its own to the next.
    """
    changed, at_work = Condition(), []

    def begin(sender, **_):
        if issubclass(sender, WSGIHandler):  # not what a test client asks
            with changed:
                at_work.append(sender)

    def end(sender, **_):
        with changed:
            if sender in at_work:
                at_work.remove(sender)
            changed.notify()

    request_started.connect(begin)
    request_finished.connect(end)
    try:
        yield
        with changed:
            assert changed.wait_for(lambda: not at_work, timeout=patience), at_work
    finally:
        request_started.disconnect(begin)
        request_finished.disconnect(end)


def close():
    shared.clear()
    opened.close()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem):
    # Its event loop runs in this thread, where other tests may have one of their own.
    if nextitem is None or not nextitem.get_closest_marker("browser"):
        close()
