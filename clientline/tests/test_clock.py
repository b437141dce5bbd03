"""One clock for Python and PostgreSQL, today's or a shifted one."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from clientline.tests import clock

pytestmark = pytest.mark.clock
MOVE = "from clientline.tests import clock; clock.move_on(8640000); "
ASK = "import time; from datetime import UTC, datetime; time.sleep(0.01); print(datetime.now(UTC).isoformat())"


def test_postgresql_has_the_time_of_python(db):
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert before - timedelta(milliseconds=100) <= now <= timezone.now() + timedelta(milliseconds=100)


def at(*arguments):
    command = [sys.executable, "-m", "clientline.tests.clock", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not clock.library(), reason=clock.MISSING)
@pytest.mark.parametrize("moment", ["2027-03-28 00:30:00", "2030-10-27 23:59:00", "2020-02-29 12:00:00"])
def test_a_command_has_the_moment_that_was_asked_for_and_can_sleep(moment):
    told = at(moment, sys.executable, "-c", ASK)
    assert told.stderr == ""
    late = datetime.fromisoformat(told.stdout.strip()) - datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert timedelta(seconds=-1) <= late < timedelta(seconds=30)


@pytest.mark.skipif(not clock.library(), reason=clock.MISSING)
def test_a_process_under_way_is_moved_on():
    told = datetime.fromisoformat(at("+40", sys.executable, "-c", MOVE + ASK).stdout.strip())
    assert timedelta(0) <= clock.real_now() + timedelta(days=100) - told < timedelta(seconds=30)


def test_days_count_from_now():
    now = datetime(2026, 11, 29, tzinfo=UTC)
    assert clock.seconds_until("+40", now=now) == 40 * 86400
    assert clock.seconds_until("2026-11-28 23:59:00", now=now) == -60


@pytest.mark.parametrize(("options", "code"), [(["--if-possible"], 0), ([], 1)])
def test_without_the_library_a_sentence_says_so(monkeypatch, capsys, options, code):
    monkeypatch.setattr(clock, "LIBRARIES", ())
    with pytest.raises(SystemExit) as ended:
        clock.main(*options, "+40", "false")
    assert ended.value.code == code
    assert capsys.readouterr().err == (
        "The clock cannot be shifted on this machine: datefudge is missing (on Debian, apt install datefudge). "
        "Left out: +40.\n"
    )


def test_a_statement_takes_no_longer_than_it_may(db):
    with connection.cursor() as cursor, pytest.raises(OperationalError, match="statement timeout"):
        cursor.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)")
