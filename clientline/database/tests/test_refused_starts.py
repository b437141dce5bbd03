"""What stands in the way of a first start is told in a sentence."""

import errno
import os
import re
import secrets
import subprocess
import sys
import threading
from types import SimpleNamespace
from unittest.mock import Mock

import psycopg
import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import InternalError, connection
from psycopg import errors

from clientline import command_line
from clientline.command_line import run
from clientline.database.tests.starts import read_parameters
from clientline.demo.serving import write_database_url
from clientline.management.commands import up
from clientline.postgres.backend.unreachable import place
from clientline.postgres.tests.servers import reason_of
from clientline.reach import worker
from clientline.tests.first_start import free_port

pytestmark = pytest.mark.faults

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user or mount a disk")


# What a role may do. Asked as `manage.py` does, without a process of its own


def refusal_of(*arguments):
    """The sentence with which `manage.py` ends, or 1 where it has said one before."""
    with pytest.raises(SystemExit) as refused:
        run(["manage.py", *arguments])
    return refused.value.code


@pytest.fixture
def server(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return read_parameters()


@pytest.fixture
def poor(server, django_db_blocker, monkeypatch):
    """Somebody who may sign in, and own a database, and nothing else; connections of this process are theirs."""
    name, password = f"poor_{secrets.token_hex(4)}", secrets.token_hex(8)
    with psycopg.connect(**server, autocommit=True) as link, django_db_blocker.unblock():
        link.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        link.execute(f"GRANT {name} TO CURRENT_USER")
        link.execute(f"CREATE DATABASE {name}")
        connection.close()
        with monkeypatch.context() as patch:
            for key, value in {"NAME": name, "USER": name, "PASSWORD": password}.items():
                patch.setitem(connection.settings_dict, key, value)
            yield SimpleNamespace(name=name, link=link)
            connection.close()
        link.execute(f"DROP DATABASE {name}")
        link.execute(f"DROP ROLE {name}")


def test_before_the_tables_are_there_a_command_says_what_to_run(poor):
    assert refusal_of("create_organization", "--name=A", "--email=a@a.example", "--admin-email=b@a.example") == (
        'relation "organizations" does not exist. The tables are not those of this version: run `manage.py migrate`.'
    )


def test_who_may_make_no_role_is_told_what_a_superuser_has_to_run(poor):
    poor.link.execute(f"ALTER DATABASE {poor.name} OWNER TO {poor.name}")
    assert refusal_of("migrate", "--verbosity=0") == (
        "ClientLine needs the roles clientline_tenant and clientline_redactor. As a superuser run: "
        "CREATE ROLE clientline_tenant NOLOGIN; CREATE ROLE clientline_redactor NOLOGIN; "
        f"GRANT clientline_tenant, clientline_redactor TO {poor.name};."
    )


def test_who_does_not_own_the_database_is_told_so(poor):
    if poor.link.info.server_version < 150000:
        pytest.skip("before PostgreSQL 15 everybody may make tables in every database")
    assert refusal_of("migrate", "--verbosity=0") == (
        "permission denied for schema public. The role in DATABASE_URL has to own its database: "
        "ALTER DATABASE … OWNER TO … as a superuser."
    )


@pytest.mark.django_db
def test_a_database_and_a_role_that_do_not_exist_are_named(server):
    for change, reason in (
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist; create it, or mend the name in DATABASE_URL.'),
        ({"user": "nobody"}, 'role "nobody" does not exist; create it, or mend the user in DATABASE_URL.'),
    ):
        bad = server | change
        place = f"postgres://{bad['user']}@{bad['host']}:{bad['port']}/{bad['dbname']}"
        assert reason_of(write_database_url(bad)) == f"No connection to {place}: {reason}"


# Where nothing can be kept


@pytest.fixture
def reader(transactional_db, monkeypatch):
    """Connections of this process only read, as those to a standby do."""
    connection.close()
    connection.has_committed = False  # of tests before
    options = connection.settings_dict["OPTIONS"] | {"options": "-c default_transaction_read_only=on"}
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "OPTIONS", options)
        yield
        connection.close()


