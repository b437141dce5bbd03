"""`make cluster`: three nodes on this machine, ClientLine on top, somebody who writes, and faults by command."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clientline.cells.leftovers import purge
from clientline.cells.load import Writer, sign_in
from clientline.cells.machine import fetch_programs
from clientline.cells.network import Network, forget_networks, may_make_networks
from clientline.cells.rehearsal import NODES, Rehearsal, RehearsalFailed
from clientline.management.commands.seed_demo import PASSWORD
from clientline.management.commands.up import listen

WRITER = "admin@sonnig.example"
PATIENCE = 300  # seconds for tables and demo data
COMMANDS = """  status            who leads, who follows, what was acknowledged and what of it is there
  kill NODE         the node at once, as when its power goes; `kill leader` takes the one that leads
  switchover        let another one lead, in good order
  cut NODE          its cable is out; `mend NODE` puts it back (for root on Linux)
  freeze            etcd, all three; thaw lets it go on
  heal              undo all of these: start, mend, thaw
  quit, or Ctrl-C; while something is waited for, Ctrl-C ends only that"""


class Command(BaseCommand):
    help = "Rehearse a cluster on this machine: three nodes, ClientLine on top, and faults by command."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--programs", type=Path, default=settings.BASE_DIR / ".venv-cluster" / "bin")

    def handle(self, **options):
        with suppress(KeyboardInterrupt):  # it ends as with `quit`
            self.rehearse(**options)

    def rehearse(self, *, programs, **options):
        data = self.make_directory()  # first: a rehearsal that was killed has left its server at that port
        listen("127.0.0.1", settings.PORT).close()  # else the demo that answers there would be written to
        fetch_programs(self.say)
        with ExitStack() as stack:
            self.say("Starting three nodes of etcd and PostgreSQL under Patroni, and HAProxy ...")
            network = stack.enter_context(Network(NODES)) if may_make_networks() else None
            self.rehearsal = Rehearsal(data.resolve(), programs, network)
            self.rehearsal.say = self.say
            stack.enter_context(self.rehearsal)
            self.say("Starting ClientLine on them, with demo data ...")
            server = self.serve(data)
            stack.callback(self.end, server)
            self.writer = self.start_writer(server)
            stack.callback(self.writer.stop)
            self.say(f"ClientLine is on {self.address}; somebody registers clients there all the time.\n{COMMANDS}")
            self.obey()

    def make_directory(self):
        """Empty: what a rehearsal that was killed has left is ended."""
        data = settings.DATA_DIR / "rehearsal"
        try:
            purge(data)
        except BlockingIOError as error:
            raise CommandError(f"A rehearsal runs in {data}: end that one first.") from error
        forget_networks()
        data.mkdir(parents=True)
        return data

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def serve(self, data):
        self.address = f"http://127.0.0.1:{settings.PORT}"
        own = {"DATABASE_URL": self.rehearsal.write_url(), "SECRET_KEY": "of a rehearsal", "RATE_LIMIT": "0"}
        own |= {"DATABASE_REPLICA_URL": self.rehearsal.write_replica_url()}
        own |= {"CLIENTLINE_DATA": str(data / "web"), "HOST": "127.0.0.1", "PORT": str(settings.PORT)}
        log = (data / "web.log").open("wb")
        up = [sys.executable, "manage.py", "up", "--demo"]
        # Ctrl-C at the terminal is ours alone.
        alone = {"start_new_session": True, "stdout": log, "stderr": log}
        return subprocess.Popen(up, cwd=settings.BASE_DIR, env=os.environ | own, **alone)

    def end(self, server):
        server.terminate()
        server.wait()

    def start_writer(self, server):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and server.poll() is None:
            try:
                return Writer(self.address, sign_in(self.address, WRITER, PASSWORD))
            except (OSError, ValueError):
                time.sleep(1)
        raise CommandError(f"Nobody answers on {self.address}: see {settings.DATA_DIR}/rehearsal/web.log.")

    def obey(self):
        self.status()
        for line in sys.stdin:
            word, *names = line.split() or ["status"]
            if word == "quit":
                return
            try:
                self.do(word, *names)
            except RehearsalFailed as failure:
                self.say(str(failure))
            except KeyboardInterrupt:
                self.say("\nNobody waits for that any more. `heal` undoes it; Ctrl-C once more ends all of this.")

    def do(self, word, *names):
        began = time.monotonic()
        if word == "kill":
            name = names[0] if names else "leader"
            name = self.rehearsal.wait_for_leader() if name == "leader" else name
            self.rehearsal.kill(name)
            self.rehearsal.wait_for_leader(other_than=name)
        elif word in ("cut", "mend") and names:
            getattr(self.rehearsal, word)(names[0])
        elif word in ("switchover", "heal", "freeze", "thaw"):
            act = {"switchover": "switch_over", "freeze": "freeze_etcd", "thaw": "thaw_etcd"}.get(word, word)
            getattr(self.rehearsal, act)()
        elif word != "status":
            return self.say(COMMANDS)
        return self.status(time.monotonic() - began)

    def status(self, took=0.0):
        for member in self.rehearsal.list_members():
            lag = "" if member.lag is None else f"{member.lag} bytes behind"
            self.say(f"  {member.name}  {member.role:<12} {member.state:<10} {lag}")
        told = list(self.writer.acknowledged)
        pause = self.writer.find_longest_pause()
        self.say(f"  {len(told)} acknowledged, {self.count_lost(told)} lost, longest pause {pause:.1f} s")

    def count_lost(self, told):
        try:
            with psycopg.connect(self.rehearsal.write_url(), connect_timeout=5) as connection:
                (there,) = connection.execute("SELECT count(*) FROM users WHERE id = ANY(%s)", [told]).fetchone()
        except psycopg.Error:
            return "nobody knows yet how many"
        return len(told) - there
