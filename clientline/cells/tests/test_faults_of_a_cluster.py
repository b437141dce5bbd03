"""A cluster under load loses what makes it one, piece by piece; what was acknowledged is there afterwards, once.

Each test asserts that the fault happened, and that there was something to lose. What can be seen in one fault shares
it: each takes as long as its lease.
"""

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from appointments.tests.load import CALLERS, ONCE_EACH, Load, wait_until
from clientline.cells.rehearsal import RehearsalFailed
from clientline.cells.tests.watching import Watch

pytestmark = [pytest.mark.cluster, pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("cluster")]
ENOUGH = 200  # bookings and payments that were acknowledged
PATIENCE = 240  # seconds for what has no limit of its own
LEASE = 20  # seconds: `ttl` of patroni.yml
LONGEST_PAUSE = 1  # seconds, of what must go on meanwhile
REPORT = "/reports/utilization?from=2029-12-01&to=2029-12-31"
BETWEEN = 2_000_000  # bytes: more than a standby that answers reports may lack, and less than 16 MB


@pytest.fixture
def load(cluster_server, cluster_house, rehearsal):
    rehearsal.heal()
    with Load(cluster_server, cluster_house, rest=0.05, patience=PATIENCE) as load:
        yield load


@pytest.fixture
def watch(cluster_server, rehearsal, load):
    with Watch(cluster_server, rehearsal) as watch:
        yield watch


@pytest.fixture
def assert_within(pulse):
    """Fails where something took longer than it may, unless it had no processor meanwhile."""

    def judge(limit, since, until):
        share = pulse.measure_share(since, until)
        told = f"{until - since:.1f} s, and {limit} are promised; who was ready got {share:.0%} of a processor"
        if limit > LONGEST_PAUSE:
            sys.stdout.write(f"{told}\n")
        assert pulse.is_within(limit, since, until), told

    return judge


def wait_for_writes(load):
    """The moment at which a booking is acknowledged that nobody was at before: each caller has one under way."""
    load.wait_for_bookings(CALLERS + 1)
    return time.monotonic()


def assert_nothing_is_lost(load, house, rehearsal):
    """Everything acknowledged is there once, on all nodes alike."""
    wait_until(lambda: load.failures or len(load.booked) + len(load.done) > ENOUGH, PATIENCE)
    load.__exit__()
    rehearsal.heal()
    with ThreadPoolExecutor(1) as pool:
        broken = pool.submit(house.manage, "check_invariants")
        effects = wait_for_the_same_everywhere(house)
        assert load.failures == []
        found = {key: effects.get(key) for key in load.tried}
        assert {key: found[key] for key in load.done} == dict.fromkeys(load.done, ONCE_EACH)
        assert {key for key, counts in found.items() if counts != ONCE_EACH} <= set(load.tried) - set(load.done)
        assert "broken" not in broken.result()
    assert {code for _, code, _ in load.refusals} <= {"unavailable", "outcome_unknown", "request_in_progress"}


def wait_for_the_same_everywhere(house):
    """What all nodes hold. Whoever follows again may have some to replay yet."""
    effects = []

    def are_equal():
        effects[:] = house.effects_by_node().values()
        return None not in effects and all(each == effects[0] for each in effects)

    wait_until(are_equal, PATIENCE)
    return effects[0]


def assert_reads_went_on(watch, assert_within):
    watch.__exit__()
    for wait in [*watch.waits["/live"], *watch.waits["a standby"]]:
        assert_within(LONGEST_PAUSE, *wait)


def test_a_killed_node_takes_nothing_with_it(load, watch, cluster_house, rehearsal, assert_within):
    leader = rehearsal.wait_for_leader()
    rehearsal.part_leaders(leader)
    killed = time.monotonic()
    rehearsal.kill(leader)
    assert_within(22, killed, wait_for_writes(load))
    rehearsal.wait_for_leader(other_than=leader)
    assert_reads_went_on(watch, assert_within)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_a_killed_postgresql_comes_back(load, watch, cluster_house, rehearsal, assert_within):
    leader = rehearsal.wait_for_leader()
    server, killed = rehearsal.read_postmaster(leader), time.monotonic()
    rehearsal.kill_postgres(leader)
    assert_within(22, killed, wait_for_writes(load))
    assert rehearsal.wait_for_leader() != leader or rehearsal.read_postmaster(leader) != server
    assert_reads_went_on(watch, assert_within)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


@pytest.fixture
def cables(rehearsal):
    if rehearsal.network is None:
        pytest.skip("only root on Linux can cut cables")
    return rehearsal


def test_a_primary_without_the_others_acknowledges_nothing_that_is_lost(
    load, watch, cluster_house, cables, assert_within
):
    """Callers reach it all the time, and wait there for a COMMIT that no standby has, until it dies or steps down."""
    leader, unknown = cables.wait_for_leader(), count_unknown(load)
    cables.part(leader)
    try:
        wait_until(lambda: count_unknown(load) > unknown, PATIENCE)
        told = time.monotonic()
        with suppress(RehearsalFailed):  # it has stepped down by itself
            cables.kill_postgres(leader)
        assert_within(26, told, wait_for_writes(load))
    finally:
        cables.join(leader)
    cables.wait_for_leader(other_than=leader)
    assert_reads_went_on(watch, assert_within)
    assert_nothing_is_lost(load, cluster_house, cables)


