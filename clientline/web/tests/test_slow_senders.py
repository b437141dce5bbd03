"""The server's worker over real sockets: nobody who sends slowly, takes nothing or asks much stops the others."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from accounts.models import User
from accounts.tests.factories import token_for
from clientline import gunicorn_conf
from clientline.demo.serving import PROJECT, Gunicorn
from clientline.tests.first_start import free_port, read_until
from clientline.web import worker
from clientline.web.tests.conftest import LONG, worker_with
from clientline.web.tests.senders import HALF_SENT, HEAD, LIVE, answer_on, ask, connect, has_ended, request
from clientline.web.tests.servers import environment_of_tests

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("gunicorn")]


@contextmanager
def idle(server, silent, half_sent):
    """So many connections that say nothing, and that send the beginning of a request; reopened when they end."""
    ended = threading.Event()
    kinds = [b""] * silent + [HALF_SENT[number % len(HALF_SENT)] for number in range(half_sent)]
    with ExitStack() as stack:
        keep = stack.enter_context(ThreadPoolExecutor(1)).submit(reopen, server, kinds, ended)
        stack.callback(ended.set)
        yield
    keep.result()


def reopen(server, kinds, ended):
    """Keep a connection of each kind open; returns how many were opened anew."""
    opened, anew = [begin(server, sent) for sent in kinds], 0
    while not ended.wait(0.2):
        for number, sender in enumerate(opened):
            if has_ended(sender):
                sender.close()
                opened[number], anew = begin(server, kinds[number]), anew + 1
    for sender in opened:
        sender.close()
    return anew


def begin(server, sent):
    sender = connect(server)
    sender.sendall(sent)
    sender.setblocking(False)
    return sender


def test_silent_and_half_sent_connections_stop_nobody(patient_worker, salon):
    token = token_for(salon.staff)
    with idle(patient_worker, silent=200, half_sent=64):
        for path in ("/live", "/users?limit=10") * 3:
            ask(patient_worker, path, token)


def test_a_half_sent_request_is_ended(one_worker):
    assert worker.PATIENCE == 10  # seconds, of which this server's worker has two
    with connect(one_worker) as half:
        half.sendall(HALF_SENT[1])
        assert answer_on(half)[0] == 408


def seconds_of(server, path, token):
    began = time.monotonic()
    ask(server, path, token)
    return time.monotonic() - began


def longest_waits(server, token, seconds):
    """The longest waits for /live and for a list in so many seconds."""
    ends, live, listed = time.monotonic() + seconds, [], []
    while time.monotonic() < ends:
        live.append(seconds_of(server, "/live", token))
        listed.append(seconds_of(server, "/users?limit=10", token))
        time.sleep(0.1)
    return max(live), max(listed)


@pytest.mark.whole
def test_nor_do_they_for_a_minute_before_what_make_run_starts(transactional_db, salon, tmp_path):
    server, token = Gunicorn({}), token_for(salon.staff)
    server.port = free_port()
    environment = environment_of_tests() | {"CLIENTLINE_DATA": str(tmp_path), "PORT": str(server.port)}
    command = [sys.executable, "manage.py", "up", "--demo"]
    process = subprocess.Popen(command, cwd=PROJECT, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
    try:
        read_until(process, "Ctrl-C stops it.")
        with idle(server, silent=200, half_sent=64):
            live, listed = longest_waits(server, token, 60)
    finally:
        process.terminate()
        process.wait()
    assert (live < 1, listed < 2) == (True, True), (live, listed)


@pytest.fixture(scope="module")
def lasting_small_server(django_db_setup, django_db_blocker):
    few = ("--max-requests=20", "--worker-connections=20")
    with worker_with(django_db_blocker.unblock, *few, PATIENCE=LONG) as server:
        yield server


@pytest.fixture
def small_server(lasting_small_server, transactional_db):
    """A server of few places, whose worker gives way after a few requests; the last test of this file ends it."""
    return lasting_small_server


def test_of_bodies_that_are_too_much_together_the_slowest_ends_and_no_other(small_server, salon):
    """A worker keeps at most 64 MiB of what is on its way in; one upload may be 10 MB."""
    upload = b"POST /admin/clients/import/ HTTP/1.1\r\n" + HEAD + b"Content-Length: 10000000\r\n\r\n" + b"x" * 9_000_000
    before = read_peak(small_server)
    with ExitStack() as stack:
        slowest, *others = [stack.enter_context(connect(small_server)) for _ in range(8)]
        for sender in (slowest, *others[:-1]):
            sender.sendall(upload)
        ask(small_server, "/users?limit=10", token_for(salon.staff))
        assert not has_ended_by_now(slowest)
        others[-1].sendall(upload)
        assert answer_on(slowest)[0] == 503
        assert [has_ended_by_now(sender) for sender in others] == [False] * 7
        assert read_peak(small_server) - before < 120_000_000


def has_ended_by_now(sender):
    sender.setblocking(False)
    try:
        return has_ended(sender)
    finally:
        sender.settimeout(20)


def read_peak(server):
    """The most bytes of memory that a worker of the server has had at once."""
    peaks = [Path(f"/proc/{pid}/status").read_text() for pid in server.workers]
    return max(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) * 1024 for text in peaks)


def test_who_keeps_a_half_open_holds_nobody_up(patient_worker, salon):
    token = token_for(salon.staff)
    with ExitStack() as stack:
        senders = [stack.enter_context(connect(patient_worker)) for _ in range(20)]
        for sender in senders:
            sender.sendall(LIVE.replace(HEAD, HEAD + b"Connection: close\r\n"))
            assert answer_on(sender)[0] == 200  # and the connection stays, on this side
        for sender in senders:
            sender.sendall(b"x")  # which the server would refuse of one that it has given up
        for path in ("/live", "/users?limit=10"):
            ask(patient_worker, path, token)
        assert [sender.recv(1) for sender in senders] == [b""] * 20


def test_who_takes_no_answer_frees_the_thread(one_worker, salon):
    User.objects.bulk_create(
        User(organization=salon.organization, name="x" * 90, email=f"{n}@many.example", role="client")
        for n in range(900)
    )
    token = token_for(salon.admin)
    with ExitStack() as stack:
        readers = [stack.enter_context(connect_narrowly(one_worker)) for _ in range(4)]
        for reader in readers:
            reader.sendall(request("GET", "/users?limit=1000", token))
        for reader in readers:
            assert reader.recv(1, socket.MSG_PEEK) == b"H"  # a thread has begun to write, and waits for room
        # They hold all threads. In which order, and not how soon: without an end of their waiting this would time out.
        ask(one_worker, "/users?limit=10", token)
        assert any([is_cut_short(reader) for reader in readers])  # the others may be read before their time is over


def is_cut_short(reader):
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)  # else reading takes a second
    try:
        answer_on(reader)
    except (http.client.IncompleteRead, ConnectionResetError):
        return True
    return False


def connect_narrowly(server):
    """A connection that takes no more than some 100 KB on its way: more has to wait until it is read."""
    reader = socket.socket()
    reader.settimeout(20)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # by which the other side sizes what it buffers
    reader.connect(("127.0.0.1", server.port))
    return reader


# How it stops


class Sender:
    """A connection that came so many seconds ago and has sent something or nothing."""

    def __init__(self, ago, data=b""):
        self.since, self.timeout, self.arrival = -ago, 10 - ago, SimpleNamespace(data=data)


def test_who_has_just_come_as_a_worker_stops_may_still_send():
    new, silent, half = Sender(0.4), Sender(0.6), Sender(3, b"GET")
    stopping = SimpleNamespace(arriving=dict.fromkeys((new, silent, half)), cut=[])
    stopping.cut_off = stopping.cut.append
    worker.Worker.hurry(stopping, 0)
    assert stopping.cut == [silent]
    assert [each.timeout for each in (new, half)] == [2, 2]


def test_a_worker_whose_places_are_taken_gives_way_after_its_number_and_stops_at_once(small_server):
    server = small_server
    with ExitStack() as stack:
        for sent in [b""] * 30 + HALF_SENT[:2]:
            stack.enter_context(connect(server)).sendall(sent)
        so_far = len(server.workers)
        statuses = [server.ask("GET", path).status for _ in range(15) for path in ("/live", "/")]
        assert (statuses, len(server.workers) - so_far) == ([200] * 30, 1)
        for sent in [b""] * 30 + HALF_SENT[:2]:
            stack.enter_context(connect(server)).sendall(sent)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=gunicorn_conf.graceful_timeout - 5) == 0  # for none of them
