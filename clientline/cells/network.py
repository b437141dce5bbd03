"""Cables on this machine that can be pulled: a namespace for each node, and a bridge between them. Only root may."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PATH = f"{os.defpath}:/usr/sbin:/sbin"
NOBODY_LISTENS = 9  # the port of a service that nobody has any more
LONGEST_CALL = 5.0  # seconds
CALL = f"""import socket, sys
with socket.socket() as probe:
    probe.settimeout(float(sys.argv[2]))
    sys.exit(probe.connect_ex((sys.argv[1], {NOBODY_LISTENS})) != {errno.ECONNREFUSED})"""
TAG = "clreh"
OURS = re.compile(rf"\b{TAG}(\d+)\b")


def may_make_networks() -> bool:
    """Whether this is root on a Linux that lets it, and what is sent through such a cable arrives."""
    if os.geteuid() or not shutil.which("ip", path=PATH):
        return False
    with suppress(subprocess.CalledProcessError), Network(("p1", "p2")) as probe:
        return probe.carries("p1", "p2")
    return False


def forget_networks() -> None:
    """Those of processes that were killed, with what still runs in them."""
    if os.geteuid() or not shutil.which("ip", path=PATH):
        return
    told = _run_ip("netns", "list") + _run_ip("-o", "link", "show", "type", "bridge")
    for owner in {int(found[1]) for found in OURS.finditer(told)}:
        if owner == os.getpid() or not Path(f"/proc/{owner}").exists():
            _forget(f"{TAG}{owner}")


def _forget(tag: str) -> None:
    for space in re.findall(rf"^{tag}-\w+", _run_ip("netns", "list"), re.MULTILINE):
        with suppress(subprocess.CalledProcessError):
            for process in _run_ip("netns", "pids", space).split():
                with suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            _run_ip("netns", "del", space)  # and the cable's end in it, and so the cable
    with suppress(subprocess.CalledProcessError):
        _run_ip("link", "del", tag)


def _find_subnet() -> str:
    """One that nobody has here: a killed rehearsal may have left its own."""
    taken = _run_ip("-o", "-4", "address")
    numbers = ((os.getpid() + step) % 254 + 1 for step in range(254))
    return next(f"10.77.{number}" for number in numbers if f" 10.77.{number}." not in taken)


class Network:
    """One cable for each name. Use as a context manager."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.tag = f"{TAG}{os.getpid()}"  # with a node's name it has to fit into fifteen letters
        self.subnet = _find_subnet()
        self.addresses = {name: f"{self.subnet}.{number}" for number, name in enumerate(names, 11)}

    @property
    def mask(self) -> str:
        return f"{self.subnet}.0/24"

    def __enter__(self) -> "Network":
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _forget(self.tag)

    def _make(self) -> None:
        _run_ip("link", "add", self.tag, "type", "bridge")
        _run_ip("addr", "add", f"{self.subnet}.1/24", "dev", self.tag)
        _run_ip("link", "set", self.tag, "up")
        for name, address in self.addresses.items():
            space, cable = self._space(name), self._cable(name)
            _run_ip("netns", "add", space)
            _run_ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            _run_ip("link", "set", cable, "master", self.tag, "up")
            _run_ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
            _run_ip("-n", space, "link", "set", "eth0", "up")
            _run_ip("-n", space, "link", "set", "lo", "up")

    def _space(self, name: str) -> str:
        return f"{self.tag}-{name}"

    def _cable(self, name: str) -> str:
        return f"{self.tag}{name}"

    def enter(self, name: str) -> list[str]:
        """What stands before a command that runs there."""
        return [shutil.which("ip", path=PATH) or "ip", "netns", "exec", self._space(name)]

    def carries(self, one: str, other: str) -> bool:
        """Whether a node is reached from here and from another: rules of a firewall may drop what goes over bridges."""
        with socket.socket() as probe:
            probe.settimeout(LONGEST_CALL)
            if probe.connect_ex((self.addresses[other], NOBODY_LISTENS)) != errno.ECONNREFUSED:
                return False
        call = [*self.enter(one), sys.executable, "-I", "-S", "-c", CALL, self.addresses[other], str(LONGEST_CALL)]
        return subprocess.run(call, capture_output=True).returncode == 0

    def cut(self, name: str) -> None:
        """Pull its cable: what is sent is lost, and nobody is told."""
        _run_ip("link", "set", self._cable(name), "down")

    def mend(self, name: str) -> None:
        _run_ip("link", "set", self._cable(name), "up")

    def part(self, name: str) -> None:
        """It and the others hear nothing of each other any more; whoever calls them from here still reaches all."""
        self._change_routes("add", name)

    def join(self, name: str) -> None:
        self._change_routes("del", name)

    def _change_routes(self, change: str, name: str) -> None:
        for other in self.addresses.keys() - {name}:
            for one, two in ((name, other), (other, name)):
                _run_ip("-n", self._space(one), "route", change, "blackhole", f"{self.addresses[two]}/32")


def _run_ip(*words: str) -> str:
    return subprocess.run(["ip", *words], env={"PATH": PATH}, check=True, capture_output=True, text=True).stdout
