"""What a rehearsal needs of this machine: programs of Debian's, Patroni, ports, and somebody who is not root."""

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from clientline.postgres import launcher

NOBODY = 65534
PATH = f"/usr/local/bin:{os.defpath}:/usr/sbin:/sbin"
PACKAGES = {"etcd": "etcd-server", "haproxy": "haproxy"}
OLDEST_PATRONI = (4, 1)
PORTS = range(10_000, 65_536)
GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def refuse_old_patroni(programs: Path) -> None:
    """Raises ImproperlyConfigured for a Patroni that loses what was acknowledged, and where there is none."""
    try:
        told = subprocess.run([programs / "patroni", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImproperlyConfigured(f"No Patroni in {programs}: `make cluster` installs the pinned one.") from error
    version = told.split()[-1]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PATRONI:
        raise ImproperlyConfigured(
            f"Patroni {version} lets a primary that was cut off put its leader key back, and what it acknowledged "
            "then is lost: use 4.1 or newer, which requirements-cluster.txt pins."
        )


def find_program(name: str) -> str:
    """The path of a program of Debian's. Raises ImproperlyConfigured that names its package."""
    if found := shutil.which(name, path=PATH):
        return found
    raise ImproperlyConfigured(f"There is no {name}: apt install {PACKAGES[name]}.")


def fetch_programs(say: Callable[[str], object]) -> None:
    """Debian's packages, where this is root on a Debian. Raises ImproperlyConfigured that names what is missing."""
    missing = [package for name, package in PACKAGES.items() if not shutil.which(name, path=PATH)]
    installer = shutil.which("apt-get", path=PATH)
    if missing and (os.geteuid() or not installer):
        raise ImproperlyConfigured(f"A cluster needs more of Debian: apt install {' '.join(missing)}.")
    if missing:
        say(f"Installing {' and '.join(missing)} ...")
        _fetch(str(installer), missing)


def _fetch(installer: str, packages: list[str]) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = [installer, "install", "-y", "-q", "--no-install-recommends", *packages]
    done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        words = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise ImproperlyConfigured(f"apt could not install {' '.join(packages)}: {words}")


def choose_identity() -> str:
    """Who the programs run as, in the launcher's words: PostgreSQL refuses root. Raises ImproperlyConfigured."""
    if os.geteuid():
        return "caller"
    identity = f"namespace:{NOBODY}:{NOBODY}"  # where root started all of this, it is somebody else in there
    if subprocess.run([*become(identity, Path("/")), "/bin/true"], capture_output=True).returncode:
        raise ImproperlyConfigured("Root may not open user namespaces here, and PostgreSQL refuses root: be another.")
    return identity


def become(identity: str, directory: Path) -> list[str]:
    """What stands before a command that runs as this one, and works in the directory."""
    return [sys.executable, "-I", "-S", launcher.__file__, identity, str(directory), ""]


def find_free_ports(count: int) -> list[int]:
    """None of those that whoever connects is given: they stay free while their programs are down."""
    return list(islice(_list_free_ports(), count))


def _list_free_ports() -> Iterator[int]:
    lowest, highest = map(int, GIVEN.read_text().split()) if GIVEN.exists() else (49_152, 65_535)
    kept, given = [], []
    for port in random.sample(PORTS, len(PORTS)):
        (given if lowest <= port <= highest else kept).append(port)
    return filter(_is_free, (*kept, *given))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
