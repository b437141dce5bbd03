"""What grows with an organization: 1,000,000 visits and their payments, one client with 124,000 of them.

Pages and answers in CPU of a process and of its PostgreSQL, beside a list of 100 in turns; and a CSV of all visits,
with the time until its page answers, until the file is ready, and the memory that the worker took.

The database, `<name>_benchmark_million`, is made on first use and kept.
"""

import argparse
import os
import subprocess
import sys
import time
from functools import partial
from statistics import median
from time import process_time

from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import words
from accounts.models import User
from benchmarks import turns, world
from benchmarks.availability import MORE_VISITS
from benchmarks.search import read_backend
from clientline.reach.files.models import ListFile
from organizations.audit import pause_audit

WALK_IN = "walk-in@large.example"

# Before there are nine more years of everybody's visits: 124,000 are of one client then, the newest among them.
ONE_CLIENT = """
    UPDATE appointments SET client_id = %(client)s
    WHERE organization_id = %(organization)s AND mod(id, 121) < 15
"""
MORE_PAYMENTS = """
    INSERT INTO payments (organization_id, appointment_id, amount, payment_method, status, settled_at, created_at,
        receipt_number)
    SELECT organization_id, visit.id, price, 'card', 'completed', ends_at, ends_at,
        last_number + row_number() OVER (ORDER BY ends_at, visit.id)
    FROM appointments AS visit JOIN receipt_counters USING (organization_id)
    WHERE organization_id = %(organization)s AND status = 'completed' AND mod(visit.id, 20) <> 0
        AND NOT EXISTS (SELECT FROM payments WHERE appointment_id = visit.id)
    ORDER BY ends_at, visit.id;

    UPDATE receipt_counters AS counter SET last_number = last
    FROM (SELECT max(receipt_number) AS last FROM payments WHERE organization_id = %(organization)s) AS given
    WHERE organization_id = %(organization)s
"""
# The figures of clients are counted once for all: kept row by row, they took as long as the visits themselves.
PAUSE_COUNTING = "".join(
    f"ALTER TABLE {table} DISABLE TRIGGER {table}_count_new, DISABLE TRIGGER {table}_count_changed;"
    for table in ("appointments", "payments", "refunds")
)
COUNT = PAUSE_COUNTING.replace("DISABLE", "ENABLE") + "SELECT count_client_totals(%(organization)s)"


def enter():
    """Turn this process to the world of a million. Returns the organization's admin and the client with most visits."""
    world.turn_to("million")
    if not User.objects.filter(email=WALK_IN).exists():
        fill()
    admin = User.objects.select_related("organization").get(organization__email=world.LARGE, role="admin")
    return admin, User.objects.get(email=WALK_IN)


def fill():
    print("Filling the database with 1,000,000 visits of one organization, once ...", flush=True)
    with pause_audit(), connection.cursor() as cursor:
        cursor.execute(PAUSE_COUNTING)
        organization = world.add_large(cursor)
        client = User.objects.create(organization=organization, name="Walk-in", email=WALK_IN, role="client")
        values = {"organization": organization.pk, "client": client.pk}
        for statement in (ONE_CLIENT, MORE_VISITS, "ANALYZE", MORE_PAYMENTS, COUNT):
            cursor.execute(statement, values)
    words.write_all_words(organization)
    world.vacuum()


ASKED = {
    "a client's card": ("admin", "/admin/accounts/user/{client}/change/", 80),
    "a client's balance": ("api", "/users/{client}/balance", 80),
    "visits, a search that finds nothing": ("api", "/appointments?search=zzyzx", 40),
    "payments, a search that finds nothing": ("api", "/payments?search=zzyzx", 40),
    "the back office's list of visits, the same": ("admin", "/admin/appointments/appointment/?q=zzyzx", 40),
    "the back office's list of payments, the same": ("admin", "/admin/payments/payment/?q=zzyzx", 40),
    "visits for which something is due": ("api", "/appointments?due=true", 80),
}
MOST_SECONDS_TO_ANSWER, MOST_SECONDS, MOST_MEMORY = 1, 60, 30  # MB

# A worker by itself: what it takes to write the file whose keys are its arguments.
WRITE = """
import sys, threading, time
import django
django.setup()
from pathlib import Path
from clientline.reach.files import writing

def weigh():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

def watch():
    while not ended.wait(0.2):
        weights.append(weigh())

organization, short, file, by = map(int, sys.argv[1:])
writing.write_list(organization=organization, file=short, by=by)  # what the first list of a worker loads
before, weights, ended = weigh(), [], threading.Event()
thread = threading.Thread(target=watch)
thread.start()
began, cpu = time.perf_counter(), time.process_time()
writing.write_list(organization=organization, file=file, by=by)
ended.set()
thread.join()
print("written", time.perf_counter() - began, time.process_time() - cpu, max(weights) - before)
"""


def sign_in(admin):
    by_token = APIClient(HTTP_AUTHORIZATION=f"Bearer {world.secret_of(admin)}", SERVER_NAME="127.0.0.1")
    by_session = Client(SERVER_NAME="127.0.0.1")
    by_session.force_login(admin)
    return {"api": by_token, "admin": by_session}


def measure(client, path, repeats):
    """CPU milliseconds of one answer, here and in the backend."""
    if client.get(path).status_code != 200:
        raise RuntimeError(f"{client.get(path).status_code} for {path}")
    before = process_time() + read_backend()
    for _ in range(repeats):
        client.get(path)
    return (process_time() + read_backend() - before) / repeats * 1000


def measure_pages(clients, client, chosen):
    table = turns.Table(("ms of CPU", "at most"))
    paths = {name: path.format(client=client.pk) for name, (_, path, _) in ASKED.items()}
    measures = [partial(measure, clients[ASKED[name][0]], path, chosen.repeats) for name, path in paths.items()]
    for name, found in zip(paths, turns.in_turns(chosen.rounds, *measures), strict=True):
        most = ASKED[name][2]
        table.row(name[:34], median(found), most, reached=median(found) <= most)
    return table.short


def ask_for_file(client, listed):
    asked = client.post("/exports", {"list": listed}, format="json").json()
    return ListFile.objects.get(key=asked["id"])


def measure_file(admin, client):
    short = ask_for_file(client, "services")
    began = time.perf_counter()
    file = ask_for_file(client, "appointments")
    answered = time.perf_counter() - began
    program = [sys.executable, "-c", WRITE, *map(str, (file.organization_id, short.pk, file.pk, admin.pk))]
    environment = os.environ | world.environment() | {"DJANGO_SETTINGS_MODULE": "clientline.settings"}
    told = subprocess.run(program, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, cpu, grown = map(float, told.partition("written")[2].split())
    file.refresh_from_db()
    table = turns.Table((f"{file.rows:,} rows", "at most"))
    table.row("seconds until it is answered", answered, MOST_SECONDS_TO_ANSWER, reached=answered <= 1)
    table.row("seconds until it is ready", seconds, MOST_SECONDS, reached=seconds <= MOST_SECONDS)
    table.row("of these, CPU of the worker", cpu, "", reached=True)
    table.row("MB that the worker grew by", grown, MOST_MEMORY, reached=grown <= MOST_MEMORY)
    file.delete()
    return table.short


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=10)
    chosen = parser.parse_args()
    admin, client = enter()
    clients = sign_in(admin)
    short = measure_pages(clients, client, chosen) + measure_file(admin, clients["api"])
    sys.exit(f"{short} short of the target." if short else 0)


if __name__ == "__main__":
    main()
