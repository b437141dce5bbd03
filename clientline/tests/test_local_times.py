"""What reads all SQL of the tests finds every way to ask PostgreSQL for a local time."""

from clientline.tests.local_times import computes_local_time


def test_every_way_is_found():
    for text in (
        "SELECT starts AT TIME ZONE 'Europe/Berlin'",
        "SELECT starts at\n  time\tzone zone FROM visits",
        "SELECT starts AT LOCAL",
        "SELECT TimeZone ('Europe/Berlin', starts)",
        "SELECT to_char(starts, 'HH24:MI')",
        "SELECT DATE_TRUNC('day', starts)",
    ):
        assert computes_local_time(text), text


def test_a_column_of_such_a_name_is_none():
    for text in ('SELECT "timezone" FROM organizations', "SELECT 1", "SELECT local FROM zones"):
        assert not computes_local_time(text), text
