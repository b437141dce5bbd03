"""A cluster on this machine: three nodes of etcd and PostgreSQL under Patroni, HAProxy before them, all on loopback.

The same templates fill its files as fill those of three machines. It is there to be broken: nodes are killed, frozen,
switched over and healed, and what was acknowledged must still be there.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
from psycopg.sql import SQL, Literal

from clientline.cells.etcd import ASKING, hand_over_elsewhere
from clientline.cells.hosts import Deployment, Host, fill_files
from clientline.cells.leftovers import end_programs, hold
from clientline.cells.machine import PATH, become, choose_identity, find_free_ports, find_program, refuse_old_patroni
from clientline.cells.members import Member, do_follow_one
from clientline.cells.network import Network
from clientline.postgres.binaries import find_binaries
from clientline.postgres.leftovers import find_processes_in, knows_processes

PATIENCE = 180  # seconds for the cluster to come up, or to heal, on a machine that has much to do
SILENCE = 5  # seconds before it is said what is waited for
NODES = ("n1", "n2", "n3")
STOPPING = 20  # seconds for a program to end that was asked to


class RehearsalFailed(Exception):
    """What did not come about, in a sentence that names the log to look into."""


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
        self.data, self.programs, self.network = data.resolve(), programs, network
        self.say: Callable[[str], object] = len  # of what is waited for; nobody listens
        self.held = hold(self.data)
        refuse_old_patroni(programs)
        self.identity = choose_identity()
        self.deployment = plan_rehearsal(self.data, programs, network)
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
        end_programs(self.data)  # what a killed Patroni had begun: a copy of the leader, a call
        with suppress(OSError):
            os.close(self.held)

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
        node = name.partition("-")[0]
        enter = self.network.enter(node) if self.network and node in self.network.addresses else []
        self.running[name] = subprocess.Popen(
            [*enter, *become(self.identity, self.data), *map(str, command)],
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

    def read_postmaster(self, name: str) -> int:
        return self._read_postmaster(self.find(name))

    def _read_postmaster(self, host: Host) -> int:
        """Raises OSError, ValueError or IndexError where none runs: its number may be somebody else's by then."""
        directory = self._home(host) / "postgres"
        server = int((directory / "postmaster.pid").read_text().split()[0])
        if knows_processes() and server not in find_processes_in(directory):
            raise ProcessLookupError(server)
        return server

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
        self.running[f"{name}-patroni"].send_signal(meaning)
        os.kill(self.read_postmaster(name), meaning)
        for process in find_processes_in(self._home(self.find(name)) / "postgres"):
            with suppress(ProcessLookupError):
                os.kill(process, meaning)

    def freeze_receiver(self, name: str) -> None:
        """Nothing more arrives at this standby, and all of it lives and answers."""
        self.wait_until(lambda: self._signal_receiver(name, signal.SIGSTOP), f"anything that receives on {name}")

    def thaw_receiver(self, name: str) -> None:
        self._signal_receiver(name, signal.SIGCONT)

    def _signal_receiver(self, name: str, meaning: signal.Signals) -> bool:
        """Whether there was one to send this to."""
        for process in find_processes_in(self._home(self.find(name)) / "postgres"):
            with suppress(OSError):  # it ended while we looked
                if b"walreceiver" in Path(f"/proc/{process}/cmdline").read_bytes():
                    os.kill(process, meaning)
                    return True
        return False

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

    def freeze_etcd(self, meaning: signal.Signals = signal.SIGSTOP) -> None:
        for name, program in self.running.items():
            if name.endswith("-etcd"):  # of a node that was not killed
                program.send_signal(meaning)

    def thaw_etcd(self) -> None:
        self.freeze_etcd(signal.SIGCONT)

    def switch_over(self) -> None:
        """Let a standby that is in step lead from now on. Returns once one does."""
        leader = self.wait_for_leader()
        self.wait_until(self._is_switched_over, "a standby that is in step")
        self.wait_for_leader(other_than=leader)

    def _is_switched_over(self) -> bool:
        # It ends with 0 also where no standby is in step yet after the last fault.
        file = self._home(self.deployment.hosts[0]) / "patroni.yml"
        command = [self.programs / "patronictl", "-c", file, "switchover", "--force"]
        return "Successfully switched over" in subprocess.run(command, capture_output=True, text=True).stdout

    def heal(self) -> None:
        """Put cables back, thaw etcd, start what is not running. Returns once all nodes follow one leader."""
        self.thaw_etcd()
        for host in self.deployment.hosts:
            if self.network:
                self.mend(host.name)
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

    def probe(self, name: str, path: str) -> int:
        """The status with which a node's Patroni answers, as it answers HAProxy; 0 where it does not."""
        host = self.find(name)
        try:
            with urlopen(f"http://{host.address}:{host.patroni_port}{path}", timeout=ASKING) as answer:
                return int(answer.status)
        except HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def _ask_patroni(self, host: Host, path: str) -> dict:
        with urlopen(f"http://{host.address}:{host.patroni_port}{path}", timeout=ASKING) as answer:
            return json.load(answer)

    def find_leader(self) -> str | None:
        leading = [each.name for each in self.list_members() if each.role == "leader" and each.state == "running"]
        return leading[0] if leading else None

    def wait_for_leader(self, *, other_than: str | None = None) -> str:
        """Its name. Nobody may know of one for a moment: whoever is asked may be busy."""
        leader = None

        def is_there() -> bool:
            nonlocal leader
            leader = self.find_leader()
            return leader not in (None, other_than)

        self.wait_until(is_there, "a leader")
        return str(leader)

    def part_leaders(self, name: str) -> None:
        """Let etcd lead on another node than this one: else its leases, counted anew by the next, last longer."""
        self.wait_until(lambda: hand_over_elsewhere(self.find(name)), "another leader of etcd")

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
        began, is_silent = time.monotonic(), True
        while not is_so():
            waited = time.monotonic() - began
            if is_silent and waited > SILENCE:
                self.say(f"Waiting for {wanted}, for at most {PATIENCE} s ...")
                is_silent = False
            if waited > PATIENCE:
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

    def write_url_of_all(self, *, leader_last: bool = False) -> str:
        """The same without the proxy: the driver looks for whoever leads, first at who seems to, or last."""
        leader, before = self.find_leader(), self.write_url().rpartition("@")[0]
        hosts = sorted(self.deployment.hosts, key=lambda host: (host.name == leader) is leader_last)
        places = ",".join(f"{host.address}:{host.postgres_port}" for host in hosts)
        return f"{before}@{places}/clientline?target_session_attrs=read-write"

    def list_nodes(self) -> Iterator[tuple[str, str]]:
        """(name, address of its own database) of each node."""
        for host in self.deployment.hosts:
            yield host.name, self.write_url(host.address, host.postgres_port)

    def connect_superuser(self) -> psycopg.Connection:
        """At whoever leads, without the proxy, which may see a moment later who that is."""
        return psycopg.connect(
            host=",".join(host.address for host in self.deployment.hosts),
            port=",".join(str(host.postgres_port) for host in self.deployment.hosts),
            user="postgres",
            password=self.deployment.passwords["superuser_password"],
            dbname="postgres",
            target_session_attrs="read-write",
            autocommit=True,
            connect_timeout=5,
        )

    def _make_database(self) -> None:
        password = Literal(self.deployment.passwords["application_password"])
        with self.connect_superuser() as connection:
            connection.execute(
                SQL("CREATE ROLE clientline LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD {}").format(password)
            )
            connection.execute("GRANT pg_monitor TO clientline")  # for `cluster_status`
            connection.execute("CREATE DATABASE clientline OWNER clientline")
        self.wait_until(self.takes_writes, "a database behind the proxy")
