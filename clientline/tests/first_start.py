"""The first start of all, once for a worker: four seconds of a processor, of which what it leaves can be copied."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import psycopg
import pytest
from django.conf import settings as project_settings

from clientline.postgres.cluster import Cluster


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(data, port, *arguments):
    own = {
        "CLIENTLINE_DATA": str(data),
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATABASE_URL": "",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=project_settings.BASE_DIR,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process, text):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def stop(process, number=signal.SIGINT):
    """End the whole group, as Ctrl-C in a terminal does; returns what is said last."""
    os.killpg(process.pid, number)
    return process.communicate(timeout=120)[0]


@pytest.fixture(scope="session")
def first():
    """What was said and served; `data` is for who starts again, `copy` is put where others want to begin."""
    with tempfile.TemporaryDirectory(prefix="client line ") as directory:
        data, port = Path(directory) / "var", free_port()
        process = start(data, port)
        said = read_until(process, "Ctrl-C stops it.")
        with urlopen(f"http://127.0.0.1:{port}/") as answer:
            health = json.load(answer)
        with urlopen(f"http://127.0.0.1:{port}/static/admin/css/base.css") as answer:
            static = answer.headers["Content-Type"]
        farewell, code = stop(process), process.returncode
        Cluster(data).stop()
        copy = shutil.copytree(data, Path(directory) / "copy")
        yield SimpleNamespace(
            data=data, copy=copy, said=said, health=health, static=static, farewell=farewell, code=code
        )
        Cluster(data).stop()


def wait_for_seals(data):
    """Until a worker has sealed what the history holds."""
    address = {"host": str(Cluster(data).ensure_running()), "port": 5432, "user": "clientline", "dbname": "clientline"}
    with psycopg.connect(**address, autocommit=True) as link:
        deadline = time.monotonic() + 30
        while link.execute("SELECT count(*) FROM seals").fetchone()[0] < 600:
            assert time.monotonic() < deadline, "nothing was sealed"
            time.sleep(0.1)


@contextmanager
def demo(data):
    """A start with the demo asked for: its process, and what it said until it served."""
    port = free_port()
    process = start(data, port, "--demo")
    said = read_until(process, "ClientLine serves on")
    read_until(process, "Operators need no second factor here, as REQUIRE_OPERATOR_SECOND_FACTOR is false.")
    yield SimpleNamespace(process=process, said=said, data=data, port=port)
    if process.poll() is None:
        stop(process)


@pytest.fixture(scope="session")
def first_demo(first):
    """The demo where the database is stopped and empty."""
    Cluster(first.data).stop()
    with demo(first.data) as found:
        wait_for_seals(first.data)
        yield found


@pytest.fixture
def second_demo(first_demo):
    """The demo's second start, beside the first."""
    with demo(first_demo.data) as found:
        yield found


@pytest.fixture
def served(first_demo):
    """The environment of a shell beside `make run`, with its address as BASE."""
    # A test before may have ended it.
    running = nullcontext(first_demo) if first_demo.process.poll() is None else demo(first_demo.data)
    with running as found:
        own = {"CLIENTLINE_DATA": str(found.data), "BASE": f"http://127.0.0.1:{found.port}"}
        yield {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "SECRET_KEY")} | own
