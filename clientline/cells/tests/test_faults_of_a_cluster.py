"""A cluster under load loses what makes it one, piece by piece; what was acknowledged is there afterwards, once.

Each test asserts that the fault happened, and that there was something to lose. What can be seen in one fault shares
it: each takes as long as its lease.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from appointments.tests.load import CALLERS, ONCE_EACH, Load, wait_until
from clientline.cells.rehearsal import RehearsalFailed
from clientline.cells.tests.watching import Watch

pytestmark = [pytest.mark.cluster, pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("cluster")]
ENOUGH = 200  # bookings and payments that were acknowledged
SLOWEST = 3  # times the figure: the machine may be busy
LEASE = 20  # seconds: `ttl` of patroni.yml
LONGEST_PAUSE = 1 * SLOWEST  # seconds, of what must go on meanwhile
REPORT = "/reports/utilization?from=2029-12-01&to=2029-12-31"


@pytest.fixture
def load(cluster_server, cluster_house, rehearsal):
    rehearsal.heal()
    with Load(cluster_server, cluster_house, rest=0.05) as load:
        yield load


@pytest.fixture
def watch(cluster_server, rehearsal, load):
    with Watch(cluster_server, rehearsal) as watch:
        yield watch


def wait_for_writes(load):
    """Seconds until a booking is acknowledged that nobody was at before: each caller has one under way."""
    began = time.monotonic()
    load.wait_for_bookings(CALLERS + 1)
    took = time.monotonic() - began
    sys.stdout.write(f"writes were back after {took:.1f} s\n")
    return took


def assert_nothing_is_lost(load, house, rehearsal):
    """Everything acknowledged is there once, on all nodes alike."""
    wait_until(lambda: load.failures or len(load.booked) + len(load.done) > ENOUGH)
    load.__exit__()
    rehearsal.heal()
    with ThreadPoolExecutor(1) as pool:
        broken = pool.submit(house.manage, "check_invariants")
        effects = house.effects()
        assert load.failures == []
        assert {key: effects.get(key) for key in load.done} == dict.fromkeys(load.done, ONCE_EACH)
        assert {key for key, counts in effects.items() if counts != ONCE_EACH} <= set(load.tried) - set(load.done)
        # Whoever follows again may have some to replay yet.
        wait_until(lambda: all(found == effects for found in house.effects_by_node().values()))
        assert "broken" not in broken.result()
    assert {code for _, code, _ in load.refusals} <= {"unavailable", "outcome_unknown", "request_in_progress"}


def assert_reads_went_on(watch):
    watch.__exit__()
    assert max(watch.pauses.values()) < LONGEST_PAUSE, watch.pauses


def test_a_killed_node_takes_nothing_with_it(load, watch, cluster_house, rehearsal):
    leader = rehearsal.find_leader()
    # Else its leases, counted anew by etcd's next leader, would last longer.
    rehearsal.wait_until(lambda: rehearsal.find_etcd_leader() not in (None, leader), "another leader of etcd")
    rehearsal.kill(leader)
    assert wait_for_writes(load) < 22 * SLOWEST
    assert rehearsal.find_leader() not in (None, leader)
    assert_reads_went_on(watch)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_a_killed_postgresql_comes_back(load, watch, cluster_house, rehearsal):
    rehearsal.kill_postgres(rehearsal.find_leader())
    assert wait_for_writes(load) < 22 * SLOWEST
    assert set(load.refusals)
    assert_reads_went_on(watch)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


@pytest.fixture
def cables(rehearsal):
    if rehearsal.network is None:
        pytest.skip("only root on Linux can cut cables")
    return rehearsal


def test_a_primary_without_the_others_acknowledges_nothing_that_is_lost(load, watch, cluster_house, cables):
    """Callers reach it all the time, and wait there for a COMMIT that no standby has, until it dies or steps down."""
    leader, unknown = cables.find_leader(), count_unknown(load)
    cables.part(leader)
    try:
        wait_until(lambda: count_unknown(load) > unknown)
        with suppress(RehearsalFailed):  # it has stepped down by itself
            cables.kill_postgres(leader)
        assert wait_for_writes(load) < 26 * SLOWEST
    finally:
        cables.join(leader)
    cables.wait_until(lambda: cables.find_leader() not in (None, leader), "another leader")
    assert_reads_went_on(watch)
    assert_nothing_is_lost(load, cluster_house, cables)


def count_unknown(load):
    return sum(count for (_, code, _), count in load.refusals.items() if code == "outcome_unknown")


def test_a_switchover_is_over_in_seconds(load, watch, cluster_house, rehearsal):
    """And whoever names all nodes finds who leads then."""
    leader = rehearsal.find_leader()
    rehearsal.switch_over()
    assert wait_for_writes(load) < 6 * SLOWEST
    assert rehearsal.find_leader() not in (None, leader)
    assert "ok      writes: PostgreSQL" in ask_for_status(cluster_house, rehearsal)
    assert_reads_went_on(watch)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def ask_for_status(house, rehearsal):
    """By an address of all nodes, those that only read first."""
    leader = rehearsal.find_leader()
    hosts = sorted(rehearsal.deployment.hosts, key=lambda host: host.name == leader)
    places = ",".join(f"{host.address}:{host.postgres_port}" for host in hosts)
    before = house.environment
    address = f"{rehearsal.write_url().rpartition('@')[0]}@{places}/clientline?target_session_attrs=read-write"
    house.environment = before | {"DATABASE_URL": address}
    try:
        return read_status(house)
    finally:
        house.environment = before


def test_without_etcd_the_leader_goes_on_while_it_reaches_the_others(load, watch, cluster_house, rehearsal):
    leader = rehearsal.find_leader()
    rehearsal.freeze_etcd()
    try:
        before = len(load.booked)
        time.sleep(LEASE + 1)
        assert len(load.booked) > before + 20
        assert wait_for_writes(load) < 5 * SLOWEST
    finally:
        rehearsal.thaw_etcd()
    rehearsal.wait_until(lambda: rehearsal.find_leader() == leader, f"{leader}, which leads on")
    assert_reads_went_on(watch)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_without_standbys_the_leader_goes_on_alone_and_says_so(load, cluster_server, cluster_house, rehearsal):
    """Reports are read from a standby, and go on without."""
    leader, token = rehearsal.find_leader(), cluster_house.token
    wait_until(lambda: "as_of" in cluster_server.call("GET", REPORT, token=token).body)
    assert "acknowledged on two machines" in cluster_house.manage("cluster_status", "--standby")
    standbys = [member.name for member in rehearsal.list_members() if member.name != leader]
    for name in standbys:
        rehearsal.freeze(name)
    try:
        rehearsal.wait_until(
            lambda: "on this machine alone" in read_status(cluster_house, "--standby"), "a leader that says it is alone"
        )
        assert cluster_server.call("GET", REPORT, token=token).status == 200
        assert wait_for_writes(load) < 10 * SLOWEST
    finally:
        for name in standbys:
            rehearsal.thaw(name)
    wait_for_writes(load)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def read_status(house, *arguments):
    """What the command says, also while something is wrong: who led before may not follow yet."""
    try:
        return house.manage("cluster_status", *arguments)
    except subprocess.CalledProcessError as wrong:
        return wrong.output
