"""What an organization that asks too much costs another: 16 callers for free times beside one list of ten visits.

In turns, on gunicorn's own worker and on ours: the list alone, and beside the callers. Two workers, as on two cores.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from statistics import median, quantiles

from accounts.models import User
from benchmarks import callers, turns, world
from benchmarks.availability import open_calendar, question
from clientline.demo.serving import Gunicorn
from services.models import Service

CROWD = 16
TARGET = 3.0
LIST = "/appointments?limit=10"


def p95(waits):
    return quantiles(waits, n=20)[-1]


class Bench:
    def __init__(self, crowd, caller, list_request, seconds):
        self.crowd, self.caller, self.list_request, self.seconds = crowd, caller, list_request, seconds

    def alone(self, server):
        return self.caller.submit(callers.call_for, server.port, self.list_request, self.seconds).result()

    def beside(self, server, request):
        """The waits for the list, and how many of the others' questions were answered in a second."""
        others = self.crowd.submit(callers.call_together, server.port, request, self.seconds + 2, CROWD)
        time.sleep(1)
        waits = self.alone(server)
        return waits, len(others.result()) / (self.seconds + 2)


def measure(bench, table, name, server, request, rounds):
    alone, beside, answered = [], [], []
    for _ in range(rounds):
        alone.append(bench.alone(server))
        waits, rate = bench.beside(server, request)
        beside.append(waits)
        answered.append(rate)
    growth = median(p95(others) / p95(own) for own, others in zip(alone, beside, strict=True))
    figures = (
        median(map(median, alone)),
        median(map(median, beside)),
        median(map(p95, alone)),
        median(map(p95, beside)),
    )
    table.row(name, *(each * 1000 for each in figures), growth, median(answered), reached=growth <= TARGET)


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--days", type=int, default=7, help="of free times that each of the 16 asks for")
    parser.add_argument("--only", help="ours or gunicorns")
    return parser.parse_args()


def main():
    chosen, admin = options(), world.enter(world.FEW_VISITS)
    service = Service.objects.filter(organization=admin.organization).order_by("id").first()
    first = open_calendar(admin.organization, service)
    people = list(User.objects.filter(organization=admin.organization).exclude(role="client"))
    other = User.objects.filter(role="admin").exclude(organization=admin.organization).order_by("id").first()
    request = callers.http("GET", question(service, people, first, chosen.days), world.secret_of(admin))
    table = turns.Table(("median ms", "beside", "p95 ms", "beside", "p95 growth", "others/s"))
    with ExitStack() as stack:
        crowd, caller = (stack.enter_context(callers.other_process()) for _ in range(2))
        bench = Bench(crowd, caller, callers.http("GET", LIST, world.secret_of(other)), chosen.seconds)
        for name, arguments in {"gunicorns": ["--worker-class=gthread"], "ours": []}.items():
            if chosen.only in (None, name):
                with Gunicorn(world.environment(), "--workers=2", *arguments) as server:
                    measure(bench, table, name, server, request, chosen.rounds)
    sys.exit(f"{table.short} short of the target." if table.short else 0)


if __name__ == "__main__":
    main()
