"""What takes too long is told from what had no processor."""

import time

from appointments.tests.load import wait_until
from clientline.cells.tests.pulse import WORK, Pulse


def test_limits_are_longer_by_what_others_took():
    pulse = Pulse()
    pulse.beats = [(second, second + WORK) for second in range(10)]
    assert round(pulse.measure_share(0, 10), 6) == 1
    assert pulse.is_within(6, 0, 6) and not pulse.is_within(6, 0, 6.1)
    pulse.beats = [(second, second + 4 * WORK) for second in range(10)]
    assert round(pulse.measure_share(0, 10), 6) == 0.25
    assert pulse.is_within(6, 0, 23.9) and not pulse.is_within(6, 0, 24.1)


def test_only_what_others_took_meanwhile_counts():
    pulse = Pulse()
    pulse.beats = [(0, 10 * WORK), (1, 1 + WORK), (2, 2 + WORK), (3, 3 + 10 * WORK)]
    assert round(pulse.measure_share(0.5, 2.5), 6) == 1
    assert pulse.measure_share(20, 21) == 1  # nothing is known of it


def test_it_beats_until_it_is_left():
    began = time.monotonic()
    with Pulse() as pulse:
        wait_until(lambda: pulse.beats)
    assert 0 < pulse.measure_share(began, time.monotonic()) <= 1
    assert pulse.process.returncode
