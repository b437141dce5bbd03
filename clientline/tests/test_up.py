"""`manage.py up` as a person sees it: what it says, what it serves, what it leaves."""

import gc
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve

from clientline import gunicorn_conf, zones
from clientline.command_line import run
from clientline.management.commands import up
from clientline.postgres.cluster import Cluster
from clientline.tests.first_start import free_port, read_until, start, stop
from clientline.web.worker import Worker
from organizations.models import Organization

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def data(first, tmp_path):
    """Where the database and the static files are in place already."""
    yield shutil.copytree(first.copy, tmp_path / "var")
    Cluster(tmp_path / "var").stop()


def test_the_first_start_shows_its_progress(first):
    steps = ["Creating a PostgreSQL database in", "Applying accounts.0001_initial... OK", "Collecting static files"]
    assert sorted(steps, key=first.said.index) == steps
    assert "The database has no organization yet." in first.said


def test_the_addresses_of_admin_and_docs_are_told_and_true(first):
    addresses = dict(re.findall(r"^  (\w+) +http://127\.0\.0\.1:\d+(\S+)$", first.said, re.MULTILINE))
    assert addresses == {"Admin": "/admin/", "Docs": "/docs"}
    assert [resolve(path).view_name for path in addresses.values()] == ["admin:index", "docs"]


def test_pages_and_static_files_are_served(first):
    assert first.health["status"] == "ok"
    assert first.static.startswith("text/css")


def test_what_debuggers_read_of_scripts_is_not_collected(first):
    scripts = first.data / "static" / "drf_spectacular_sidecar" / "redoc" / "bundles"
    assert {path.name for path in scripts.iterdir()} >= {"redoc.standalone.js", "redoc.standalone.js.gz"}
    assert list(first.data.joinpath("static").rglob("*.map*")) == []


def test_ctrl_c_ends_all_but_the_database_and_says_so(first):
    assert first.farewell.endswith("\nClientLine is stopped. PostgreSQL keeps running; `manage.py db stop` stops it.\n")
    assert first.code == 0


@pytest.mark.whole  # below, one in this process says as much
def test_a_second_start_only_serves(data, port):
    Cluster(data).ensure_running()
    process = start(data, port)
    said = read_until(process, "ClientLine serves on")
    assert f"time zone rules of {zones.RULES}" in read_until(process, "Ctrl-C")
    assert not re.search("Creating|Starting|Applying|Collecting", said)
    stop(process, signal.SIGTERM)
    assert Cluster(data).status().running
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.whole  # as is the demo's, below
def test_a_stopped_database_is_started(data, port):
    Cluster(data).stop()
    process = start(data, port)
    assert "Starting PostgreSQL ...\n" in read_until(process, "ClientLine serves on")
    stop(process)


def find_workers(data, but=()):
    """The processes of other servers than `but` that have told the database of data that they work; waits for one."""
    address = {"host": str(Cluster(data).ensure_running()), "port": 5432, "user": "clientline", "dbname": "clientline"}
    with psycopg.connect(**address, autocommit=True) as link:
        deadline = time.monotonic() + 30
        while True:
            found = {number for (number,) in link.execute("SELECT id FROM procrastinate_workers")}
            if found - set(but):
                return found
            assert time.monotonic() < deadline, "nobody works"
            time.sleep(0.1)


def list_children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_demo_fills_an_empty_database(first_demo):
    assert "Starting PostgreSQL ...\n" in first_demo.said
    assert re.search(r"\S+@\S+", first_demo.said)
    assert "The database has no organization yet" not in first_demo.said


def test_a_start_that_has_nothing_to_do_says_and_fills_nothing(salon, settings, tmp_path, capsys):
    settings.EMBEDDED_DATA, settings.STATIC_ROOT = None, tmp_path
    (tmp_path / ".collected").write_text(up.fingerprint_static_files())
    call_command("rezone", if_new_rules=True)
    capsys.readouterr()
    for asked in ("en", None):
        up.Command().prepare(asked)
    assert capsys.readouterr() == ("", "")
    assert Organization.objects.count() == 2


@pytest.mark.whole  # above, the same is asked of what it does
def test_what_cannot_be_done_apart_is_told_there_and_ends_the_start(capfd):
    with pytest.raises(SystemExit) as ended:
        up.run_apart("seed_demo", "--language=xx")
    assert (ended.value.code, "argument --language: invalid choice" in capfd.readouterr().err) == (2, True)


@pytest.mark.whole  # above, the same is asked of what a start does
def test_the_demo_is_filled_once(second_demo):
    assert not re.search("@|Creating|Starting|Applying|Collecting", second_demo.said)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_worker_is_kept_beside_the_server(first_demo):
    before = find_workers(first_demo.data)
    keeper = next(child for child in list_children(first_demo.process.pid) if len(list_children(child)) == 1)
    (worker,) = list_children(keeper)
    os.kill(worker, signal.SIGKILL)
    find_workers(first_demo.data, but=before)
    assert list_children(keeper) != [worker]
    first_demo.process.terminate()  # it alone, not the group
    said = first_demo.process.communicate(timeout=120)[0]  # whoever still lived could still say something
    assert "The worker ended, and is started again." in said


def test_a_taken_port_is_one_sentence_and_starts_nothing(settings, tmp_path, capsys):
    settings.DATA_DIR = settings.EMBEDDED_DATA = tmp_path
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings.HOST, settings.PORT = taken.getsockname()
        with pytest.raises(SystemExit) as ended:
            run(["manage.py", "up"])
    assert capsys.readouterr() == (
        "",
        f"CommandError: Cannot listen on 127.0.0.1:{settings.PORT} (Address already in use): "
        "end what listens there, or set HOST and PORT to a free address.\n",
    )
    assert ended.value.code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_foreign_address_is_refused(host):
    with pytest.raises(CommandError, match=f"^Cannot listen on {re.escape(host)}:8000"):
        up.listen(host, 8000)


def test_a_changed_static_file_is_collected_again(settings, tmp_path):
    settings.STATICFILES_DIRS = [tmp_path]
    before = up.fingerprint_static_files()
    assert up.fingerprint_static_files() == before
    (tmp_path / "new.css").write_text("a {}")
    assert up.fingerprint_static_files() != before


def test_gunicorn_keeps_its_control_socket_shut_and_limits_requests():
    known = up.Server(up.Command()).cfg
    assert known.control_socket_disable
    assert known.preload_app
    assert known.worker_class is Worker
    assert known.accesslog is None
    assert (known.limit_request_line, known.limit_request_fields) == (4094, 64)
    assert known.bind == [gunicorn_conf.bind]


def test_workers_share_what_is_loaded_as_under_gunicorn(capsys, monkeypatch):
    monkeypatch.setattr(gc, "collect", lambda: 0)  # all that the tests hold, which is dear
    server = up.Server(up.Command())
    server.command.needs = []
    try:
        server.cfg.when_ready(server)
        assert gc.get_freeze_count() > 100_000  # objects; a worker's collections would write into each
    finally:
        gc.unfreeze()
    assert "ClientLine serves on" in capsys.readouterr().out
