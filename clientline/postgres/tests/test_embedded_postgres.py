"""The embedded server: what a start leaves, who starts at once, and wherever it lies."""

import os
import re
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from clientline.postgres.binaries import read_major_version
from clientline.postgres.cluster import Cluster
from clientline.postgres.tests.servers import START, ask, connect, pid_of, python, starts_of, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("embedded")]


# What a start leaves


def test_the_application_role_owns_its_database_and_is_no_superuser(running):
    sql = "SELECT rolcanlogin, rolcreatedb, rolcreaterole, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s"
    with connect(running) as connection:
        assert connection.execute(sql, ["clientline"]).fetchone() == (True, True, True, False, False)
        owner = "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s"
        assert connection.execute(owner, ["clientline"]).fetchone() == ("clientline", "UTF8")


def test_durability_is_on_and_nothing_listens_on_a_port(running):
    names = ["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "jit"]
    with connect(running) as connection:
        values = [connection.execute(f"SHOW {name}").fetchone()[0] for name in names]
    assert values == ["on", "on", "on", "on", "", "off"]


def test_text_sorts_by_code_point_and_every_letter_has_its_case(running):
    if read_major_version(running.bin_dir) < 17:
        pytest.skip("the provider that does this came with PostgreSQL 17")
    sql = "SELECT string_agg(x, '' ORDER BY x), lower('ÄÖ') FROM unnest(ARRAY['b', 'ä', 'B', 'a']) AS x"
    assert ask(running, sql) == ("Babä", "äö")


def test_only_the_owner_enters_the_socket_directory_and_the_cluster(running):
    for path in (running.ensure_running(), running.directory):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.log.stat().st_mode) == 0o600


def test_a_running_server_is_found_within_five_milliseconds(running):
    times = []
    for _ in range(50):
        began = time.perf_counter()
        Cluster(running.data).ensure_running()
        times.append(time.perf_counter() - began)
    assert min(times) < 0.005  # whatever else this machine is busy with


def test_statements_and_rows_stay_out_of_the_log(running):
    with connect(running) as connection:
        connection.execute("CREATE TABLE person (email text UNIQUE)")
        connection.execute("INSERT INTO person VALUES ('ann@example.com')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('ann@example.com')")
    assert "duplicate key" in running.log.read_text()
    assert "ann@example.com" not in running.log.read_text()


def test_status_tells_of_a_running_server(running):
    status = running.status()
    assert status.running
    assert (status.pid, status.socket_directory) == (pid_of(running), running.ensure_running())
    assert status.data_directory == running.directory
    assert re.fullmatch(r"\d+\.\d+", status.version)


# Starting and stopping


def test_status_and_stop_start_nothing(empty):
    assert not empty.status().running
    assert not empty.stop()
    assert list(empty.data.iterdir()) == []


def test_a_stopped_server_starts_again_with_its_rows(cluster):
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    sockets = cluster.ensure_running()
    assert cluster.stop()
    assert not cluster.stop()
    assert (cluster.status().running, cluster.status().pid, sockets.exists()) == (False, None, False)
    assert ask(cluster, "SELECT answer FROM kept") == (42,)


def test_ten_threads_at_once_start_one_server(cluster):
    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(lambda _: Cluster(cluster.data).ensure_running(), range(10)))
    assert found == {cluster.ensure_running()}
    assert starts_of(cluster) == 1


def test_a_second_server_never_enters_a_cluster(cluster):
    cluster.ensure_running()
    (cluster.directory / "postmaster.pid").rename(cluster.data / "moved")
    assert cluster._launch() is None
    assert starts_of(cluster) == 1
    (cluster.data / "moved").rename(cluster.directory / "postmaster.pid")


def test_the_server_outlives_its_starter_and_its_ctrl_c(cluster):
    code = f"{START}; sys.stdout.flush(); sys.stdin.read()"
    starter = python(code, cluster.data, start_new_session=True)
    assert starter.stdout.readline().strip()
    server = pid_of(cluster)
    os.killpg(starter.pid, signal.SIGINT)
    starter.communicate()
    assert os.getsid(server) != starter.pid
    assert ask(cluster, "SELECT 1") == (1,)
    assert pid_of(cluster) == server


def test_a_kill_during_initdb_leaves_nothing_half(empty):
    starter = python(START, empty.data, start_new_session=True)
    until(lambda: list(empty.data.glob("postgres.draft-*/base")))
    os.killpg(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert not empty.directory.exists()
    assert ask(empty, "SELECT 1") == (1,)
    assert not list(empty.data.glob("postgres.draft-*"))


# Paths


@pytest.mark.parametrize("name", ["with, comma", "x" * 120])
def test_any_path_will_do(data, copied, name):
    assert_is_served(copied(data / name), sockets_inside=False)


def test_processes_make_and_start_one_server_whatever_its_path_and_what_is_meant_for_another(
    data, monkeypatch, everything
):
    for name in ("PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSYSCONFDIR"):
        monkeypatch.setenv(name, "/elsewhere")
    cluster = Cluster(data / 'a "quoted" $HOME')  # most at odds with a shell and with postgresql.conf
    starters = [python(START, cluster.data) for _ in range(5 if everything else 2)]
    answers = {starter.communicate() for starter in starters}
    assert answers == {(f"{cluster.ensure_running()}\n", "")}
    assert starts_of(cluster) == 1
    assert_is_served(cluster, sockets_inside=True)


def assert_is_served(cluster, *, sockets_inside):
    sockets = cluster.ensure_running()
    with connect(cluster, user="postgres", options="") as connection:
        assert connection.execute("SHOW data_directory").fetchone() == (str(cluster.directory),)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert (sockets.parent == cluster.data) == sockets_inside
    cluster.stop()
    assert not sockets.exists()


def test_a_big_log_is_put_aside(cluster, monkeypatch):
    cluster.ensure_running()
    cluster.stop()
    monkeypatch.setattr("clientline.postgres.cluster.LOG_LIMIT", 100)
    cluster.ensure_running()
    assert starts_of(cluster) == 1
    assert "starting PostgreSQL" in (cluster.data / "postgres.log.old").read_text()
