"""A request that met a failover before it saved anything is served once more, where that is safe."""

import socket
import threading
import time
from itertools import count

import pytest
from django.db import connection

from clientline.web import replays
from services.models import Service

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"name": "Beard", "duration": 15, "price": "10.00"}


def end_connection(ended):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended.connection.info.backend_pid])
    other.close()


@pytest.fixture
def caller(api):
    """Is answered as a server answers: the test client would raise what happened on the way."""

    def call(person):
        client = api(person)
        client.raise_request_exception = False
        return client

    return call


@pytest.fixture
def outage():
    """The server ends the connection at each of these statements, as in a switchover."""

    def begin(*at):
        statements = count(1)

        def end(execute, sql, params, many, context):
            if next(statements) in at:
                end_connection(context["connection"])
            return execute(sql, params, many, context)

        return connection.execute_wrapper(end)

    return begin


def test_reads_do_not_notice(salon, caller, outage):
    with outage(2):
        answer = caller(salon.admin).get("/services")
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["results"]] == [salon.service.pk]


def test_a_post_with_a_key_is_done_once(salon, caller, outage):
    with outage(4):
        answer = caller(salon.admin).post("/services", BODY, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    assert Service.objects.filter(name="Beard").count() == 1


def test_a_post_without_a_key_is_the_callers_to_repeat(salon, caller, outage):
    with outage(4):
        answer = caller(salon.admin).post("/services", BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not Service.objects.filter(name="Beard").exists()


def test_only_so_many_wait(salon, caller, outage, monkeypatch):
    monkeypatch.setattr(replays, "waiting", threading.BoundedSemaphore(1))
    with replays.waiting, outage(2):
        assert caller(salon.admin).get("/services").status_code == 503


def test_it_waits_for_three_seconds_at_most_and_looks_with_pauses(salon, caller, outage, monkeypatch):
    looks = []
    monkeypatch.setattr(replays, "_takes_writes", lambda probe: looks.append(1))
    monkeypatch.setattr(replays, "SECONDS", 0.5)
    with outage(2):
        assert caller(salon.admin).get("/services").status_code == 503
    assert 2 <= len(looks) <= 5


def test_a_server_that_does_not_even_refuse_holds_nobody_for_longer(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = {"HOST": "127.0.0.1", "PORT": mute.getsockname()[1], "EMBEDDED_DATA": None}
        for name, value in place.items():
            monkeypatch.setitem(connection.settings_dict, name, value)
        began = time.monotonic()
        assert not replays.wait_for_database(began + 0.3)
        assert time.monotonic() - began < replays.CONNECTING


def test_what_is_served_again_is_not_served_a_third_time(salon, caller, outage):
    with outage(*range(2, 50)):
        assert caller(salon.admin).get("/services").status_code == 503
