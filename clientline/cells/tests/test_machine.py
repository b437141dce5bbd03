"""What a rehearsal finds on a machine, or says that it lacks."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from clientline.cells import machine


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The directory in which programs are looked for, empty."""
    monkeypatch.setattr(machine, "PATH", str(tmp_path))
    return tmp_path


def write(program, *lines):
    program.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    program.chmod(0o755)


def test_all_packages_that_are_missing_are_named_at_once(programs, monkeypatch):
    write(programs / "apt-get")
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    with pytest.raises(ImproperlyConfigured, match=r"apt install etcd-server haproxy\.$"):
        machine.fetch_programs(print)
    write(programs / "haproxy")
    with pytest.raises(ImproperlyConfigured, match=r"apt install etcd-server\.$"):
        machine.fetch_programs(print)


def test_root_installs_them(programs, monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    with pytest.raises(ImproperlyConfigured, match="apt install etcd-server haproxy"):
        machine.fetch_programs(print)  # no Debian
    write(programs / "apt-get", f'echo "$@" > {programs}/asked', "echo E: no room", f"exec test -e {programs}/room")
    with pytest.raises(ImproperlyConfigured, match="apt could not install etcd-server haproxy: E: no room"):
        machine.fetch_programs(print)
    (programs / "room").touch()
    said = []
    machine.fetch_programs(said.append)
    assert said == ["Installing etcd-server and haproxy ..."]
    assert (programs / "asked").read_text().split()[-2:] == ["etcd-server", "haproxy"]


def test_who_has_all_installs_nothing(programs):
    for name in machine.PACKAGES:
        write(programs / name)
    machine.fetch_programs(pytest.fail)


@pytest.mark.parametrize(
    "given, expected", [("10100\t65535\n", range(10_000, 10_100)), ("10000 65000", range(65_001, 65_536))]
)
def test_ports_are_none_that_callers_are_given(tmp_path, monkeypatch, given, expected):
    monkeypatch.setattr(machine, "GIVEN", tmp_path / "range")
    machine.GIVEN.write_text(given)
    found = machine.find_free_ports(14)
    assert len({*found}) == 14
    assert {*found} <= {*expected}


def test_where_callers_are_given_all_ports_some_of_them_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "GIVEN", tmp_path / "range")
    machine.GIVEN.write_text("1024 65535")
    assert len({*machine.find_free_ports(14)}) == 14


def test_root_without_namespaces_is_told_so(monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "become", lambda identity, directory: ["false"])
    with pytest.raises(ImproperlyConfigured, match="Root may not open user namespaces here"):
        machine.choose_identity()
