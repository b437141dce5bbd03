"""The words of `make cluster`, each with what it does to a rehearsal; a real one is broken by the suite of faults."""

import os
from io import StringIO
from unittest.mock import Mock, call

import pytest
from django.core.management import CommandError

from clientline.cells.leftovers import hold
from clientline.cells.management.commands.rehearse_cluster import Command


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


def test_two_do_not_share_a_directory(command, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    directory = tmp_path / "rehearsal"
    directory.mkdir()
    held = hold(directory)
    with pytest.raises(CommandError, match=r"A rehearsal runs in .*/rehearsal: end that one first\.$"):
        command.make_directory()
    os.close(held)
