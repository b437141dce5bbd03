"""Several first starts at once make one world, and what stands in the way of a first start is told in a sentence."""

import errno
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as project_settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from clientline.database.turns import TURN, turn_on_file
from clientline.demo.serving import write_database_url
from clientline.management.commands import collectstatic, up
from clientline.postgres.cluster import PORT, Cluster
from clientline.tests.first_start import free_port, read_until, start, stop
from clientline.tests.test_bad_settings import reason_of

pytestmark = pytest.mark.faults

SUPERUSER = {"DJANGO_SUPERUSER_EMAIL": "op@example.com", "DJANGO_SUPERUSER_NAME": "Op"}
SUPERUSER["DJANGO_SUPERUSER_PASSWORD"] = "correct-horse-battery"
WAITED = re.compile(
    r"Another program starts, migrates or fills this database "
    r"\(manage\.py \w+, PostgreSQL's process \d+\): waiting \.\.\.\n"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user or mount a disk")


def manage(*arguments, **environment):
    """A command of manage.py that runs beside us."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=project_settings.BASE_DIR,
        env=os.environ | {"SECRET_KEY": "a-key", "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*processes):
    """What each has said, and how it ended."""
    said = [process.communicate(timeout=120)[0] for process in processes]
    return list(zip(said, [process.returncode for process in processes], strict=True))


# One database, many machines


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    """The parameters of the tests' own server."""
    with django_db_blocker.unblock():
        parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    return {name: parameters[name] for name in known if parameters.get(name)}


@pytest.fixture(scope="module")
def database(server):
    """The parameters of a database in which nothing is."""
    name = f"first_{secrets.token_hex(4)}"
    with psycopg.connect(**server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
        yield server | {"dbname": name}
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def url(database):
    return write_database_url(database)


def ask(database, statement):
    with psycopg.connect(**database) as link:
        return link.execute(statement).fetchall()


@pytest.fixture(scope="module")
def migrations(url, everything):
    """Several at once on the empty database, and a command that comes too early."""
    early = ended(
        manage("create_organization", "--name=A", "--email=a@a.example", "--admin-email=b@a.example", DATABASE_URL=url)
    )
    return early + ended(*(manage("migrate", DATABASE_URL=url) for _ in range(3 if everything else 2)))


def test_before_the_tables_are_there_a_command_says_what_to_run(migrations):
    assert migrations[0] == (
        'relation "organizations" does not exist. The tables are not those of this version: run `manage.py migrate`.\n',
        1,
    )


def test_of_migrations_at_once_one_is_at_work_and_others_wait_and_find_nothing_to_do(migrations):
    assert {code for _, code in migrations[1:]} == {0}
    first, *later = sorted((said for said, _ in migrations[1:]), key=lambda said: "No migrations to apply." in said)
    assert "Applying accounts.0001_initial... OK" in first
    assert not WAITED.search(first)
    for said in later:
        assert WAITED.match(said)
        assert "Applying" not in said


@pytest.fixture(scope="module")
def fillings(url, migrations):
    """Fillings, an organization and an operator, all at once."""
    fill = ("seed_demo", "--if-empty", "--organizations=1", "--appointments=20")
    found = ("create_organization", "--name=Own", "--email=own@own.example", "--admin-email=admin@own.example")
    operator = ("createsuperuser", "--noinput")
    commands = [fill, fill, found, operator, operator]
    return ended(*(manage(*command, DATABASE_URL=url, **SUPERUSER) for command in commands))


def test_of_two_fillings_at_once_one_fills(database, fillings):
    worlds = ask(database, "SELECT count(*) FROM organizations WHERE name = 'Salon Sonnig'")[0][0]
    told = ["Saved 1 organization with 20 visits." in said for said, _ in fillings[:2]]
    assert [code for _, code in fillings[:2]] == [0, 0]
    # None where the organization below was there first: it fills only what is empty.
    assert worlds == told.count(True) <= 1
    assert ask(database, "SELECT count(*) FROM appointments")[0][0] == 20 * worlds


def test_an_organization_is_made_meanwhile(database, fillings):
    assert [code for _, code in fillings[2:3]] == [0]
    assert ask(database, "SELECT email FROM users WHERE email LIKE '%@own.example'") == [("admin@own.example",)]


def test_of_two_operators_with_one_address_one_is_made_and_the_other_told(database, fillings):
    (made, code), (refused, refusal) = sorted(fillings[3:], key=lambda each: each[1])
    assert (made, code, refusal) == ("Superuser created successfully.\n", 0, 1)
    assert re.fullmatch(
        r"CommandError: Error: That (email|.*address) is already taken\.\n"
        r'|duplicate key value violates unique constraint ".*": somebody else has saved it meanwhile\.\n',
        refused,
        re.IGNORECASE,
    ), refused
    assert ask(database, "SELECT count(*) FROM users WHERE email = 'op@example.com'") == [(1,)]


def test_a_turn_leaves_no_lock_and_waits_for_no_timeout(url, database, migrations):
    """As behind a pooler: what waits and what holds are transactions, and nothing is left on the session."""
    with psycopg.connect(**database, application_name="manage.py up") as link:
        link.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        waiting = manage(
            "migrate", DATABASE_URL=f"{url}?options=-c%20statement_timeout%3D200%20-c%20lock_timeout%3D200"
        )
        assert WAITED.fullmatch(waiting.stdout.readline())
        link.execute("SELECT pg_sleep(0.5)")
    assert ended(waiting)[0][1] == 0
    assert ask(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid <> 0") == [(0,)]


# Rights


@pytest.fixture
def poor(server):
    """Somebody who may sign in, and own a database, and nothing else."""
    name, password = f"poor_{secrets.token_hex(4)}", secrets.token_hex(8)
    with psycopg.connect(**server, autocommit=True) as link:
        link.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        link.execute(f"GRANT {name} TO CURRENT_USER")
        link.execute(f"CREATE DATABASE {name}")
        yield server | {"user": name, "password": password, "dbname": name}
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")
        link.execute(f"DROP ROLE {name}")


def test_who_may_make_no_role_is_told_what_a_superuser_has_to_run(server, poor):
    with psycopg.connect(**server, autocommit=True) as link:
        link.execute(sql.SQL("ALTER DATABASE {0} OWNER TO {0}").format(sql.Identifier(poor["user"])))
    ((said, code),) = ended(manage("migrate", "--verbosity=0", DATABASE_URL=write_database_url(poor)))
    assert said == (
        "ClientLine needs the roles clientline_tenant and clientline_redactor. As a superuser run: "
        "CREATE ROLE clientline_tenant NOLOGIN; CREATE ROLE clientline_redactor NOLOGIN; "
        f"GRANT clientline_tenant, clientline_redactor TO {poor['user']};.\n"
    )
    assert code == 1


def test_who_does_not_own_the_database_is_told_so(poor):
    with psycopg.connect(**poor) as link:
        if link.info.server_version < 150000:
            pytest.skip("before PostgreSQL 15 everybody may make tables in every database")
    ((said, code),) = ended(manage("migrate", "--verbosity=0", DATABASE_URL=write_database_url(poor)))
    assert said == (
        "permission denied for schema public. The role in DATABASE_URL has to own its database: "
        "ALTER DATABASE … OWNER TO … as a superuser.\n"
    )
    assert code == 1


@pytest.mark.django_db
def test_a_database_and_a_role_that_do_not_exist_are_named(server):
    for change, reason in (
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist; create it, or mend the name in DATABASE_URL.'),
        ({"user": "nobody"}, 'role "nobody" does not exist; create it, or mend the user in DATABASE_URL.'),
    ):
        bad = server | change
        place = f"postgres://{bad['user']}@{bad['host']}:{bad['port']}/{bad['dbname']}"
        assert reason_of(write_database_url(bad)) == f"No connection to {place}: {reason}"


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


# Where nothing can be kept


@needs_root
def test_a_first_start_on_a_full_disk_is_one_sentence_and_leaves_nothing_half(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    try:
        ((said, code),) = ended(manage("up", CLIENTLINE_DATA=str(tmp_path), DATABASE_URL="", PORT=str(free_port())))
        *progress, sentence = said.splitlines()
        assert progress == [f"Creating a PostgreSQL database in {tmp_path}/postgres ..."]
        assert re.fullmatch(
            r"CommandError: initdb failed: could not write to file .*: No space left on device", sentence
        )
        assert code == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["start.lock"]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@needs_root
def test_a_directory_of_somebody_else_is_named(tmp_path):
    tmp_path.chmod(0o700)
    demoted = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "manage.py", "up"]
    own = {"CLIENTLINE_DATA": str(tmp_path), "DATABASE_URL": "", "SECRET_KEY": "", "PORT": str(free_port())}
    said = subprocess.run(
        demoted, cwd=project_settings.BASE_DIR, env=os.environ | own, capture_output=True, text=True
    ).stderr
    assert said == (
        f"CLIENTLINE_DATA is {tmp_path}, where the secret key can be neither read nor kept (Permission denied): "
        "name a directory of this user's own, on a disk with room.\n"
    )


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("up", "File exists: {0}. CLIENTLINE_DATA is {0}: name a directory of this user's own, on a disk with room.\n"),
        (
            "migrate",
            "The embedded PostgreSQL cannot work in {0} (Not a directory): "
            "set CLIENTLINE_DATA to a directory of your own, on a disk with room.\n",
        ),
    ],
)
def test_a_file_in_place_of_the_directory_is_named(tmp_path, command, sentence):
    (tmp_path / "file").write_text("")
    own = {"CLIENTLINE_DATA": str(tmp_path / "file"), "DATABASE_URL": "", "PORT": str(free_port())}
    assert ended(manage(command, **own)) == [(sentence.format(tmp_path / "file"), 1)]


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("a..b", 8000, "Cannot listen on a..b:8000 (no name of a host): HOST has to be an address of this machine."),
        (
            "192.0.2.1",
            8000,
            f"Cannot listen on 192.0.2.1:8000 ({os.strerror(errno.EADDRNOTAVAIL)}): "
            "HOST has to be an address of this machine.",
        ),
    ],
)
def test_a_host_that_is_none_is_named(host, port, sentence):
    with pytest.raises(up.CommandError) as refused:
        up.listen(host, port)
    assert str(refused.value) == sentence


def test_a_host_that_others_reach_says_what_it_needs(settings):
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = ["localhost"], [], False
    assert up.list_needs("0.0.0.0", True) == [
        "ALLOWED_HOSTS with the names by which they call it: others are refused",
        "a proxy that ends TLS, as in deploy/nginx.conf, and SECURE_COOKIES=true: passwords travel openly",
        "TRUSTED_PROXIES with that proxy: all callers share its address",
        "no --demo: everybody knows its passwords",
    ]
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = ["a.example"], ["::1"], True
    assert up.list_needs("fe80::1%eth0", False) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_a_host_of_this_machine_alone_needs_nothing(address):
    assert up.list_needs(address, True) == []
