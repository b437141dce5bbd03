"""Somebody with a second factor, and the time by which its codes change."""

from types import SimpleNamespace

import pytest

from accounts import second_factor, second_step


@pytest.fixture
def clock(monkeypatch):
    """Time that a test sets; codes change every 30 seconds."""

    clock = SimpleNamespace(now=1_800_000_000)
    for module in (second_factor, second_step):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


@pytest.fixture
def enrolled(salon):
    """Set up for the salon's staff: the secret and the recovery codes."""
    made = second_factor.begin_enrolment(salon.staff)
    second_factor.confirm(salon.staff)
    return made
