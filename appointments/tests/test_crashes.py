"""Killed under load: what was answered 201 stays and is there once, the service heals by itself, and no 500."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from appointments.tests.load import CALLERS, ONCE_EACH, REST, Load, as_problem, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]
LONG_REST = 1.0  # seconds
PASSING = (503, "unavailable", "2")
UNKNOWN_WITH_KEY = (503, "outcome_unknown", "2")  # lost at COMMIT
RUNNING = (409, "request_in_progress", "1")


def assert_each_key_had_one_effect(house, load):
    effects = house.effects()
    assert load.failures == []
    assert sorted(load.tried) == sorted(load.booked) == sorted(load.done)
    assert {key: effects.get(key) for key in load.tried} == dict.fromkeys(load.tried, ONCE_EACH)


def assert_only_outages(load):
    """Some requests were refused, and each because of the database."""
    assert set() < set(load.refusals) <= {PASSING, UNKNOWN_WITH_KEY}


def assert_each_refusal_is_one_line(log):
    """With why in it, and no traceback of what everybody knows."""
    lines = [line for line in log.splitlines() if " 503" in line or "Service Unavailable" in line]
    told = {line.split(" 503 ")[0].split()[-1]: line for line in lines}
    assert [line.split(" 503 ")[0].split()[2:] for line in lines] == [
        ["WARNING", "clientline.requests", "GET", path] for path in told
    ]
    assert sorted(told) == ["/", "/admin/", "/users"]
    del told["/"]
    assert all(": The database in " in line and "was made by PostgreSQL 9, but " in line for line in told.values())
    assert "Traceback" not in log


def test_killed_workers_lose_and_repeat_nothing_and_are_replaced(house, server, everything):
    wait_until(lambda: len(server.workers) >= 2)  # a server answers as soon as its first does
    workers = server.workers[-2:] if everything else server.workers[-1:]
    with Load(server, house) as load:
        for worker in workers:
            so_far = len(server.workers)
            os.kill(worker, signal.SIGKILL)
            load.rest = LONG_REST  # until another is there, which is the longest part
            wait_until(lambda so_far=so_far: len(server.workers) > so_far)
            load.rest = REST
            load.wait_for_bookings(CALLERS)

    assert set(load.refusals) <= {RUNNING}
    assert load.cuts > 0
    assert_each_key_had_one_effect(house, load)


def test_a_killed_database_loses_and_repeats_nothing_and_is_started_again(house, server):
    killed = house.cluster.status().pid
    with Load(server, house) as load:
        os.kill(killed, signal.SIGKILL)
        load.wait_for_bookings(CALLERS)

    assert house.cluster.status().pid != killed
    # None at all, where each request that met the outage was asked once more in time.
    assert set(load.refusals) <= {PASSING, UNKNOWN_WITH_KEY}
    assert load.cuts == 0
    assert_each_key_had_one_effect(house, load)
    assert house.cluster.status().pid != killed


def test_without_a_database_callers_are_told_to_come_back(house, server):
    so_far = len(server.output)  # of the test before
    house.cluster.stop()
    made_by = house.cluster.directory / "PG_VERSION"
    version = made_by.read_text()
    made_by.write_text("9\n")  # which our programs refuse, so that it does not start
    with ThreadPoolExecutor(3) as pool:  # what is there to be read waits for three seconds
        asked = pool.submit(server.call, "GET", "/users", token=house.token), pool.submit(server.ask, "GET", "/admin/")
        health, users, page = server.call("GET", "/"), *(each.result() for each in asked)
    made_by.write_text(version)

    assert (health.status, health.body["status"], health.headers["Retry-After"]) == (503, "unavailable", "2")
    assert as_problem(users) == PASSING
    assert_each_refusal_is_one_line(server.output[so_far:])
    assert (page.status, page.headers.get_content_type(), page.headers["Retry-After"]) == (503, "text/html", "2")
    assert server.call("GET", "/").body["status"] == "ok"
    assert server.call("GET", "/users", token=house.token).status == 200
