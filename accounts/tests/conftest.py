"""Somebody with a second factor, and the time by which its codes change."""

from types import SimpleNamespace

import pytest

from accounts import second_factor, second_step
from accounts.tests.second_factors import BEGIN, code_at


@pytest.fixture
def clock(monkeypatch):
    """Time that a test sets; codes change every 30 seconds."""

    clock = SimpleNamespace(now=1_800_000_000)
    for module in (second_factor, second_step):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


@pytest.fixture
def enrolled(salon, api, clock):
    """Set up for the salon's staff: the secret and the recovery codes."""
    client = api(salon.staff)
    answer = client.post("/auth/second-factor", BEGIN)
    made = answer.json()
    assert (answer.status_code, list(made)) == (201, ["secret", "uri", "recovery_codes"])
    confirmed = client.post("/auth/second-factor", {"code": code_at(made["secret"], clock.now)})
    assert confirmed.json() == {"enabled": True, "required": False, "recovery_codes_left": 10}
    clock.now += 60
    return made
