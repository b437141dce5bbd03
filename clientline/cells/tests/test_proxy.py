"""HAProxy with its filled file, before a Patroni and a PostgreSQL that say what they are told to."""

import json
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured

from clientline.cells.hosts import TEMPLATES, Host, fill_files, read_deployment
from clientline.cells.machine import find_free_ports, find_program

pytestmark = pytest.mark.cluster
PATIENCE = 30  # seconds


class Patroni(BaseHTTPRequestHandler):
    """It has the lock: so 200, whatever its PostgreSQL is meanwhile."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"state": "running", "role": self.server.role, "timeline": 1}).encode())

    def log_message(self, *words):
        pass


@pytest.fixture
def patroni():
    with ThreadingHTTPServer(("127.0.0.1", 0), Patroni) as server:
        server.role = "replica"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def writes_port(patroni, tmp_path):
    try:
        program = find_program("haproxy")
    except ImproperlyConfigured as missing:
        pytest.skip(str(missing))
    writes, reads = find_free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as postgres:
        host = Host("n1", "127.0.0.1", patroni_port=patroni.server_port, postgres_port=postgres.getsockname()[1])
        table = replace(read_deployment(TEMPLATES / "hosts.toml"), hosts=(host,), writes_port=writes, reads_port=reads)
        (tmp_path / "haproxy.cfg").write_text(fill_files(table, host)["haproxy.cfg"])
        threading.Thread(target=greet, args=[postgres], daemon=True).start()
        with subprocess.Popen([program, "-db", "-f", tmp_path / "haproxy.cfg"], stderr=subprocess.DEVNULL) as proxy:
            yield writes
            proxy.kill()
        postgres.shutdown(socket.SHUT_RDWR)


def greet(server):
    with suppress(OSError):  # it is closed at the end
        while True:
            caller, _ = server.accept()
            caller.sendall(b"PostgreSQL")
            caller.close()


def is_led_on(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
        return caller.recv(10) == b"PostgreSQL"


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_who_has_the_lock_and_is_no_primary_yet_gets_no_writes(patroni, writes_port):
    """A standby before it is promoted, or who led, was stopped, and starts as a standby.

    HAProxy leads to everybody until it has asked, so each of these is noticed.
    """
    for role, leads in (("replica", False), ("primary", True), ("demoted", False)):
        patroni.role = role
        wait_until(lambda leads=leads: is_led_on(writes_port) == leads)
