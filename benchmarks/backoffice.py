"""Pages of the admin over HTTP, in an organization of 100,000 visits and again with 800,000 more.

The ceiling is the same bytes from a bare WSGI application on the same gunicorn. What counts is the growth: a page
that counts or scans a table would take nine times as long.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from statistics import median

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.models import Appointment
from benchmarks import callers, turns, world
from benchmarks.availability import GROWTH, grown
from clientline.tests.serving import Gunicorn

BUSY_DAY = "2025-03-10"  # 50 people with 16 visits each
LISTS = (
    "appointments/appointment accounts/user payments/payment services/service appointments/workinghours "
    "appointments/specialhours appointments/timeoff organizations/organization"
).split()


def pages(organization):
    """What is measured: name → path."""
    visit = Appointment.objects.filter(organization=organization).latest("appointment_date")
    staff = User.objects.filter(organization=organization, role="staff").earliest("id")
    return {
        "Today": f"/admin/?date={BUSY_DAY}",
        "Today, nothing on": "/admin/?date=2040-01-01",
        "Week": f"/admin/week/?staff={staff.pk}&date={BUSY_DAY}",
        "visit": f"/admin/appointments/appointment/{visit.pk}/change/",
        "client card": f"/admin/accounts/user/{visit.client_id}/change/",
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
    return {"body": answer.content.decode(), "names": ["one"], "sql": "SELECT 1"}, len(queries)


def request(path, cookie):
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n"
    return head.encode()


@contextmanager
def serving(questions):
    """Our server, and the one of the ceiling."""
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
        json.dump(questions, file)
        file.flush()
        application = f"benchmarks.ceilings:create('{file.name}')"
        yield (
            stack.enter_context(Gunicorn(world.environment(), "--workers=1")),
            stack.enter_context(Gunicorn(world.environment(), "--workers=1", application)),
        )


def measure(process, client, paths, options):
    """For each page its queries, and the seconds of one answer of ours and of the ceiling."""
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    asked = [question(client, path) for path in paths.values()]
    with serving([each for each, _ in asked]) as servers:
        for number, (path, (_, queries)) in enumerate(zip(paths.values(), asked, strict=True)):
            requests = [request(path, cookie), request(f"/bytes/{number}", cookie)]
            measures = [
                lambda server=server, wire=wire: seconds(process, server, wire, options.requests)
                for server, wire in zip(servers, requests, strict=True)
            ]
            turns.in_turns(1, *measures)  # warms up
            yield queries, *(median(each) for each in turns.in_turns(options.rounds, *measures))


def seconds(process, server, wire, requests):
    elapsed, waits = process.submit(callers.call_at_once, server.port, [[wire] * requests]).result()
    return elapsed / len(waits)


def report(paths, before, after):
    table = turns.Table(("queries", "ms", "bare ms", "ms, 9 × rows", "growth", "at most"))
    for name, (queries, ours, bare), (more, later, _) in zip(paths, before, after, strict=True):
        growth = later / ours
        figures = ours * 1000, bare * 1000, later * 1000, growth, GROWTH
        table.row(name, str(queries), *figures, reached=growth <= GROWTH and more == queries)
    return table.short


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="measure only pages whose name holds one of these words")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=10, help="of each page in every round")
    options, admin = parser.parse_args(), world.enter()
    paths = pages(admin.organization)
    paths = {name: path for name, path in paths.items() if not options.words or any(w in name for w in options.words)}
    client = signed_in(admin)
    with callers.other_process() as process:
        before = list(measure(process, client, paths, options))
        with grown(admin.organization):
            after = list(measure(process, client, paths, options))
    short = report(paths, before, after)
    sys.exit(f"{short} short of the target." if short else 0)


if __name__ == "__main__":
    main()
