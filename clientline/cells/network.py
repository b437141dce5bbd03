"""Cables on this machine that can be pulled: a namespace for each node, and a bridge between them. Only root may."""

import os
import shutil
import subprocess
from contextlib import suppress

PATH = f"{os.defpath}:/usr/sbin:/sbin"


def may_make_networks() -> bool:
    """Whether this is root on a Linux that lets it."""
    if os.geteuid() or not shutil.which("ip", path=PATH):
        return False
    probe = f"clprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], env={"PATH": PATH}, capture_output=True)
    subprocess.run(["ip", "netns", "del", probe], env={"PATH": PATH}, capture_output=True)
    return made.returncode == 0


class Network:
    """One cable for each name. Use as a context manager."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.tag = f"cl{os.getpid() % 100_000}"  # with a node's name it has to fit into fifteen letters
        self.subnet = f"10.77.{os.getpid() % 250 + 1}"
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
        for name in self.addresses:
            with suppress(subprocess.CalledProcessError):
                _run_ip("netns", "del", self._space(name))  # and the cable's end in it, and so the cable
        with suppress(subprocess.CalledProcessError):
            _run_ip("link", "del", self.tag)

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


def _run_ip(*words: str) -> None:
    subprocess.run(["ip", *words], env={"PATH": PATH}, check=True, capture_output=True)
