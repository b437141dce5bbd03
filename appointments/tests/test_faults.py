"""A full disk, no free connection, slow queries, held locks: refused with 503 for as long as it lasts, no longer."""

import re
import resource
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest

from appointments.tests.load import CALLERS, Load, as_problem, wait_until
from appointments.tests.test_crashes import PASSING, assert_each_key_had_one_effect, assert_only_outages
from clientline.postgres.leftovers import find_processes_in

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]
ROOM = 40 * 2**20  # bytes; two segments of the write-ahead log, and a bit
LARGEST_FILE = 8 * 2**20  # bytes; a segment of the write-ahead log has 16 MiB, everything else is smaller
FILL = "SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))"
CONNECTIONS = 20  # of which the server keeps eight
THREADS = 4  # of one worker, which may accept all of these requests
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clientline' AND application_name <> 'hog'"
)
DAWDLE = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
CREATE TRIGGER dawdle BEFORE INSERT ON services FOR EACH ROW WHEN (NEW.name = 'Slow') EXECUTE FUNCTION dawdle();
"""
DAWDLERS = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
DAWDLING = f"SELECT count(*) {DAWDLERS}"


def processes(house, server):
    return {server.process.pid, *server.workers, *find_processes_in(house.cluster.directory)}


def limit_files(pids, largest):
    for pid in pids:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))


@contextmanager
def short_files(house, server):
    """Let neither server nor database, nor a database that they start, write beyond LARGEST_FILE bytes of a file.

    To the log, that is much like a full disk, and needs none of its own, which only root can mount.
    """
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits the files of a running process")
    limit_files(processes(house, server), LARGEST_FILE)
    try:
        yield
    finally:
        limit_files(processes(house, server), resource.RLIM_INFINITY)


@contextmanager
def small_disk(house, server):
    """Let a disk that holds the log, and nothing else, grow no further."""
    log = house.cluster.directory / "pg_wal"
    used = sum(file.stat().st_size for file in log.rglob("*") if file.is_file())
    run("mount", "-o", f"remount,size={used + ROOM}", log)
    try:
        yield
    finally:
        run("mount", "-o", "remount,size=4g", log)


@contextmanager
def log_on_a_disk(house):
    """The write-ahead log on a file system of its own, in memory."""
    log, aside = house.cluster.directory / "pg_wal", house.cluster.directory / "pg_wal.aside"
    house.cluster.stop()
    log.rename(aside)
    log.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", log)
    except (OSError, subprocess.CalledProcessError) as refusal:
        log.rmdir()
        aside.rename(log)
        pytest.skip(f"only root can mount a disk: {refusal}")
    run("cp", "-a", f"{aside}/.", log)
    shutil.rmtree(aside)
    try:
        yield
    finally:
        house.cluster.stop()
        run("cp", "-a", f"{log}/.", aside)
        run("umount", log)
        log.rmdir()
        aside.rename(log)


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


@pytest.fixture(params=[short_files, pytest.param(small_disk, marks=pytest.mark.whole)])
def full_disk(request, house):
    if request.param is not small_disk:
        yield request.param
        return
    with log_on_a_disk(house):
        yield request.param


def test_a_full_disk_loses_and_repeats_nothing_and_ends_with_the_cause(house, server, full_disk):
    with Load(server, house) as load:
        with full_disk(house, server):
            with pytest.raises(psycopg.Error):
                while True:
                    with house.connect("postgres", autocommit=True) as connection:
                        connection.execute(FILL)
            wait_until(lambda: sum(load.refusals.values()) >= CALLERS)
        load.wait_for_bookings(CALLERS)

    assert_only_outages(load)
    assert load.cuts == 0
    assert_each_key_had_one_effect(house, load)
    reason = "No space left on device" if full_disk is small_disk else "File too large"
    assert re.search(f"PANIC:  could not write to .*{reason}", house.cluster.log.read_text())


def allow_few_connections(house):
    with house.connect("postgres", autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
    house.cluster.stop()  # it counts from the next start on


def occupy(house, stack):
    """Take every connection that is left."""
    with suppress(psycopg.OperationalError):
        for _ in range(CONNECTIONS):
            stack.enter_context(house.connect(autocommit=True, application_name="hog"))


# test_crashes.py asks without a database, and test_refusals.py what becomes of the error that says this.
@pytest.mark.whole
def test_without_a_free_connection_callers_are_told_to_come_back(house, server):
    allow_few_connections(house)
    with Load(server, house) as load:
        with ExitStack() as hogs, house.connect("postgres", autocommit=True) as superuser:

            def nobody_gets_one():
                superuser.execute(OTHERS)  # they come back at once, and some of them before the hogs
                occupy(house, hogs)
                time.sleep(0.1)  # each try is a process of the server's
                return load.refusals[PASSING] >= CALLERS and server.call("GET", "/ready").status == 503

            wait_until(nobody_gets_one)
        load.wait_for_bookings(CALLERS)

    assert server.call("GET", "/ready").status == 200
    assert_only_outages(load)
    assert_each_key_had_one_effect(house, load)
    assert "remaining connection slots are reserved" in house.cluster.log.read_text()


@pytest.fixture
def add(house, server):
    """`add(name)` adds a service, which takes a minute where its name is Slow."""
    with house.connect() as connection:
        connection.execute(DAWDLE)
    yield lambda name: server.call("POST", "/services", token=house.token, body={"name": name})
    with house.connect() as connection:
        connection.execute("DROP FUNCTION dawdle CASCADE")


def assert_all_threads_are_free(house, add):
    with house.connect("postgres", autocommit=True) as superuser:
        assert superuser.execute(DAWDLING).fetchone() == (0,)  # nobody asked the slow query again
    with ThreadPoolExecutor(THREADS) as pool:
        assert [answer.status for answer in pool.map(add, ["Quick"] * THREADS)] == [201] * THREADS
    with house.connect() as connection:
        assert connection.execute("SELECT count(*) FROM services WHERE name = 'Slow'").fetchone() == (0,)


def test_a_query_that_is_canceled_is_told_and_its_thread_is_free(house, add):
    """After how many seconds, `organizations/tests/test_walls.py` asks."""
    with house.connect("postgres", autocommit=True) as superuser, ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(add, "Slow") for _ in range(THREADS)]
        wait_until(lambda: superuser.execute(DAWDLING).fetchone() == (THREADS,))
        superuser.execute(f"SELECT pg_cancel_backend(pid) {DAWDLERS}")
        assert {as_problem(each.result()) for each in asked} == {PASSING}
    assert_all_threads_are_free(house, add)


@pytest.mark.whole
def test_a_slow_query_is_given_up_after_ten_seconds_and_its_thread_is_free(house, server, add):
    began, so_far = time.monotonic(), len(server.output)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(add, ["Slow"] * THREADS))
    assert {as_problem(answer) for answer in answers} == {PASSING}
    assert time.monotonic() - began >= 10
    assert server.output[so_far:].count("due to statement timeout") == THREADS
    assert_all_threads_are_free(house, add)


def test_a_lock_held_too_long_is_not_waited_for(house, server):
    def rename(name):
        return server.call("PATCH", f"/services/{house.service}", token=house.token, body={"name": name})

    with house.connect() as connection:
        connection.execute("SELECT FROM services WHERE id = %s FOR UPDATE", [house.service])
        began, so_far = time.monotonic(), len(server.output)
        assert as_problem(rename("Shave")) == PASSING
        assert time.monotonic() - began >= 3
        assert "due to lock timeout" in server.output[so_far:]
    assert rename("Shave").status == 200
