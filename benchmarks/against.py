"""This checkout beside an older one and beside plain DRF, over HTTP and in turns: `python -m benchmarks.against OLDER`.

OLDER is a checkout of the commit that ours is measured against, as `git worktree add --detach OLDER COMMIT` makes it.
Each has a database of its own, as their tables differ; both are filled alike on first use. Times are those of the
fastest tenth of single answers, which other programs disturb least, and CPU is the server's; medians of all rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
from django.db import connection
from psycopg.sql import SQL, Identifier

from benchmarks import callers, turns, world
from clientline.demo.serving import PROJECT, Gunicorn, write_database_url
from clientline.tests.first_start import free_port

TARGETS = {"detail": 1.25, "list": 1.2, "free times 1 × 7": 1.3, "free times 50 × 31": 1.1, "booking": 1.3}
IN_PROCESS = "booking in process"
FAST = 0.1
LISTS_BEFORE_WEIGHING, MOST_MEMORY = 5_000, 41  # MB

# Runs in either checkout; what it uses of `benchmarks` both have.
PREPARE = """
import json, sys
import django
django.setup()
from datetime import date, timedelta
from benchmarks import bookings, world
from appointments.models import Appointment
visits, wanted = map(int, sys.argv[1:])
admin = world.enter(visits)
slots = bookings.Slots(admin.organization)
own = Appointment.objects.filter(organization=admin.organization)
day, staff, service = date.today() + timedelta(days=3), next(iter(slots.starts)), slots.rest["service"]
free = f"/availability?service={service}&from={day}&to="
bodies = [slots.visit(staff) for _ in range(wanted)]
print("prepared", json.dumps({
    "environment": world.environment(),
    "token": world.secret_of(admin),
    "paths": {
        "detail": f"/appointments/{own.order_by('id')[500].pk}",
        "list": "/appointments?limit=100",
        "free times 1 × 7": f"{free}{day + timedelta(days=6)}&staff={staff}",
        "free times 50 × 31": f"{free}{day + timedelta(days=30)}",
    },
    "bodies": [{name: body[name] for name in ("client", "staff", "service")}
        | {"appointment_date": body["start"].isoformat()} for body in bodies],
}))
"""

# The same, without a server: for each line of bodies it books them all, and tells what CPU that took.
BOOK = """
import gc, json, sys, time
from io import BytesIO
from wsgiref.util import setup_testing_defaults
from clientline.wsgi import application