def tell_that_it_only_reads():
    return (
        f"The database at {place(connection.settings_dict)} only reads: it is a standby, or "
        "default_transaction_read_only is on there. "
        "Name the one that writes in DATABASE_URL, or turn that setting off."
    )


@pytest.mark.parametrize(
    "command",
    [
        ["create_organization", "--name=A", "--email=a@a.example", "--admin-email=b@a.example"],
        ["worker", "--once"],
        ["flush", "--noinput"],
        ["procrastinate", "worker"],
        ["up"],
    ],
    ids=" ".join,
)
def test_a_database_that_only_reads_is_told_so(reader, settings, tmp_path, command):
    settings.DATA_DIR, settings.EMBEDDED_DATA, settings.PORT = tmp_path, None, free_port()
    assert refusal_of(*command) == tell_that_it_only_reads()


def test_no_backup_is_put_in_place_of_what_only_reads(reader, tmp_path):
    backup = tmp_path / "backup"
    backup.write_bytes(b"PGDMP")
    with pytest.raises(CommandError, match=f"^{re.escape(tell_that_it_only_reads())}$"):
        call_command("db", "restore", backup, "--noinput")


def test_who_is_asked_and_gone_is_told_so(monkeypatch):
    monkeypatch.setattr(command_line.Commands, "execute", Mock(side_effect=EOFError))
    assert refusal_of("changepassword") == (
        "This asks for an answer, and there was nobody to give one: call it at a terminal."
    )


class OneTry(threading.Event):
    """Ends a worker where it would pause before its next try."""

    def wait(self, timeout=None):
        self.set()
        return True


def test_a_worker_says_why_it_waits_where_nothing_can_be_saved(reader, caplog):
    worker._run_jobs_until(OneTry())
    (said,) = [each.getMessage() for each in caplog.records if each.name == worker.__name__]
    assert said == "Jobs wait, as the database does not do it: cannot execute DELETE in a read-only transaction"


def test_who_migrates_a_database_that_only_reads_is_told_so(poor):
    connection.has_committed = False  # of tests before
    poor.link.execute(f"ALTER ROLE {poor.name} SET default_transaction_read_only = on")
    assert refusal_of("migrate", "--verbosity=0") == tell_that_it_only_reads()


def test_who_had_saved_something_before_is_told_so(reader, monkeypatch):
    monkeypatch.setattr(connection, "has_committed", True)
    error = InternalError()
    error.__cause__ = errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction")
    assert command_line._write_sentence(error) == (
        f"{tell_that_it_only_reads()} The database gave up: cannot execute UPDATE in a read-only transaction. "
        "What the command had done before may be saved: look before you repeat it."
    )


@needs_root
def test_a_first_start_on_a_full_disk_is_one_sentence_and_leaves_nothing_half(settings, tmp_path, capsys):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    settings.DATA_DIR, settings.EMBEDDED_DATA, settings.PORT = tmp_path, tmp_path, free_port()
    try:
        assert refusal_of("up") == 1
        progress, sentence = capsys.readouterr()
        assert progress == f"Creating a PostgreSQL database in {tmp_path}/postgres ...\n"
        assert re.fullmatch(
            r"CommandError: initdb failed: could not write to file .*: No space left on device\n", sentence
        )
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
        ("up", "File exists: {0}. CLIENTLINE_DATA is {0}: name a directory of this user's own, on a disk with room."),
        (
            "migrate",
            "The embedded PostgreSQL cannot work in {0} (Not a directory): "
            "set CLIENTLINE_DATA to a directory of your own, on a disk with room.",
        ),
    ],
)
def test_a_file_in_place_of_the_directory_is_named(
    settings, tmp_path, django_db_blocker, monkeypatch, command, sentence
):
    file = tmp_path / "file"
    file.write_text("")
    settings.DATA_DIR, settings.EMBEDDED_DATA, settings.PORT = file, file, free_port()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "EMBEDDED_DATA", file)
    with django_db_blocker.unblock():
        assert refusal_of(command) == sentence.format(file)


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
