"""A cluster on this machine: three nodes of etcd and PostgreSQL under Patroni, HAProxy before them, all on loopback.

The same templates fill its files as fill those of three machines. It is there to be broken: nodes are killed, frozen,
switched over and healed, and what was acknowledged must still be there.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.sql import SQL, Literal

from clientline.cells.hosts import Deployment, Host, fill_files
from clientline.cells.members import Member, do_follow_one
from clientline.cells.network import Network
from clientline.postgres import launcher
from clientline.postgres.binaries import find_binaries

NOBODY = 65534
PATH = f"/usr/local/bin:{os.defpath}:/usr/sbin"
PACKAGES = {"etcd": "etcd-server", "haproxy": "haproxy"}
OLDEST_PATRONI = (4, 1)
PATIENCE = 90  # seconds for the cluster to come up, or to heal
NODES = ("n1", "n2", "n3")
ASKING = 2  # seconds, for one whose cable is out
STOPPING = 20  # seconds for a program to end that was asked to


class RehearsalFailed(Exception):
    """What did not come about, in a sentence that names the log to look into."""


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


def find_free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def plan_rehearsal(data: Path, programs: Path, network: Network | None) -> Deployment:
    """Three nodes: on free ports of loopback, or with an address each on the network."""
    ports = iter(find_free_ports(14))
    if network:
        hosts = tuple(Host(name, address) for name, address in network.addresses.items())
    else:
        # Four each: etcd, its peers, Patroni, PostgreSQL.
        hosts = tuple(Host(name, "127.0.0.1", *(next(ports) for _ in range(4))) for name in NODES)
    return Deployment(
        hosts=hosts,
        bin_dir=str(find_binaries()),
        data_dir=str(data),
        programs=str(programs),
        network=network.mask if network else "127.0.0.1/32",
        writes_port=next(ports),
        reads_port=next(ports),
        shared_buffers="64MB",
        watchdog="off",
        archive_command="/bin/true",  # a rehearsal is thrown away; `true` alone is no text in YAML
    )


class Rehearsal:
    """The running programs of such a cluster. Use as a context manager, or call `stop`."""

    def __init__(self, data: Path, programs: Path, network: Network | None = None) -> None:
        refuse_old_patroni(programs)
        self.data, self.programs, self.network = data, programs, network
        self.deployment = plan_rehearsal(data, programs, network)
        self.running: dict[str, subprocess.Popen] = {}
        self.logs: list = []

    def __enter__(self) -> "Rehearsal":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Starting and stopping

    def start(self) -> None:
        """Bring up all nodes and the proxy, and make the application's role and database."""
        for host in self.deployment.hosts:
            self._write_files(host)
        for host in self.deployment.hosts:
            self._start_etcd(host)
        for host in self.deployment.hosts:
            self._start_patroni(host)
        self._start_proxy()
        self.wait_until(self.is_whole, "three nodes, one of them leading and one in step with it")
        self._make_database()

    def stop(self) -> None:
        """End everything at once; the files stay for who wants to look, and nobody starts from them again."""
        for host in self.deployment.hosts:
            self._kill(f"{host.name}-patroni")  # before it starts again what ends now
            self._end_postgres(host)
        for name in list(self.running):
            self._kill(name)
        for log in self.logs:
            log.close()

    def _home(self, host: Host) -> Path:
        return self.data / host.name

    def _write_files(self, host: Host) -> None:
        home = self._home(host)
        for directory in (home, home / "etcd", home / "socket"):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in fill_files(replace(self.deployment, data_dir=str(home)), host).items():
            (home / name).write_text(text)
            (home / name).chmod(0o600)

    def _run(self, name: str, *command: str | Path) -> None:
        log = (self.data / f"{name}.log").open("ab")
        self.logs.append(log)
        environment = {"PATH": PATH, "HOME": str(self.data), "LC_ALL": "C.UTF-8"}
        # PostgreSQL refuses root; where root started all of this, it is somebody else in a namespace.
        identity = "caller" if os.geteuid() else f"namespace:{NOBODY}:{NOBODY}"
        become = [sys.executable, "-I", "-S", launcher.__file__, identity, self.data, ""]
        node = name.partition("-")[0]
        if self.network and node in self.network.addresses:
            become = [*self.network.enter(node), *become]
        self.running[name] = subprocess.Popen(
            [str(word) for word in (*become, *command)],
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )

    def _start_etcd(self, host: Host) -> None:
        self._run(f"{host.name}-etcd", find_program("etcd"), "--config-file", self._home(host) / "etcd.yml")

    def _start_patroni(self, host: Host) -> None:
        self._run(f"{host.name}-patroni", self.programs / "patroni", self._home(host) / "patroni.yml")

    def _start_proxy(self) -> None:
        self._run("haproxy", find_program("haproxy"), "-db", "-f", self._home(self.deployment.hosts[0]) / "haproxy.cfg")

    def _kill(self, name: str) -> None:
        if program := self.running.pop(name, None):
            program.kill()
            program.wait()

    def _end_postgres(self, host: Host) -> None:
        if self._kill_postgres(host, signal.SIGQUIT):
            socket_lock = self._home(host) / "socket" / f".s.PGSQL.{host.postgres_port}.lock"  # goes last
            deadline = time.monotonic() + STOPPING
            while socket_lock.exists() and time.monotonic() < deadline:
                time.sleep(0.05)

    def _kill_postgres(self, host: Host, ending: signal.Signals) -> bool:
        """Whether there was a server to send this to."""
        try:
            os.kill(self._read_postmaster(host), ending)
        except (OSError, ValueError, IndexError):
            return False
        return True

    def _read_postmaster(self, host: Host) -> int:
        return int((self._home(host) / "postgres" / "postmaster.pid").read_text().split()[0])

    # Faults

    def kill(self, name: str) -> None:
        """The whole node at once, as when its power goes."""
        host = self.find(name)
        for program in (f"{name}-patroni", f"{name}-etcd"):
            self._kill(program)
        self._kill_postgres(host, signal.SIGKILL)

    def kill_postgres(self, name: str) -> None:
        """PostgreSQL alone; Patroni lives and has to notice."""
        if not self._kill_postgres(self.find(name), signal.SIGKILL):
            raise RehearsalFailed(f"No PostgreSQL runs on {name}.")

    def freeze(self, name: str) -> None:
        """PostgreSQL and Patroni of the node neither answer nor end: a machine that hangs, a cable that is out."""
        self._signal_node(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal_node(name, signal.SIGCONT)

    def _signal_node(self, name: str, meaning: signal.Signals) -> None:
        host = self.find(name)
        server = self._read_postmaster(host)
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for process in (server, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, meaning)
        self.running[f"{name}-patroni"].send_signal(meaning)

    def cut(self, name: str) -> None:
        """Its cable is out: it goes on by itself, and nobody hears of it. Raises RehearsalFailed without a network."""
        self._find_network().cut(self.find(name).name)

    def mend(self, name: str) -> None:
        self._find_network().mend(self.find(name).name)

    def part(self, name: str) -> None:
        """It and the other two nodes lose sight of each other; callers see all three. RehearsalFailed as above."""
        self._find_network().part(self.find(name).name)

    def join(self, name: str) -> None:
        self._find_network().join(self.find(name).name)

    def _find_network(self) -> Network:
        if self.network is None:
            raise RehearsalFailed("Only root on Linux can cut cables.")
        return self.network

    def freeze_etcd(self) -> None:
        for host in self.deployment.hosts:
            self.running[f"{host.name}-etcd"].send_signal(signal.SIGSTOP)

    def thaw_etcd(self) -> None:
        for host in self.deployment.hosts:
            self.running[f"{host.name}-etcd"].send_signal(signal.SIGCONT)

    def switch_over(self) -> None:
        """Let a standby that is in step lead from now on. Returns once one does."""
        leader = self.find_leader()
        self.wait_until(self._is_switched_over, "a standby that is in step")
        self.wait_until(lambda: self.find_leader() not in (None, leader), "another leader")

    def _is_switched_over(self) -> bool:
        # It ends with 0 also where no standby is in step yet after the last fault.
        file = self._home(self.deployment.hosts[0]) / "patroni.yml"
        command = [self.programs / "patronictl", "-c", file, "switchover", "--force"]
        return "Successfully switched over" in subprocess.run(command, capture_output=True, text=True).stdout

    def heal(self) -> None:
        """Start what is not running. Returns once all nodes follow one leader."""
        for host in self.deployment.hosts:
            if f"{host.name}-etcd" not in self.running:
                self._start_etcd(host)
            if f"{host.name}-patroni" not in self.running:
                self._start_patroni(host)
        self.wait_until(lambda: self.is_whole() and self.takes_writes(), "three nodes that follow one leader")

    # Looking

    def find(self, name: str) -> Host:
        for host in self.deployment.hosts:
            if host.name == name:
                return host
        raise RehearsalFailed(f"There is no node {name}: they are n1, n2 and n3.")

    def list_members(self) -> list[Member]:
        """As the first Patroni that answers tells it; [] where none does."""
        views = (self.list_members_as(host) for host in self.deployment.hosts if f"{host.name}-patroni" in self.running)
        return next(filter(None, views), [])

    def list_members_as(self, host: Host) -> list[Member]:
        """As a node's own Patroni tells it; [] where it does not answer."""
        with suppress(OSError, ValueError):
            return [Member.read(each) for each in self._ask_patroni(host, "/cluster")["members"]]
        return []

    def _ask_patroni(self, host: Host, path: str) -> dict:
        with urlopen(f"http://{host.address}:{host.patroni_port}{path}", timeout=ASKING) as answer:
            return json.load(answer)

    def find_leader(self) -> str | None:
        leading = [each.name for each in self.list_members() if each.role == "leader" and each.state == "running"]
        return leading[0] if leading else None

    def find_etcd_leader(self) -> str | None:
        """Which node's etcd leads, by whichever answers."""
        for host in self.deployment.hosts:
            with suppress(OSError, ValueError):
                told = self._ask_etcd(host, "maintenance/status")
                members = self._ask_etcd(host, "cluster/member/list")["members"]
                return next((each["name"] for each in members if each["ID"] == told.get("leader")), None)
        return None

    def _ask_etcd(self, host: Host, path: str) -> dict:
        with urlopen(f"http://{host.address}:{host.etcd_port}/v3/{path}", b"{}", timeout=ASKING) as answer:
            return json.load(answer)

    def is_whole(self) -> bool:
        """Each node is asked, as one that was cut off has an old view for a while."""
        views = [self.list_members_as(host) for host in self.deployment.hosts]
        leaders = {each.name for view in views for each in view if each.role == "leader"}
        return len(leaders) == 1 and all(len(view) == len(views) and do_follow_one(view) for view in views)

    def takes_writes(self) -> bool:
        """Whether the proxy leads to a leader."""
        with suppress(psycopg.Error), psycopg.connect(self.write_url(), connect_timeout=ASKING) as link:
            return link.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        return False

    def wait_until(self, is_so: Callable[[], bool], wanted: str) -> float:
        """Seconds until it is so. Raises RehearsalFailed after PATIENCE."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > PATIENCE:
                raise RehearsalFailed(f"After {PATIENCE} s there are not {wanted}; the logs are in {self.data}.")
            time.sleep(0.2)
        return time.monotonic() - began

    # The database

    def write_url(self, host: str = "127.0.0.1", port: int | None = None) -> str:
        """For DATABASE_URL: the database behind the proxy, where whoever leads answers."""
        port = port or self.deployment.writes_port
        return f"postgres://clientline:{self.deployment.passwords['application_password']}@{host}:{port}/clientline"

    def write_replica_url(self) -> str:
        """For DATABASE_REPLICA_URL: whoever follows closely."""
        return self.write_url(port=self.deployment.reads_port)

    def list_nodes(self) -> Iterator[tuple[str, str]]:
        """(name, address of its own database) of each node."""
        for host in self.deployment.hosts:
            yield host.name, self.write_url(host.address, host.postgres_port)

    def connect_superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.deployment.writes_port,
            user="postgres",
            password=self.deployment.passwords["superuser_password"],
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _make_database(self) -> None:
        password = Literal(self.deployment.passwords["application_password"])
        self.wait_until(self._answers, "a database behind the proxy")
        with self.connect_superuser() as connection:
            connection.execute(
                SQL("CREATE ROLE clientline LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD {}").format(password)
            )
            connection.execute("GRANT pg_monitor TO clientline")  # for `cluster_status`
            connection.execute("CREATE DATABASE clientline OWNER clientline")

    def _answers(self) -> bool:
        try:
            with self.connect_superuser() as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        except psycopg.Error:
            return False
