"""The first start of all, once for a worker: four seconds of a processor, of which what it leaves can be copied."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

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