def book(body):
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/appointments", "CONTENT_TYPE": "application/json"}
    environ |= {"HTTP_AUTHORIZATION": f"Bearer {sys.argv[1]}", "REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    answer = application(environ, lambda status, headers: statuses.add(status))
    b"".join(answer)
    answer.close()

for line in sys.stdin:
    bodies, statuses = [json.dumps(body).encode() for body in json.loads(line)], set()
    gc.freeze()
    before = time.process_time()
    for body in bodies:
        book(body)
    print("booked", time.process_time() - before if statuses == {"201 Created"} else statuses, flush=True)
"""


class Peer(Gunicorn):
    configuration = ("--worker-class=gthread", "--threads=4", "--keep-alive=60")


@dataclass
class Place:
    """A server that is asked, and what it is asked for."""

    server: Gunicorn
    token: str
    paths: dict
    bodies: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)

    def measure(self, process, kind, number):
        """(fastest tenth, server's CPU) of one answer, in seconds; None for what this place does not answer."""
        requests, status = self.write_requests(kind, number)
        if not requests:
            return None
        before = self.read_cpu()
        waits = sorted(process.submit(callers.call, self.server.port, requests, status).result())
        return waits[int(len(waits) * FAST)], (self.read_cpu() - before) / number

    def write_requests(self, kind, number):
        if kind != "booking":
            return [callers.http("GET", self.paths[kind], self.token)] * number if kind in self.paths else [], 200
        bodies, self.bodies = self.bodies[:number], self.bodies[number:]
        return [callers.http("POST", "/appointments", self.token, json.dumps(body).encode()) for body in bodies], 201

    def read_cpu(self):
        text = Path(f"/proc/{self.server.workers[-1]}/stat").read_text().rpartition(")")[2].split()
        return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")


def prepare(project, suffix, visits, bodies):
    """What a checkout's benchmark says of its database, which lies beside the configured one."""
    parameters = connection.get_connection_params()
    address = write_database_url(parameters | {"dbname": parameters["dbname"] + suffix})
    environment = world.environment() | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "clientline.settings"}
    program = [sys.executable, "-c", PREPARE, str(visits), str(bodies)]
    return json.loads(run(program, environment, project).partition("prepared ")[2])


def run(program, environment, project=PROJECT):
    """What it prints."""
    environment = os.environ | environment
    return subprocess.run(program, cwd=project, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def serve(stack, project, prepared):
    server = stack.enter_context(Gunicorn(prepared["environment"], "--workers=1", project=project))
    return Place(server, prepared["token"], prepared["paths"], prepared["bodies"], prepared["environment"])


def serve_peer(stack, visits):
    """Plain DRF on a database of its own."""
    name, settings = f"plain_drf_{visits}", "benchmarks.peers.plain_drf.settings"
    with psycopg.connect(**world.connection_parameters() | {"dbname": "postgres"}, autocommit=True) as link:
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            link.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    address = write_database_url(connection.get_connection_params() | {"dbname": name})
    environment = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": settings}
    token = run([sys.executable, "-m", "benchmarks.peers.plain_drf.fill", str(visits)], environment).strip()
    server = stack.enter_context(Peer(environment, "--workers=1", "benchmarks.peers.plain_drf.wsgi"))
    return Place(server, token, {"detail": "/appointments/5000", "list": "/appointments"})


def book_in_process(stack, project, place):
    """What measures the CPU of so many bookings, each of which takes one of the place's bodies."""
    program = [sys.executable, "-c", BOOK, place.token]
    environment = os.environ | place.environment
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    process = stack.enter_context(subprocess.Popen(program, cwd=project, env=environment, **pipes))

    def measure(number):
        bodies, place.bodies = place.bodies[:number], place.bodies[number:]
        print(json.dumps(bodies), file=process.stdin, flush=True)
        while "booked" not in (line := process.stdout.readline()) and line:
            pass
        return float(line.split()[1]) / number

    return measure


def refuse_unequal(before, ours):
    """What another benchmark has left in one of the databases would be measured as a difference of the checkouts."""
    for kind in (kind for kind in ours.paths if kind.startswith("free")):
        told = [
            json.loads(place.server.ask("GET", place.paths[kind], headers=_bear(place)).body)
            for place in (before, ours)
        ]
        offered = [sum(len(slot["staff"]) for slot in each["slots"]) for each in told]
        if offered[0] != offered[1]:
            sys.exit(
                f"{kind}: {offered[0]} starts before, {offered[1]} now. Drop both databases: one was changed since."
            )


def _bear(place):
    return {"Authorization": f"Bearer {place.token}"}


def report(kinds, before, ours, peer, process, chosen):
    table = turns.Table(("before ms", "now ms", "before ÷ now", "by CPU", "target", "DRF ÷ now"))
    for kind in kinds:
        measures = [partial(place.measure, process, kind, chosen.requests) for place in (before, ours, peer)]
        olds, news, peers = turns.in_turns(chosen.rounds + 1, *measures)
        olds, news, peers = olds[1:], news[1:], peers[1:]  # the first round warms up
        faster = turns.compute_ratio([new[0] for new in news], [old[0] for old in olds])
        cheaper = turns.compute_ratio([new[1] or FAST for new in news], [old[1] or FAST for old in olds])
        drf = turns.compute_ratio([new[0] for new in news], [each[0] for each in peers]) if peers[0] else "-"
        times = [median(each[0] for each in place) * 1000 for place in (olds, news)]
        reached = max(faster, cheaper) >= TARGETS[kind]
        table.row(kind, *times, faster, cheaper, TARGETS[kind], drf, reached=reached)
    return table.short


def report_in_process(stack, places, chosen):
    """Bookings without a server, by CPU of the process alone, which other programs disturb least."""
    projects = (chosen.older, PROJECT)
    measures = [book_in_process(stack, project, place) for project, place in zip(projects, places, strict=True)]
    olds, news = turns.in_turns(chosen.rounds + 1, *(partial(measure, chosen.requests) for measure in measures))
    table = turns.Table(("before ms", "now ms", "by CPU", "target"))
    cheaper, times = turns.compute_ratio(news[1:], olds[1:]), [median(each[1:]) * 1000 for each in (olds, news)]
    table.row(IN_PROCESS, *times, cheaper, TARGETS["booking"], reached=cheaper >= TARGETS["booking"])
    return table.short


def weigh_worker(prepared):
    """MB (PSS) of a worker under `manage.py up` after so many lists of 100."""
    port = free_port()
    environment = os.environ | prepared["environment"] | {"PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        while "Ctrl-C" not in (line := process.stdout.readline()) and line:
            pass
        time.sleep(2)
        request = callers.http("GET", prepared["paths"]["list"], prepared["token"])
        callers.call(port, [request] * LISTS_BEFORE_WEIGHING, 200)
        return max(map(_read_pss, _list_workers(process.pid)))
    finally:
        process.terminate()
        process.wait()


def _list_workers(pid):
    """Those that answer requests, which are forked and go by their parent's name; jobs have a program of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in children if _read_name(child) == _read_name(pid)]


def _read_name(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _read_pss(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("older", type=Path)
    parser.add_argument("words", nargs="*", choices=[[], *TARGETS, IN_PROCESS, "memory"], help="measure only these")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=60, help="of each kind in every round")
    parser.add_argument("--visits", type=int, default=world.FEW_VISITS)
    chosen = parser.parse_args()
    kinds = [kind for kind in TARGETS if not chosen.words or kind in chosen.words]
    wanted = 2 * (chosen.rounds + 1) * chosen.requests
    prepared = [prepare(*place, chosen.visits, wanted) for place in ((chosen.older, "_older"), (PROJECT, ""))]
    with ExitStack() as stack:
        places = [serve(stack, *each) for each in zip((chosen.older, PROJECT), prepared, strict=True)]
        refuse_unequal(*places)
        process = stack.enter_context(callers.other_process())
        short = report(kinds, *places, serve_peer(stack, world.LARGE_VISITS), process, chosen) if kinds else 0
        if not chosen.words or IN_PROCESS in chosen.words:
            short += report_in_process(stack, places, chosen)
    if not chosen.words or "memory" in chosen.words:
        weight = weigh_worker(prepared[1])
        table = turns.Table(("MB", "at most"))
        table.row(f"worker after {LISTS_BEFORE_WEIGHING:,} lists", weight, MOST_MEMORY, reached=weight <= MOST_MEMORY)
        short += table.short
    sys.exit(f"{short} short of the target." if short else 0)


if __name__ == "__main__":
    main()
