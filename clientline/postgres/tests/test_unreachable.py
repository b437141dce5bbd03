"""A database that cannot be used is told in one sentence: which, why, and what to mend; never with its password."""

import socket
import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from clientline.postgres.backend.unreachable import explain_unreachable
from clientline.postgres.tests.servers import reason_of

OLDEST = connection.features.minimum_database_version[0]  # 14, until Django asks for more


@contextmanager
def listener(answer, *, then_close=True):
    """A port where somebody listens who says `answer` to everybody."""
    held = []

    def serve(server):
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            caller.recv(1000)
            caller.sendall(answer)
            caller.close() if then_close else held.append(caller)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=[server], daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def reason(django_db_blocker):
    with django_db_blocker.unblock():
        yield reason_of


def test_an_unknown_host_is_named(reason):
    assert reason("postgres://me:s3cret@no.such.invalid/name") == (
        "No connection to postgres://me@no.such.invalid:5432/name: failed to resolve host 'no.such.invalid': "
        "[Errno -2] Name or service not known; mend the host in DATABASE_URL."
    )


def test_a_port_where_nobody_listens_is_named(reason):
    assert reason("postgres://me:s3cret@127.0.0.1:1/name") == (
        "No connection to postgres://me@127.0.0.1:1/name: Connection refused; "
        "start that server, or mend host and port in DATABASE_URL."
    )


def test_a_wrong_password_is_named_and_not_shown(reason):
    """As a server says it; `clientline/database/tests/test_first_starts.py` asks a real one in `make test-all`."""
    fields = b'SFATAL\0C28P01\0Mpassword authentication failed for user "me"\0\0'
    with listener(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields) as port:
        assert reason(f"postgres://me:s3cret@127.0.0.1:{port}/name?sslmode=disable") == (
            f"No connection to postgres://me@127.0.0.1:{port}/name: password authentication failed "
            'for user "me"; mend user and password in DATABASE_URL, or that server\'s pg_hba.conf.'
        )


def test_what_is_no_postgresql_is_told_so(reason):
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert reason(f"postgres://me:s3cret@127.0.0.1:{port}/name") == (
            f"No connection to postgres://me@127.0.0.1:{port}/name: received invalid response to SSL negotiation: H; "
            "no PostgreSQL listens there, mend host and port in DATABASE_URL."
        )


def test_a_silent_server_is_not_waited_for_forever(reason):
    with listener(b"", then_close=False) as port:
        assert reason(f"postgres://me:s3cret@127.0.0.1:{port}/name?connect_timeout=2") == (
            f"No connection to postgres://me@127.0.0.1:{port}/name: connection timeout expired; "
            "start that server, or mend host and port in DATABASE_URL."
        )


def message(kind, *texts):
    body = b"".join(text if isinstance(text, bytes) else text.encode() + b"\0" for text in texts)
    return kind + (len(body) + 4).to_bytes(4) + body


def test_a_postgresql_that_is_too_old_is_told_so(reason):
    """A stand-in that speaks as far as the version: programs of PostgreSQL 13 are not to be had any more."""
    welcome = message(b"R", bytes(4)) + message(b"S", "server_version", "13.4") + message(b"Z", b"I")
    with listener(welcome, then_close=False) as port:
        assert reason(f"postgres://me:s3cret@127.0.0.1:{port}/name?sslmode=disable") == (
            f"The database at postgres://me@127.0.0.1:{port}/name is PostgreSQL 13.4, and ClientLine needs {OLDEST} or "
            "newer: name another server in DATABASE_URL, or unset it to use the embedded one."
        )


def test_an_option_that_does_not_exist_is_named(reason):
    assert reason("postgres://me:s3cret@127.0.0.1:1/name?speed=high") == (
        'No connection to postgres://me@127.0.0.1:1/name: invalid connection option "speed"; '
        "mend what stands in DATABASE_URL."
    )


def test_a_value_that_an_option_cannot_have_is_named(reason):
    assert reason("postgres://me:s3cret@127.0.0.1:1/name?connect_timeout=soon") == (
        "No connection to postgres://me@127.0.0.1:1/name: bad value for connect_timeout: 'soon'; "
        "mend what stands in DATABASE_URL."
    )


def test_without_a_host_none_is_made_up():
    place = {"HOST": "", "PORT": "", "USER": "me", "NAME": "name"}
    error = psycopg.OperationalError("connection failed: No such file or directory")
    for told, variable in (({}, "DATABASE_URL"), ({"VARIABLE": "DATABASE_REPLICA_URL"}, "DATABASE_REPLICA_URL")):
        assert str(explain_unreachable(error, place | told)) == (
            f"No connection to name as me at PostgreSQL's own default place, as {variable} names no host: "
            f"No such file or directory; start that server, or mend host and port in {variable}."
        )
