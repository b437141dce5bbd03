"""Pages of the admin over HTTP, in an organization of 100,000 visits and again with 900,000 more.

Both are served at once and asked in turns, and so is the ceiling, the same bytes from a bare WSGI application. What
counts is the growth: a page that counts or scans the visits would take ten times as long.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from statistics import median

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.models import Appointment
from benchmarks import callers, turns, world
from benchmarks.availability import GROWTH, grown
from clientline.demo.serving import Gunicorn

LISTS = (
    "appointments/appointment accounts/user payments/payment services/service appointments/workinghours "
    "appointments/specialhours appointments/timeoff organizations/organization"
).split()


def pages(organization):
    """What is measured: name → path."""
    staff = User.objects.filter(organization=organization, role="staff").earliest("id")
    visit = Appointment.objects.filter(organization=organization, status="completed").latest("appointment_date")
    busy_day = visit.appointment_date.date() - timedelta(days=1)  # 50 people with 16 visits each
    return {
        "Today": f"/admin/?date={busy_day}",
        "Today, nothing on": "/admin/?date=2040-01-01",
        "Week": f"/admin/week/?staff={staff.pk}&date={busy_day}",
        "visit": f"/admin/appointments/appointment/{visit.pk}/change/",
        "client card": f"/admin/accounts/user/{visit.client_id}/change/",
        "team member": f"/admin/accounts/user/{staff.pk}/change/",
        "working hours": "/admin/week-hours/",
        "list of clients": "/admin/accounts/user/?kind=clients",
        "list, one client": f"/admin/appointments/appointment/?client={visit.client_id}",
        "list, payments of one client": f"/admin/payments/payment/?client={visit.client_id}",
        **{f"list {page}": f"/admin/{page}/" for page in LISTS},
        "list, searched": "/admin/accounts/user/?q=client+777",
    }


def signed_in(admin):
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(admin)
    return client


def question(client, path):
    """The page's bytes for the ceiling, and how many queries it took."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} for {path}: {answer.content[:200]}")
    return {"body": answer.content.decode(), "names": ["one"], "sql": "SELECT 1", "parameters": None}, len(queries)


def request(path, cookie):
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n"
    return head.encode()


def count(client, paths):
    return [question(client, path) for path in paths.values()]


def serving(stack, environment, *application):
    return stack.enter_context(Gunicorn(environment, "--workers=1", *application))


def seconds(process, server, wire, requests):
    elapsed, waits = process.submit(callers.call_at_once, server.port, [[wire] * requests]).result()
    return elapsed / len(waits)


def measure(process, servers, cookie, paths, options):
    """For each page the seconds of one answer by round: with few rows, with many, and of the ceiling."""
    for number, path in enumerate(paths.values()):
        wires = [request(path, cookie), request(path, cookie), request(f"/bytes/{number}", cookie)]
        measures = [
            lambda server=server, wire=wire: seconds(process, server, wire, options.requests)
            for server, wire in zip(servers, wires, strict=True)
        ]
        turns.in_turns(1, *measures)  # warms up
        yield turns.in_turns(options.rounds, *measures)


def report(paths, before, after, measured):
    table = turns.Table(("queries", "ms", "grown ms", "bare ms", "growth", "at most"))
    for name, (_, queries), (_, more), (few, many, bare_) in zip(paths, before, after, measured, strict=True):
        growth = turns.compute_ratio(few, many)
        figures = [median(each) * 1000 for each in (few, many, bare_)]
        table.row(name, str(queries), *figures, growth, GROWTH, reached=growth <= GROWTH and more == queries)
    return table.short


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="measure only pages whose name holds one of these words")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=10, help="of each page in every round")
    options, admin = parser.parse_args(), world.enter(world.FEW_VISITS)
    paths = pages(admin.organization)
    paths = {name: path for name, path in paths.items() if not options.words or any(w in name for w in options.words)}
    client, environment = signed_in(admin), world.environment()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    before = count(client, paths)
    with ExitStack() as stack, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([each for each, _ in before], file)
        file.flush()
        process = stack.enter_context(callers.other_process())
        stack.enter_context(grown(admin.organization))
        after = count(client, paths)
        servers = [
            serving(stack, environment),
            serving(stack, world.environment()),
            serving(stack, environment, f"benchmarks.ceilings:create('{file.name}')"),
        ]
        short = report(paths, before, after, measure(process, servers, cookie, paths, options))
    sys.exit(f"{short} short of the target." if short else 0)


if __name__ == "__main__":
    main()
