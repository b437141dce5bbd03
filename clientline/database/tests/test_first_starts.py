"""Several first starts at once make one world: one is at work, and the others wait and find it done."""

import os
import queue
import re
import secrets
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from clientline.database.tests.starts import ended, manage, read_parameters
from clientline.database.turns import TURN, turn_on_file
from clientline.demo.serving import write_database_url
from clientline.management.commands import collectstatic, up
from clientline.postgres.cluster import PORT, Cluster
from clientline.postgres.tests.servers import reason_of
from clientline.tests.first_start import free_port, read_until, start, stop
from clientline.web.tests.test_server import wait_for

pytestmark = pytest.mark.faults

SUPERUSER = {"DJANGO_SUPERUSER_EMAIL": "op@example.com", "DJANGO_SUPERUSER_NAME": "Op"}
SUPERUSER["DJANGO_SUPERUSER_PASSWORD"] = "correct-horse-battery"
WAITED = re.compile(
    r"Another program starts, migrates or fills this database "
    r"\(manage\.py \w+, PostgreSQL's process \d+\): waiting \.\.\.\n"
)


# One database, many machines


@pytest.fixture(scope="module")
def database(django_db_setup, django_db_blocker):
    """The parameters of a database of its own, with all tables and no rows, which connections of this process go to."""
    name = f"first_{secrets.token_hex(4)}"
    template = connection.settings_dict["TEST"].get("TEMPLATE")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        found = read_parameters()
        with psycopg.connect(**found, autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
            connection.close()
            patch.setitem(connection.settings_dict, "NAME", name)
            if not template:
                call_command("migrate", verbosity=0)
            yield found | {"dbname": name}
            connection.close()
            link.execute(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def url(database):
    return write_database_url(database)


def ask(database, statement):
    with psycopg.connect(**database) as link:
        return link.execute(statement).fetchall()


@pytest.mark.whole  # a migration that waits for its turn is below; here are two that have work to do
def test_of_migrations_at_once_one_is_at_work_and_others_wait_and_find_nothing_to_do(database):
    empty = f"{database['dbname']}_empty"
    with psycopg.connect(**database, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {empty} TEMPLATE template0")
        try:
            url = write_database_url(database | {"dbname": empty})
            migrations = ended(*(manage("migrate", DATABASE_URL=url) for _ in range(3)))
        finally:
            link.execute(f"DROP DATABASE {empty}")
    assert {code for _, code in migrations} == {0}
    first, *later = sorted((said for said, _ in migrations), key=lambda said: "No migrations to apply." in said)
    assert "Applying accounts.0001_initial... OK" in first
    assert not WAITED.search(first)
    for said in later:
        assert WAITED.match(said)
        assert "Applying" not in said


def perform(command, said=None):
    """What a command says in a thread with a connection of its own, and what it ended with."""
    said, refusal = said or StringIO(), None
    try:
        call_command(*command, stdout=said)
    except (CommandError, IntegrityError) as error:
        refusal = error
    finally:
        connection.close()
    return said.getvalue(), refusal


def at_once(*commands):
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(perform, commands))


FILL = ("seed_demo", "--if-empty", "--organizations=1", "--appointments=20")


def test_of_two_fillings_at_once_one_fills(database):
    fillings = at_once(FILL, FILL)
    assert sorted("Saved 1 organization with 20 visits." in said for said, _ in fillings) == [False, True]
    assert [refusal for _, refusal in fillings] == [None, None]
    assert ask(database, "SELECT count(*) FROM organizations WHERE name = 'Salon Sonnig'") == [(1,)]
    assert ask(database, "SELECT count(*) FROM appointments") == [(20,)]


def test_of_two_operators_with_one_address_one_is_made_and_the_other_told(database, monkeypatch):
    """While an organization is made, and somebody finds that nothing is left to be filled."""
    for name, value in SUPERUSER.items():
        monkeypatch.setenv(name, value)
    found = ("create_organization", "--name=Own", "--email=own@own.example", "--admin-email=admin@own.example")
    operator = ("createsuperuser", "--noinput")
    *others, one, two = at_once(found, FILL, operator, operator)
    assert [refusal for _, refusal in others] == [None, None]
    assert ask(database, "SELECT email FROM users WHERE email LIKE '%@own.example'") == [("admin@own.example",)]
    (made, none), (_, refusal) = sorted((one, two), key=lambda each: each[1] is not None)
    assert (made, none) == ("Superuser created successfully.\n", None)
    assert re.match(
        r"Error: That (email|.*address) is already taken\.|duplicate key value violates unique constraint",
        str(refusal),
        re.IGNORECASE,
    ), refusal
    assert ask(database, "SELECT count(*) FROM users WHERE email = 'op@example.com'") == [(1,)]


def test_a_turn_leaves_no_lock_and_waits_for_no_timeout(database, monkeypatch):
    """As behind a pooler: what waits and what holds are transactions, and nothing is left on the session."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c statement_timeout=200 -c lock_timeout=200")
    said = StringIO()
    with ThreadPoolExecutor(1) as pool, psycopg.connect(**database, application_name="manage.py up") as link:
        link.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        waiting = pool.submit(perform, ("migrate",), said)
        wait_for(lambda: WAITED.fullmatch(said.getvalue()))
        link.execute("SELECT pg_sleep(0.5)")
        link.commit()
        assert waiting.result()[1] is None
    assert "No migrations to apply." in said.getvalue()
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    held = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid <> 0 AND {here}"
    assert ask(database, held) == [(0,)]


# One directory


def test_who_comes_second_waits_says_so_and_has_its_turn(tmp_path):
    """What starts and collections of static files on one directory do, asked of two threads."""
    said = queue.Queue()

    def come_second():
        with turn_on_file(tmp_path / "start.lock", said.put):
            said.put("the second is at work")

    with ThreadPoolExecutor() as pool:
        with turn_on_file(tmp_path / "start.lock", said.put):
            second = pool.submit(come_second)
            assert said.get(timeout=30) == f"Another start is at work in {tmp_path}: waiting until it is done ..."
            assert said.empty()
        second.result()
    assert said.get(timeout=30) == "the second is at work"


@pytest.mark.parametrize("command", [("collectstatic", "--dry-run", "--noinput"), ("up",)])
def test_who_starts_and_who_collects_take_turns(settings, tmp_path, monkeypatch, command):
    taken = []
    settings.DATA_DIR = settings.STATIC_ROOT = tmp_path

    @contextmanager
    def note(path, say):
        taken.append(path.name)
        raise KeyboardInterrupt
        yield

    for module in (up, collectstatic):
        monkeypatch.setattr(module, "turn_on_file", note)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        call_command(*command)
    assert taken == [{"up": "start.lock", "collectstatic": "static.lock"}[command[0]]]


@pytest.fixture(scope="module")
def starts():
    """Three first starts on one directory, two of them on the same port: what each said, and the directory."""
    with tempfile.TemporaryDirectory() as directory:
        ports = [free_port(), free_port()]
        processes = [start(directory, port, "--demo") for port in (ports[0], *ports)]
        try:
            yield Path(directory), settle(processes)
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            Cluster(directory).stop()


def settle(processes):
    """What each said until it served or gave way, those that serve first and the one that filled before all."""
    refused = next(process for process in processes[:2] if is_refused(process))
    serving = [process for process in processes if process is not refused]
    said = [read_until(process, "Ctrl-C stops it.") for process in serving]
    for process in serving:
        stop(process)
    return [*sorted(said, key=lambda text: "Another start" in text), refused.communicate()[0]]


def is_refused(process):
    with suppress(subprocess.TimeoutExpired):
        return process.wait(timeout=8) == 1
    return False


@pytest.mark.whole
def test_of_three_starts_the_first_prepares_and_the_second_waits(starts):
    directory, (first, second, _) = starts
    assert first.startswith(f"Creating a PostgreSQL database in {directory}/postgres ...\n")
    assert "Saved 2 organizations with 600 visits." in first
    assert re.match(
        f"Another start is at work in {directory}: waiting until it is done \\.\\.\\.\n\nClientLine serves on ", second
    )


@pytest.mark.whole
def test_a_port_that_another_start_has_is_one_sentence(starts):
    _, (*_, refused) = starts
    assert re.fullmatch(
        r"CommandError: Cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\): "
        r"end what listens there, or set HOST and PORT to a free address\.\n",
        refused,
    )


@pytest.mark.whole
def test_there_is_one_demo_world(starts):
    cluster = Cluster(starts[0])
    address = {"host": str(cluster.ensure_running()), "port": PORT, "user": "clientline", "dbname": "clientline"}
    assert ask(address, "SELECT count(*), count(DISTINCT organization_id) FROM appointments") == [(600, 2)]
    assert len((starts[0] / "secret_key").read_text()) == 67


@pytest.mark.whole
@pytest.mark.django_db
def test_a_wrong_password_is_named_and_not_shown(starts):
    cluster = Cluster(starts[0])
    address = {"host": str(cluster.ensure_running()), "port": PORT}
    with psycopg.connect(**address, user="postgres", dbname="postgres", autocommit=True) as link:
        link.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        rules = cluster.directory / "pg_hba.conf"
        rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
        link.execute("SELECT pg_reload_conf()")
    guarded = address | {"user": "guarded", "password": "s3cret", "dbname": "clientline"}
    assert reason_of(write_database_url(guarded)) == (
        f"No connection to postgres://guarded@{address['host']}:{PORT}/clientline: password authentication failed "
        'for user "guarded"; mend user and password in DATABASE_URL, or that server\'s pg_hba.conf.'
    )


@pytest.mark.whole
def test_static_files_are_collected_by_one_at_a_time(tmp_path):
    """Two at once would take each other's files for old ones, and save theirs under other names."""
    own = {"CLIENTLINE_DATA": str(tmp_path), "DATABASE_URL": ""}
    collected = ended(*(manage("collectstatic", "--noinput", **own) for _ in range(2)))
    assert sorted(re.search(r"(\d+) static files? copied", said)[1] == "0" for said, _ in collected) == [False, True]
    assert [code for _, code in collected] == [0, 0]
