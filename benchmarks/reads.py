"""Lists of 100 and details of every resource over HTTP, with login and walls, against two ceilings.

Ratios are ceiling ÷ ours in time for one answer: 1.00 is as fast as the ceiling. The target is for the ceiling
with the same SQL; that of the same bytes shows what gunicorn alone costs.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

from django.db import connection
from django.test import Client

from appointments.models import Appointment
from benchmarks import callers, turns, world
from clientline.api.pagination import Cursor
from clientline.demo.serving import Gunicorn

LISTS = "users services working-hours special-hours time-off appointments payments".split()
TARGETS = {"list": 0.65, "detail": 0.55}
DEEP_PAGE, PAGE_SIZE, DEEP_TARGET = 10_000, 10, 1.5


@dataclass
class Bench:
    """The two servers, the process of the callers, and how often they ask."""

    ours: Gunicorn
    ceilings: Gunicorn
    process: object
    token: str
    rounds: int
    requests: int

    def seconds(self, server, path, at_once):
        """Time for one answer when so many callers ask at once."""
        request = callers.http("GET", path, self.token)
        asked = [[request] * (self.requests // at_once)] * at_once
        elapsed, waits = self.process.submit(callers.call_at_once, server.port, asked).result()
        return elapsed / len(waits)

    def in_turns(self, at_once, *places):
        measures = [lambda server=server, path=path: self.seconds(server, path, at_once) for server, path in places]
        turns.in_turns(1, *measures)  # warms up
        return turns.in_turns(self.rounds, *measures)


def paths(client):
    """What is measured: kind and path."""
    for resource in LISTS:
        yield "list", f"/{resource}?limit=100"
    for resource in ["organizations", *LISTS]:
        rows = client.get(f"/{resource}?limit=100").json()["results"]
        yield "detail", f"/{resource}/{rows[len(rows) // 2]['id']}"


def question(client, path):
    """What the ceilings need: the answer's bytes, and the statement that read its rows."""
    asked = []
    with connection.execute_wrapper(partial(record, asked)):
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} for {path}: {answer.content[:200]}")
    rows = answer.json().get("results", [answer.json()])
    ((sql, parameters),) = [each for each in asked if each[0].startswith("SELECT") and "set_config" not in each[0]]
    return {"body": answer.content.decode(), "names": list(rows[0]), "sql": sql, "parameters": parameters}


def record(asked, execute, sql, parameters, many, context):
    asked.append((sql.strip(), parameters))
    return execute(sql, parameters, many, context)


def measure_reads(bench, asked, at_once):
    table = turns.Table((f"ms at {at_once}", "÷ same bytes", "÷ same SQL", "target"))
    for number, (kind, path) in enumerate(asked):
        places = [(bench.ours, path), (bench.ceilings, f"/bytes/{number}"), (bench.ceilings, f"/sql/{number}")]
        ours, same_bytes, same_sql = bench.in_turns(at_once, *places)
        reached = turns.compute_ratio(ours, same_sql) >= TARGETS[kind]
        figures = (
            median(ours) * 1000,
            turns.compute_ratio(ours, same_bytes),
            turns.compute_ratio(ours, same_sql),
            TARGETS[kind],
        )
        table.row(f"{kind} {path}", *figures, reached=reached)
    return table.short


def measure_pages(bench, organization):
    """Page 10,000 against page 1: a cursor has to cost the same wherever it points."""
    table = turns.Table(("page 1 ms", "deep ms", "deep ÷ first", "at most"))
    for ordering in ("id", "appointment_date", "-created_at"):
        first = f"/appointments?limit={PAGE_SIZE}&ordering={ordering}"
        deep = f"{first}&cursor={deep_cursor(organization, ordering)}"
        firsts, deeps = bench.in_turns(1, (bench.ours, first), (bench.ours, deep))
        slower = turns.compute_ratio(firsts, deeps)
        figures = median(firsts) * 1000, median(deeps) * 1000, slower, DEEP_TARGET
        table.row(f"page {DEEP_PAGE:,} by {ordering}", *figures, reached=slower <= DEEP_TARGET)
    return table.short


def deep_cursor(organization, ordering):
    """The cursor of the last page but one thing: it stands before page 10,000."""
    sign, name = ("-", ordering[1:]) if ordering.startswith("-") else ("", ordering)
    names = (name, "id") if name != "id" else ("id",)
    rows = Appointment.objects.filter(organization=organization).order_by(*(sign + each for each in names))
    return Cursor(ordering, rows.values_list(*names)[(DEEP_PAGE - 1) * PAGE_SIZE - 1]).encode()


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="measure only paths that hold one of these words")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=160, help="of each kind in every round")
    parser.add_argument("--callers", type=int, action="append", help="at once; may be given twice; default 1 and 16")
    return parser.parse_args()


def main():
    chosen, admin = options(), world.enter()
    token = world.secret_of(admin)
    client = Client(SERVER_NAME="127.0.0.1", HTTP_AUTHORIZATION=f"Bearer {token}")
    asked = [each for each in paths(client) if not chosen.words or any(word in each[1] for word in chosen.words)]
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
        json.dump([question(client, path) for _, path in asked], file, default=str)
        file.flush()
        application = f"benchmarks.ceilings:create('{file.name}')"
        ours = stack.enter_context(Gunicorn(world.environment(), "--workers=1"))
        ceilings = stack.enter_context(Gunicorn(world.environment(), "--workers=1", application))
        process = stack.enter_context(callers.other_process())
        bench = Bench(ours, ceilings, process, token, chosen.rounds, chosen.requests)
        short = sum(measure_reads(bench, asked, at_once) for at_once in chosen.callers or (1, 16))
        short += measure_pages(bench, admin.organization)
    sys.exit(f"{short} short of the target." if short else 0)


if __name__ == "__main__":
    main()
