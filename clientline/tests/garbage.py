"""What is imported and collected stays until the end: to look for garbage among it takes a third of the time."""

import gc

import pytest

gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    gc.freeze()
    gc.set_threshold(300_000)  # new objects; of a test, most are gone long before there are so many
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    """pytest has looked for exceptions in what is left, and would do so again, as Python does when it ends."""
    gc.freeze()
