"""A cluster under load loses what makes it one, piece by piece; what was acknowledged is there afterwards, once.

Each test asserts that the fault happened, and that there was something to lose.
"""

import subprocess
import time

import pytest

from appointments.tests.load import ONCE_EACH, Load, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("cluster")]
ENOUGH = 200  # bookings and payments that were acknowledged
SLOWEST = 3  # times the figure: the machine may be busy


@pytest.fixture
def load(cluster_server, cluster_house, rehearsal):
    rehearsal.heal()
    with Load(cluster_server, cluster_house, rest=0.05) as load:
        yield load


def wait_for_writes(load, more=20):
    """Seconds until that many more bookings are acknowledged."""
    began = time.monotonic()
    load.wait_for_bookings(more)
    return time.monotonic() - began


def assert_nothing_is_lost(load, house, rehearsal):
    """Everything acknowledged is there once, on all nodes alike."""
    wait_until(lambda: load.failures or len(load.booked) + len(load.done) > ENOUGH)
    load.__exit__()
    rehearsal.heal()
    effects = house.effects()
    assert load.failures == []
    assert {key: effects.get(key) for key in load.done} == dict.fromkeys(load.done, ONCE_EACH)
    assert {key for key, counts in effects.items() if counts != ONCE_EACH} <= set(load.tried) - set(load.done)
    # Whoever follows again may have some to replay yet.
    wait_until(lambda: all(found == effects for found in house.effects_by_node().values()))
    assert "broken" not in house.manage("check_invariants")
    assert {code for _, code, _ in load.refusals} <= {"unavailable", "outcome_unknown", "request_in_progress"}


def test_a_killed_node_takes_nothing_with_it(load, cluster_house, rehearsal, cluster_server):
    leader = rehearsal.find_leader()
    rehearsal.kill(leader)
    assert cluster_server.ask("GET", "/live").status == 200
    assert wait_for_writes(load) < 22 * SLOWEST
    assert rehearsal.find_leader() not in (None, leader)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_a_killed_postgresql_comes_back(load, cluster_house, rehearsal):
    killed = rehearsal.find_leader()
    rehearsal.kill_postgres(killed)
    assert wait_for_writes(load) < 22 * SLOWEST
    assert set(load.refusals)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


@pytest.fixture
def cables(rehearsal):
    if rehearsal.network is None:
        pytest.skip("only root on Linux can cut cables")
    yield rehearsal
    for name in rehearsal.network.addresses:
        rehearsal.mend(name)


def test_a_primary_that_is_cut_off_acknowledges_nothing_that_is_lost(load, cluster_house, cables, cluster_server):
    leader = cables.find_leader()
    cables.cut(leader)
    assert cluster_server.ask("GET", "/live").status == 200
    assert wait_for_writes(load) < 26 * SLOWEST
    assert cables.find_leader() not in (None, leader)
    cables.mend(leader)
    assert_nothing_is_lost(load, cluster_house, cables)


def test_what_no_standby_has_is_never_called_saved(load, cluster_house, cables):
    """The standbys are cut off, COMMITs wait until they are given up, and the primary dies with what only it has."""
    leader = cables.find_leader()
    standbys = [name for name in cables.network.addresses if name != leader]
    for name in standbys:
        cables.cut(name)
    time.sleep(1)  # for what was on its way
    before, unknown = len(load.booked), count_unknown(load)
    wait_until(lambda: count_unknown(load) > unknown)
    booked_alone = len(load.booked) - before
    cables.kill(leader)
    for name in standbys:
        cables.mend(name)
    assert booked_alone == 0
    wait_for_writes(load)
    assert_nothing_is_lost(load, cluster_house, cables)


def count_unknown(load):
    return sum(count for (_, code, _), count in load.refusals.items() if code == "outcome_unknown")


def test_reports_are_read_from_a_standby_and_go_on_without(cluster_server, cluster_house, rehearsal):
    rehearsal.heal()
    path, token = "/reports/utilization?from=2029-12-01&to=2029-12-31", cluster_house.token
    wait_until(lambda: "as_of" in cluster_server.call("GET", path, token=token).body)
    standbys = [member.name for member in rehearsal.list_members() if member.role != "leader"]
    for name in standbys:
        rehearsal.kill_postgres(name)
    assert cluster_server.call("GET", path, token=token).status == 200
    rehearsal.heal()


def test_patronictl_switches_over_as_the_documents_say(cluster_house, rehearsal):
    rehearsal.heal()
    leader = rehearsal.find_leader()
    configuration = rehearsal.data / "n1" / "patroni.yml"
    command = [rehearsal.programs / "patronictl", "-c", configuration, "switchover", "--force"]
    # It ends with 0 also where no standby is in step yet after the last fault.
    rehearsal.wait_until(
        lambda: "Successfully switched over" in subprocess.run(command, capture_output=True, text=True).stdout,
        "a switchover by patronictl",
    )
    rehearsal.wait_until(lambda: rehearsal.find_leader() not in (None, leader), "another leader")
    rehearsal.heal()


def test_a_switchover_is_over_in_seconds(load, cluster_house, rehearsal):
    leader = rehearsal.find_leader()
    rehearsal.switch_over()
    assert wait_for_writes(load) < 6 * SLOWEST
    assert rehearsal.find_leader() not in (None, leader)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_without_etcd_the_leader_goes_on_while_it_reaches_the_others(load, cluster_house, rehearsal):
    leader = rehearsal.find_leader()
    rehearsal.freeze_etcd()
    try:
        before = len(load.booked)
        time.sleep(25)  # longer than its lease
        assert len(load.booked) > before + 20
        assert wait_for_writes(load) < 5 * SLOWEST
    finally:
        rehearsal.thaw_etcd()
    rehearsal.wait_until(lambda: rehearsal.find_leader() == leader, f"{leader}, which leads on")
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_without_standbys_the_leader_goes_on_alone_and_says_so(load, cluster_house, rehearsal):
    leader = rehearsal.find_leader()
    assert "acknowledged on two machines" in cluster_house.manage("cluster_status", "--standby")
    standbys = [member.name for member in rehearsal.list_members() if member.name != leader]
    for name in standbys:
        rehearsal.freeze(name)
    try:
        rehearsal.wait_until(lambda: is_alone(cluster_house), "a leader that says that it is alone")
        assert wait_for_writes(load) < 10 * SLOWEST
    finally:
        for name in standbys:
            rehearsal.thaw(name)
    wait_for_writes(load)
    assert_nothing_is_lost(load, cluster_house, rehearsal)


def test_the_driver_finds_who_writes_among_all_nodes(cluster_house, rehearsal):
    rehearsal.heal()
    places = ",".join(f"{host.address}:{host.postgres_port}" for host in rehearsal.deployment.hosts)
    address = f"{rehearsal.write_url().rpartition('@')[0]}@{places}/clientline?target_session_attrs=read-write"
    before = dict(cluster_house.environment)
    cluster_house.environment["DATABASE_URL"] = address
    try:
        for _ in range(2):
            assert "ok      writes: PostgreSQL" in cluster_house.manage("cluster_status", "--standby")
            rehearsal.switch_over()
            rehearsal.heal()
    finally:
        cluster_house.environment = before


def is_alone(house):
    try:
        house.manage("cluster_status", "--standby")
    except subprocess.CalledProcessError as wrong:
        return "on this machine alone" in wrong.output
    return False