def count_unknown(load):
    return sum(count for (_, code, _), count in list(load.refusals.items()) if code == "outcome_unknown")


def test_a_switchover_is_over_in_seconds(load, watch, cluster_house, rehearsal, assert_within):
    """And whoever names all nodes finds who leads then."""
    leader = rehearsal.wait_for_leader()
    rehearsal.switch_over()
    wait_for_writes(load)
    rehearsal.wait_for_leader(other_than=leader)
    wait_until(lambda: (named := who_writes(cluster_house, rehearsal)) and named == rehearsal.find_leader(), PATIENCE)
    assert_reads_went_on(watch, assert_within)
    assert_nothing_is_lost(load, cluster_house, rehearsal)
    assert_within(6, *load.slowest)


def who_writes(house, rehearsal):
    """The node of which the command says so, by an address of all nodes; None while it reaches nobody."""
    said = read_status(house, DATABASE_URL=rehearsal.write_url_of_all(leader_last=True))
    found = re.search(r"^ok      writes: PostgreSQL \S+ at (\S+):(\d+)$", said, re.MULTILINE)
    return found and find_name(rehearsal, found[1], int(found[2]))


def find_name(rehearsal, *place):
    return next(each.name for each in rehearsal.deployment.hosts if (each.address, each.postgres_port) == place)


def test_without_etcd_the_leader_goes_on_while_it_reaches_the_others(
    load, watch, cluster_house, rehearsal, assert_within
):
    leader = rehearsal.wait_for_leader()
    rehearsal.freeze_etcd()
    try:
        time.sleep(LEASE + 1)
        over = time.monotonic()
        assert_within(5, over, wait_for_writes(load))
        wait_until(lambda: ask_who_answers(rehearsal, rehearsal.write_url()) == leader, PATIENCE)
    finally:
        rehearsal.thaw_etcd()
    assert_reads_went_on(watch, assert_within)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_without_standbys_the_leader_goes_on_alone_and_says_so(
    load, cluster_server, cluster_house, rehearsal, assert_within
):
    """Reports are read from a standby, and go on without."""
    leader, token = rehearsal.wait_for_leader(), cluster_house.token
    wait_until(lambda: "as_of" in cluster_server.call("GET", REPORT, token=token).body, PATIENCE)
    rehearsal.wait_until(
        lambda: "acknowledged on two machines" in read_status(cluster_house, "--standby"), "a leader that is not alone"
    )
    standbys = [host.name for host in rehearsal.deployment.hosts if host.name != leader]
    for name in standbys:
        rehearsal.freeze(name)
    try:
        rehearsal.wait_until(
            lambda: "on this machine alone" in read_status(cluster_house, "--standby"), "a leader that says it is alone"
        )
        assert cluster_server.call("GET", REPORT, token=token).status == 200
        alone = time.monotonic()
        assert_within(10, alone, wait_for_writes(load))
    finally:
        for name in standbys:
            rehearsal.thaw(name)
    wait_for_writes(load)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def read_status(house, *arguments, **variables):
    """What the command says, also while something is wrong: who led before may not follow yet."""
    try:
        return house.manage("cluster_status", *arguments, **variables)
    except subprocess.CalledProcessError as wrong:
        return wrong.output


def test_a_standby_to_which_nothing_arrives_is_asked_for_no_reports(load, cluster_house, rehearsal):
    """By other addresses of Patroni's it looks as well as ever."""
    name = next(filter(None, (find_replica(rehearsal) for _ in range(PATIENCE))))
    with rehearsal.connect_superuser() as connection:
        connection.execute("SELECT pg_switch_wal()")  # in the next minute, archiving skips no rest of a file
        rehearsal.freeze_receiver(name)
        try:
            connection.execute("SELECT pg_logical_emit_message(false, 'behind', repeat('x', %s))", [BETWEEN])
            rehearsal.wait_until(lambda: rehearsal.probe(name, "/readiness?lag=1MB") == 503, f"doubts about {name}")
            for path in ("/replica?lag=16MB", "/health"):
                rehearsal.wait_until(
                    lambda path=path: rehearsal.probe(name, path) == 200, f"{path} of {name} that is 200"
                )
            wait_until(
                lambda: name not in {ask_who_answers(rehearsal, rehearsal.write_replica_url()) for _ in range(10)},
                PATIENCE,
            )
        finally:
            rehearsal.thaw_receiver(name)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def find_replica(rehearsal):
    """A standby for which no COMMIT waits; None where nobody tells."""
    return next((each.name for each in rehearsal.list_members() if each.role == "replica"), None)


def ask_who_answers(rehearsal, address):
    """The node to which the proxy leads from there; None while it leads nowhere."""
    with suppress(psycopg.Error), psycopg.connect(address, connect_timeout=10) as connection:
        place = connection.execute("SELECT host(inet_server_addr()), inet_server_port()").fetchone()
        return find_name(rehearsal, *place)
