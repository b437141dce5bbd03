"""When a delivery is tried again: after the steps of the ladder, and no sooner than the receiver wants."""

from datetime import UTC, datetime, timedelta

from clientline.reach.webhooks.ladder import find_next_attempt, has_lost_patience, read_retry_after

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


STEPS = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600]


def test_each_step_has_its_length_give_or_take_a_tenth():
    for tries, step in enumerate(STEPS, start=1):
        waits = {(find_next_attempt(tries, now=NOW) - NOW).total_seconds() for _ in range(200)}
        assert step * 0.9 <= min(waits) < step < max(waits) <= step * 1.1


def test_the_first_attempt_is_at_once_and_the_tenth_the_last():
    assert find_next_attempt(0, now=NOW) == NOW
    assert find_next_attempt(9, now=NOW) is not None
    assert find_next_attempt(10, now=NOW) is None


def test_a_receiver_that_wants_more_time_gets_it():
    ready = NOW + timedelta(hours=1)
    assert find_next_attempt(1, now=NOW, not_before=ready) == ready
    assert find_next_attempt(9, now=NOW, not_before=ready) > ready
    assert find_next_attempt(10, now=NOW, not_before=ready) is None


def test_retry_after_is_seconds_or_a_date_and_a_day_at_most():
    for text, wait in (
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 01 Dec 2026 12:02:00 GMT", 120),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0),
        ("99999999999999999999", 86400),
        ("Tue, 01 Dec 2099 12:00:00 GMT", 86400),
        ("", None),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Tue, 99 Dec 2026 12:00:00 GMT", None),
    ):
        assert read_retry_after(text, now=NOW) == (None if wait is None else NOW + wait * SECOND), text


def test_patience_ends_after_five_days_without_a_success():
    assert not has_lost_patience(None, now=NOW)
    assert not has_lost_patience(NOW - timedelta(days=5) + SECOND, now=NOW)
    assert has_lost_patience(NOW - timedelta(days=5), now=NOW)
