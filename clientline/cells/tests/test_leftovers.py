"""A rehearsal that was killed leaves programs, files and cables; the next one ends what is nobody's any more."""

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from appointments.tests.load import wait_until
from clientline.cells import network
from clientline.cells.leftovers import find_programs, hold, purge, sweep
from clientline.cells.network import TAG, Network, forget_networks, may_make_networks

LONG_AGO = (0, 0)


@contextmanager
def at_work(directory, *, own_data=None, before=()):
    """A program that works there, or keeps its own data there, until it is ended."""
    place, variables = ("/", {"CLIENTLINE_DATA": str(own_data)}) if own_data else (directory, {})
    program = subprocess.Popen([*before, "sleep", "600"], cwd=place, env=os.environ | variables)
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def make(parent, name):
    directory = parent / name
    (directory / "n1").mkdir(parents=True)
    os.utime(directory, LONG_AGO)
    return directory


def test_what_works_or_keeps_its_data_there_is_found(tmp_path):
    left, beside = make(tmp_path, "left"), make(tmp_path, "left over")
    with at_work(left / "n1") as one, at_work(beside, own_data=left / "web") as other, at_work(beside):
        assert set(find_programs(left)) == {one.pid, other.pid}


def test_only_what_nobody_holds_is_swept(tmp_path):
    left, used, other = (make(tmp_path, name) for name in ("cluster-left", "cluster-used", "other"))
    held = hold(used)
    fresh = tmp_path / "cluster-fresh"  # about to be held
    fresh.mkdir()
    os.utime(fresh, (time.time(), time.time()))  # by our clock, which may be shifted: files have the machine's
    with at_work(left / "n1") as ended, at_work(used) as running:
        sweep(tmp_path, "cluster-")
        assert ended.wait(10) == -9
        assert running.poll() is None
    assert sorted(tmp_path.iterdir()) == [fresh, used, other]
    with pytest.raises(BlockingIOError):
        purge(used)
    os.close(held)
    purge(used)
    assert sorted(tmp_path.iterdir()) == [fresh, other]


@pytest.fixture
def networks():
    if not may_make_networks():
        pytest.skip("only root on Linux can make networks")


def list_tags():
    return set(network.OURS.findall(network._run_ip("-o", "link", "show", "type", "bridge")))


@contextmanager
def make_network(owner):
    """As the process of this number makes it."""
    made = Network(("n1", "n2"))
    made.tag = f"{TAG}{owner}"
    with made:
        yield made


def find_gone():
    program = subprocess.Popen(["true"])
    program.wait()
    return program.pid


@pytest.mark.sweep
def test_cables_of_who_is_gone_are_forgotten_with_what_runs_at_them(networks):
    gone, here = find_gone(), os.getppid()
    with make_network(gone) as left, make_network(here) as used:
        assert left.subnet != used.subnet
        with (
            at_work(Path("/"), before=left.enter("n1")) as ended,
            at_work(Path("/"), before=used.enter("n1")) as running,
        ):
            subprocess.run([*left.enter("n1"), "true"], check=True)
            forget_networks()
            assert ended.wait(10) == -9
            assert running.poll() is None
        assert list_tags() & {str(gone), str(here)} == {str(here)}
        assert used.carries("n1", "n2")


@pytest.mark.sweep
def test_a_cable_that_is_cut_carries_nothing(networks, monkeypatch):
    monkeypatch.setattr(network, "LONGEST_CALL", 0.2)
    with make_network(os.getppid()) as made:
        made.cut("n2")
        assert not made.carries("n1", "n2")
        made.mend("n2")
        wait_until(lambda: made.carries("n1", "n2"))
