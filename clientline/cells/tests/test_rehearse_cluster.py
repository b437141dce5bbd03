"""The words of `make cluster`, each with what it does to a rehearsal; a real one is broken by the suite of faults."""

import os
import socket
import subprocess
from io import StringIO
from signal import SIGCONT, SIGSTOP
from unittest.mock import Mock, call

import pytest
from django.core.management import CommandError

from clientline.cells.leftovers import hold
from clientline.cells.load import Writer
from clientline.cells.management.commands.rehearse_cluster import Command
from clientline.cells.rehearsal import Rehearsal


@pytest.fixture
def command(monkeypatch):
    command = Command(stdout=StringIO())
    command.rehearsal = Mock()
    command.rehearsal.wait_for_leader.return_value = "n2"
    monkeypatch.setattr(command, "status", Mock())
    return command


KILLED_LEADER = [call.wait_for_leader(), call.kill("n2"), call.wait_for_leader(other_than="n2")]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("kill leader", KILLED_LEADER),
        ("kill", KILLED_LEADER),
        ("kill n3", [call.kill("n3"), call.wait_for_leader(other_than="n3")]),
        ("cut n1", [call.cut("n1")]),
        ("mend n1", [call.mend("n1")]),
        ("switchover", [call.switch_over()]),
        ("freeze", [call.freeze_etcd()]),
        ("thaw", [call.thaw_etcd()]),
        ("heal", [call.heal()]),
        ("status", []),
    ],
)
def test_a_word_does_one_thing_and_tells_how_it_is_then(command, line, expected):
    command.do(*line.split())
    assert command.rehearsal.mock_calls == expected
    assert command.status.call_count == 1


def test_what_is_no_word_is_answered_with_all_of_them(command):
    command.do("explode")
    assert command.rehearsal.mock_calls == []
    assert "kill NODE" in command.stdout.getvalue()


def test_ctrl_c_ends_a_wait_and_else_all_of_it(command, monkeypatch, settings, tmp_path):
    command.rehearsal.heal.side_effect = KeyboardInterrupt
    monkeypatch.setattr("sys.stdin", StringIO("heal\nthaw\nquit\nkill\n"))
    command.obey()
    assert command.rehearsal.mock_calls == [call.heal(), call.thaw_etcd()]
    assert "Nobody waits for that any more." in command.stdout.getvalue()
    settings.PORT, settings.DATA_DIR = 0, tmp_path  # any port that is free
    monkeypatch.setattr(f"{Command.__module__}.fetch_programs", Mock(side_effect=KeyboardInterrupt))
    command.handle(programs=None)


def test_two_do_not_share_a_directory(command, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    directory = tmp_path / "rehearsal"
    directory.mkdir()
    held = hold(directory)
    with pytest.raises(CommandError, match=r"A rehearsal runs in .*/rehearsal: end that one first\.$"):
        command.make_directory()
    os.close(held)


def test_a_port_at_which_somebody_answers_is_refused_before_anything_starts(settings, tmp_path):
    """Another demo would know the writer, and take in what is counted here."""
    settings.DATA_DIR = tmp_path
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match=r"^Cannot listen on 127\.0\.0\.1:\d+ "):
            Command(stdout=StringIO()).handle(programs=None)


def test_a_server_that_a_killed_rehearsal_left_is_ended_and_not_taken_for_anothers(settings, tmp_path, monkeypatch):
    settings.DATA_DIR, own = tmp_path, tmp_path / "rehearsal" / "web"
    own.mkdir(parents=True)
    monkeypatch.setenv("CLIENTLINE_DATA", str(own))
    with socket.create_server(("127.0.0.1", 0)) as port:
        settings.PORT = port.getsockname()[1]
        left = subprocess.Popen(["sleep", "600"], pass_fds=[port.fileno()])
    monkeypatch.delenv("CLIENTLINE_DATA")
    reached = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr(f"{Command.__module__}.fetch_programs", reached)
    try:
        Command(stdout=StringIO()).handle(programs=None)
        assert (left.wait(10), reached.call_count) == (-9, 1)
    finally:
        left.kill()
        left.wait()


@pytest.fixture
def rehearsal(tmp_path, monkeypatch):
    """Of which nothing runs but the etcd of n1."""
    for name in ("refuse_old_patroni", "choose_identity"):
        monkeypatch.setattr(f"clientline.cells.rehearsal.{name}", Mock())
    rehearsal = Rehearsal(tmp_path, tmp_path)
    rehearsal.running["n1-etcd"] = Mock()
    yield rehearsal
    os.close(rehearsal.held)


def test_what_was_killed_is_not_frozen(rehearsal):
    rehearsal.freeze_etcd()
    rehearsal.thaw_etcd()
    assert rehearsal.running["n1-etcd"].mock_calls == [call.send_signal(SIGSTOP), call.send_signal(SIGCONT)]


def test_who_waits_is_told_what_for(rehearsal, monkeypatch):
    told = []
    monkeypatch.setattr(rehearsal, "say", told.append)
    monkeypatch.setattr("clientline.cells.rehearsal.SILENCE", 0)
    looks = iter((False, False, True))
    rehearsal.wait_until(lambda: next(looks), "a leader")
    assert told == ["Waiting for a leader, for at most 180 s ..."]


def test_a_server_that_ended_is_not_waited_for(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    command, ended = Command(stdout=StringIO()), Mock()
    command.address = "http://127.0.0.1:1"
    ended.poll.return_value = 1
    with pytest.raises(CommandError, match=r"^Nobody answers on http://127\.0\.0\.1:1: see .*/rehearsal/web\.log\.$"):
        command.start_writer(ended)


def test_a_pause_that_is_not_over_is_told(monkeypatch):
    monkeypatch.setattr(Writer, "_write_on", Mock())
    writer = Writer("", "")
    writer.gap, writer.last = 2.0, writer.last - 30
    assert 30 <= writer.find_longest_pause() < 60


def test_its_reports_are_read_from_standbys(command, settings, tmp_path, monkeypatch):
    command.rehearsal.write_url.return_value, command.rehearsal.write_replica_url.return_value = "leads", "follows"
    started = Mock()
    monkeypatch.setattr(f"{Command.__module__}.subprocess.Popen", started)
    command.serve(tmp_path)
    told = started.call_args.kwargs["env"]
    assert (told["DATABASE_URL"], told["DATABASE_REPLICA_URL"]) == ("leads", "follows")
