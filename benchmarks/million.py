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
from payments.numbering import number_receipts

WALK_IN = "walk-in@large.example"
WALK_IN_VISITS = 124_000

MORE_PAYMENTS = """
    INSERT INTO payments (organization_id, appointment_id, amount, payment_method, status, settled_at, created_at)
    SELECT organization_id, id, price, 'card', 'completed', ends_at, ends_at FROM appointments AS visit
    WHERE organization_id = %(organization)s AND status = 'completed' AND mod(id, 20) <> 0
        AND NOT EXISTS (SELECT FROM payments WHERE appointment_id = visit.id)
"""
ONE_CLIENT = """
    UPDATE appointments SET client_id = %(client)s WHERE id IN (
        SELECT id FROM appointments WHERE organization_id = %(organization)s ORDER BY mod(id, 8), id LIMIT %(visits)s
    )
"""


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
        organization = world.add_large(cursor)
        cursor.execute(MORE_VISITS, [organization.pk])
        cursor.execute(MORE_PAYMENTS, {"organization": organization.pk})
        number_receipts(organization.pk)
        client = User.objects.create(organization=organization, name="Walk-in", email=WALK_IN, role="client")
        # Without statistics, what a trigger looks up of each visit reads all refunds for each.
        cursor.execute("ANALYZE")
        values = {"organization": organization.pk, "client": client.pk, "visits": WALK_IN_VISITS}
        cursor.execute(ONE_CLIENT, values)
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

organization, file, by = map(int, sys.argv[1:])
writing.write_list(organization=organization, file=0, by=by)  # what the first job of a worker loads
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


def measure_file(admin, client):
    began = time.perf_counter()
    asked = client.post("/exports", {"list": "appointments"}, format="json").json()
    answered = time.perf_counter() - began
    file = ListFile.objects.get(key=asked["id"])
    program = [sys.executable, "-c", WRITE, *map(str, (file.organization_id, file.pk, admin.pk))]
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
