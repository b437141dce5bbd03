"""The embedded server against kills and what they leave: no row is lost, and the next start heals."""

import os
import shutil
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from clientline.postgres import leftovers
from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import Cluster
from clientline.postgres.leftovers import answers, find_processes_in
from clientline.postgres.tests.servers import START, ask, connect, pid_of, python, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("embedded")]

needs_proc = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at /proc")


def write_until_killed(cluster, acknowledged, enough):
    with suppress(psycopg.OperationalError), connect(cluster) as connection:
        while True:
            number = len(acknowledged)
            connection.execute("INSERT INTO written VALUES (%s)", [number])
            acknowledged.append(number)
            if len(acknowledged) % 50 == 0:
                enough.set()


def test_no_acknowledged_row_is_lost_to_kill_9(cluster, everything):
    acknowledged = []
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE written (number int)")
    rounds = 3 if everything else 2
    for _ in range(rounds):
        enough = threading.Event()
        writer = threading.Thread(target=write_until_killed, args=(cluster, acknowledged, enough))
        writer.start()
        assert enough.wait(20)
        os.kill(pid_of(cluster), signal.SIGKILL)
        writer.join()
    with connect(cluster) as connection:
        kept = {number for (number,) in connection.execute("SELECT number FROM written")}
    assert len(acknowledged) >= 50 * rounds
    assert set(acknowledged) <= kept
    assert len(list(cluster.data.glob("clientline-socket-*"))) == 1


@needs_proc
def test_a_zombie_does_not_block_the_restart(cluster):
    adopt_orphans = "import ctypes; ctypes.CDLL(None).prctl(36, 1)"  # PR_SET_CHILD_SUBREAPER; it never reaps them
    parent = python(f"{adopt_orphans}; {START}; sys.stdout.flush(); sys.stdin.read()", cluster.data)
    assert parent.stdout.readline().strip()
    killed = pid_of(cluster)
    os.kill(killed, signal.SIGKILL)
    until(lambda: "Z (zombie)" in Path(f"/proc/{killed}/status").read_text())
    assert ask(cluster, "SELECT 1") == (1,)
    assert Path(f"/proc/{killed}").exists()
    assert pid_of(cluster) != killed
    parent.communicate()


@needs_proc
def test_a_process_with_the_dead_servers_id_does_not_block_the_restart(cluster):
    cluster.ensure_running()
    lock = cluster.directory / "postmaster.pid"
    text = lock.read_text()
    cluster.stop()
    lock.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
    assert ask(cluster, "SELECT 1") == (1,)
    assert pid_of(cluster) != os.getpid()


@needs_proc
def test_the_lock_of_a_live_server_is_never_dropped(cluster):
    cluster.ensure_running()
    cluster._drop_stale_lock()
    assert pid_of(cluster) in find_processes_in(cluster.directory)


def test_a_socket_that_accepts_but_says_nothing_is_no_server(data, monkeypatch):
    monkeypatch.setattr(leftovers, "ANSWER", 0.1)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(data / "mute"))
        mute.listen()
        assert not answers(data / "mute")
    assert not answers(data / "missing")


def test_a_server_that_hangs_is_named(cluster, monkeypatch):
    cluster.ensure_running()
    monkeypatch.setattr("clientline.postgres.cluster.PATIENCE", 0)
    monkeypatch.setattr(leftovers, "ANSWER", 0.1)
    server = pid_of(cluster)
    os.kill(server, signal.SIGSTOP)
    try:
        with pytest.raises(PostgresUnavailable, match=rf"neither answers nor ends: .*\b{server}\b"):
            cluster.ensure_running()
    finally:
        os.kill(server, signal.SIGCONT)


def test_the_end_of_a_deleted_clusters_server_leaves_its_successor_alone(cluster, copied):
    cluster.ensure_running()
    orphan = pid_of(cluster)
    shutil.rmtree(cluster.directory)
    copied(cluster.data)
    successor = cluster.ensure_running()
    with suppress(ProcessLookupError):  # it may have noticed the loss by itself
        os.kill(orphan, signal.SIGINT)
    until(lambda: not answers_to(orphan))
    assert pid_of(cluster) != orphan
    assert cluster.ensure_running() == successor


def answers_to(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_a_copy_of_a_running_cluster_gets_a_server_of_its_own(cluster, data):
    cluster.ensure_running()
    copy = Cluster(data / "copy")
    copy.data.mkdir()
    shutil.copytree(cluster.directory, copy.directory)
    original, copied = pid_of(cluster), ask(copy, "SHOW data_directory", user="postgres")
    assert copied == (str(copy.directory),)
    assert pid_of(copy) != original
    assert ask(cluster, "SHOW data_directory", user="postgres") == (str(cluster.directory),)
    copy.stop()
