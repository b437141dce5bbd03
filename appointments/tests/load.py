"""A salon on a database server of its own, and callers who book and pay there while things break."""

import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta

import psycopg
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db import connection

from accounts.tests.factories import PASSWORD, WORK_FACTOR, token_for
from appointments.tests.factories import days_ahead
from clientline.demo.serving import PROJECT
from clientline.postgres.cluster import Cluster
from clientline.tests.casts import make_cast
from clientline.tests.copies import start_copy

CALLERS = 8
PATIENCE = 60  # seconds
REST = 0.02  # seconds of a caller between two visits: haste would cost processors for as long as a fault lasts
ONCE_EACH = (1, 1, 1)  # visit, line of history, payment
IN_A_HOUSE = {"NAME": "clientline", "USER": "clientline", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}}
FIRST_SLOT = days_ahead(30, hour=0)
PREPARE = """
import json
from django.core.management import call_command
from appointments.tests.load import prepare

call_command("migrate", verbosity=0)
print(json.dumps(prepare()))
"""
EFFECTS = """
SELECT visit.notes, count(DISTINCT visit.id), count(DISTINCT entry.id), count(DISTINCT payment.id)
FROM appointments visit
LEFT JOIN appointment_history entry ON entry.appointment_id = visit.id
LEFT JOIN payments payment ON payment.appointment_id = visit.id
WHERE visit.notes LIKE 'key %' GROUP BY visit.notes
"""


def prepare():
    """Make a salon where connections of this process go; the ids of its people, and a token of its admin."""
    salon = make_cast("Salon")
    # A server hashes a cheaper password anew when somebody signs in, which would end the token.
    ScryptPasswordHasher.work_factor = WORK_FACTOR
    salon.admin.set_password(PASSWORD)
    salon.admin.save()
    people = {name: getattr(salon, name).pk for name in ("client", "colleague", "service")}
    return people | {"token": token_for(salon.admin)}


class House:
    """A salon and its database server, which tests may kill, starve and destroy."""

    def __init__(self, data):
        self.cluster = Cluster(data)
        self.place = IN_A_HOUSE | {"EMBEDDED_DATA": data}  # as settings say it
        self.environment = {"CLIENTLINE_DATA": data, "DATABASE_URL": "", "SECRET_KEY": "of this test"}
        self.slots = itertools.count()

    def furnish(self):
        """Migrate, and make the salon."""
        self.move_in(json.loads(self.manage("shell", "--no-imports", "--command", PREPARE)))

    def furnish_beside(self, unblock):
        """Make the salon where all tables are, in a copy of this process, whose access to databases is `unblock`."""
        file = self.cluster.data / "salon.json"
        process = start_copy(self._prepare, unblock, file)
        process.join()
        assert process.exitcode == 0
        self.move_in(json.loads(file.read_text()))

    def _prepare(self, unblock, file):
        connection.settings_dict |= self.place
        with unblock():
            file.write_text(json.dumps(prepare()))

    def move_in(self, salon):
        self.token, self.service = salon["token"], salon["service"]
        self.visit = {"client": salon["client"], "staff": salon["colleague"], "service": salon["service"]}

    def manage(self, *arguments, **variables):
        """What manage.py says to these arguments in this environment; raises CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return subprocess.check_output(command, cwd=PROJECT, env=os.environ | self.environment | variables, text=True)

    def program(self, name, *arguments):
        """What one of PostgreSQL's programs says that needs no server."""
        return subprocess.check_output([self.cluster.find_binary(name), *arguments], text=True)

    def connect(self, user="clientline", **options):
        host = str(self.cluster.ensure_running())
        return psycopg.connect(host=host, port=5432, user=user, dbname="clientline", **options)

    def effects(self):
        """What the database holds of each key: how many visits, lines of their history, and payments."""
        with self.connect() as connection:
            return {key: tuple(counts) for key, *counts in connection.execute(EFFECTS)}


class Load:
    """Callers who book one free slot after the other and take its money, until the block ends.

    Each request has an Idempotency-Key, and is sent again until it is done. `booked` are the keys of answered
    bookings, `done` those of answered payments, too; `tried` are all. Callers rest for `rest` seconds after each, and
    give up what was not answered for `patience` seconds.
    """

    def __init__(self, server, house, *, rest=REST, patience=PATIENCE):
        self.server, self.house, self.rest, self.patience = server, house, rest, patience
        self.tried, self.booked, self.done, self.failures = [], [], [], []
        self.refusals, self.cuts = Counter(), 0
        self.spans = []  # of each request, when it was first sent and when it was done
        self.over = threading.Event()
        self.callers = [threading.Thread(target=self.book_on) for _ in range(CALLERS)]

    def __enter__(self):
        for caller in self.callers:
            caller.start()
        try:
            self.wait_for_bookings(CALLERS)
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def slowest(self):
        return max(self.spans, key=lambda span: span[1] - span[0], default=(0, 0))

    @property
    def longest(self):
        began, done = self.slowest
        return done - began

    def __exit__(self, *exception):
        self.over.set()
        for caller in self.callers:
            caller.join()
        told = f"{dict(self.refusals)}, {self.cuts} cuts, the longest request until done: {self.longest:.1f} s"
        sys.stdout.write(f"{len(self.done)} visits, {told}\n")

    def book_on(self):
        try:
            while not self.over.is_set():
                self.book_and_pay(next(self.house.slots))
                self.over.wait(self.rest)
        except Exception as failure:  # shown by the test: a thread's own would be lost
            self.failures.append(repr(failure))

    def book_and_pay(self, number):
        key, start = f"key {number}", FIRST_SLOT + timedelta(minutes=30) * number
        self.tried.append(key)
        visit = self.house.visit | {"appointment_date": start.isoformat(), "notes": key}
        visit = self.send_until_done("/appointments", visit, key)
        self.booked.append(key)
        payment = {"appointment": visit["id"], "amount": "1.00", "status": "completed", "allow_overpayment": True}
        self.send_until_done("/payments", payment | {"payment_method": "cash"}, f"{key} paid")
        self.done.append(key)

    def send_until_done(self, path, body, key):
        began = time.monotonic()
        while time.monotonic() < began + self.patience:
            answer = self.send(path, body, key)
            if answer and answer.status == 201:
                self.spans.append((began, time.monotonic()))
                return answer.body
            time.sleep(0.05)  # less than Retry-After asks for: this is a test of haste
        raise TimeoutError(key)

    def send(self, path, body, key):
        """The answer, or None where the connection broke."""
        try:
            answer = self.server.call("POST", path, token=self.house.token, body=body, Idempotency_Key=key)
        except (ConnectionError, http.client.HTTPException):
            self.cuts += 1
            return None
        if answer.status != 201:
            self.refusals[as_problem(answer)] += 1
        return answer

    def wait_for_bookings(self, more):
        aim = len(self.booked) + more
        wait_until(lambda: self.failures or len(self.booked) >= aim, self.patience)


def as_problem(answer):
    """Status, code and Retry-After of what must be a problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status, answer.body["code"], answer.headers["Retry-After"]


def wait_until(condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
