"""Workers and the database killed while a thousand reminders leave: each is received, and none twice."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from email import message_from_bytes

import psycopg
import pytest

from appointments.tests.load import House
from clientline.demo.serving import PROJECT
from clientline.reach.tests.mailbox import Mailbox, serve

# What a dead worker leaves is sent again under its id in test_sending.py in every `make test`, by a worker that stops
# short of marking it.
pytestmark = [pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("killed workers")]
PLAN = """
from datetime import timedelta
from django.utils import timezone
from appointments.models import Appointment
from appointments.signals import visits_changed
from appointments.tests.factories import days_ahead
from clientline.reach.messages.models import Message
from organizations.models import Organization

home = Organization.objects.get(name="Salon")
shape = Appointment.objects.filter(organization=home).select_related("client", "organization").earliest("id")
now, length = timezone.now(), timedelta(minutes=5)
begin = days_ahead(2, 0)
times = [begin + length * number for number in range({count})]
visits = [
    Appointment(organization=home, client=shape.client, staff_id=shape.staff_id, service_id=shape.service_id, price=0,
        appointment_date=start, ends_at=start + length, busy_from=start, busy_until=start + length,
        cancellation_notice=0, late_cancellation_fee=0, no_show_fee=0)
    for start in times
]
Appointment.objects.bulk_create(visits)
visits_changed.send(sender=Appointment, visits=visits, happened="booked", now=now - timedelta(days=1))
Message.objects.filter(kind="confirmation").delete()
Message.objects.update(due_at=now, try_at=now)
print(Message.objects.count())
"""
CHANGE = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from appointments import booking
from appointments.models import Appointment

visits = Appointment.objects.select_related("organization", "staff", "service", "client").order_by("-id")
far = timedelta(days=60)
for number, pk in enumerate([visit.pk for visit in visits.filter(price=0)[:{count}]]):
    with transaction.atomic():
        visit = visits.select_for_update(of=("self",)).get(pk=pk)
        if number % 2:
            booking.cancel(by=None, visit=visit, reason="Ill", now=timezone.now())
        else:
            booking.reschedule(by=None, visit=visit, appointment_date=visit.appointment_date + far, now=timezone.now())
print("changed")
"""
COUNT = "SELECT kind, state, reason, count(*) FROM messages GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"


class Post(Mailbox):
    """Kills whom it is told to, in the moment between taking a mail and saying so."""

    def __init__(self):
        super().__init__()
        self.victim = self.after = None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.raw.append(envelope.content)
        if self.victim and len(self.raw) >= self.after:
            os.kill(self.victim, signal.SIGKILL)
            self.victim = None
        return "250 OK"

    def count_by_id(self):
        return Counter(message_from_bytes(raw)["Message-ID"] for raw in list(self.raw))


@pytest.fixture
def house():
    with tempfile.TemporaryDirectory(prefix="killed-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as data:
        house = House(data)
        house.furnish()
        yield house
        house.cluster.stop()


@pytest.fixture
def post():
    handler = Post()
    server = serve(handler)
    handler.port = server.port
    yield handler
    server.stop()


def start(house, post, *command):
    own = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(post.port),
        "DEFAULT_FROM_EMAIL": "visits@clientline.example",
        "PUBLIC_URL": "https://book.example",
    }
    environment = os.environ | house.environment | own
    return subprocess.Popen([sys.executable, "manage.py", *command], cwd=PROJECT, env=environment)


def ask(house, statement):
    address = {"host": str(house.cluster.ensure_running()), "port": 5432, "user": "clientline", "dbname": "clientline"}
    with psycopg.connect(**address, autocommit=True) as link:
        found = link.execute(statement)
        return found.fetchall() if found.description else None


def wait_until(holds, seconds=120):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_again_and_again(house, post, *, kills, database_kills, total):
    """Workers die at the worst moment, or at any; the database in between."""
    at_the_database = {(number + 1) * kills // (database_kills + 1) for number in range(database_kills)}
    for number in range(kills):
        process = start(house, post, "worker")
        target = (number + 1) * total // (kills + 2)
        if number % 2 == 0:
            post.after, post.victim = target, process.pid
        wait_until(lambda target=target: len(post.raw) >= target)
        if number in at_the_database:
            os.kill(house.cluster.status().pid, signal.SIGKILL)
            so_far = len(post.raw)
            if process.poll() is None and number % 2:
                wait_until(lambda so_far=so_far: len(post.raw) > so_far)  # it goes on by itself
        process.kill()
        process.wait()


def run_to_the_end(house, post):
    """What dead workers left is taken for left after minutes, which the test does not wait."""
    ask(house, "UPDATE messages SET claimed_at = claimed_at - interval '5 minutes' WHERE state = 'sending'")
    ask(house, "UPDATE messages SET try_at = now() WHERE state = 'planned' AND due_at <= now()")
    process = start(house, post, "worker")
    left = "SELECT count(*) FROM messages WHERE state = 'sending' OR state = 'planned' AND due_at <= now()"
    wait_until(lambda: ask(house, left) == [(0,)])
    process.terminate()
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("received", "changed", "kills", "database_kills"),
    [(40, 10, 2, 1), (1000, 100, 30, 2)],
)
def test_each_reminder_is_received_and_none_twice(house, post, received, changed, kills, database_kills):
    planned = house.manage("shell", "--no-imports", "--command", PLAN.replace("{count}", str(received + changed)))
    assert json.loads(planned) == received + changed
    changing = start(house, post, "shell", "--no-imports", "--command", CHANGE.replace("{count}", str(changed)))
    if received > 100:
        wait_until(lambda: ask(house, "SELECT count(*) FROM messages WHERE kind = 'moved'") > [(0,)])
    else:
        assert changing.wait(timeout=120) == 0
    kill_again_and_again(house, post, kills=kills, database_kills=database_kills, total=received)
    assert changing.wait(timeout=120) == 0
    run_to_the_end(house, post)

    half, counts = changed // 2, post.count_by_id()
    told = {(kind, state, reason): count for kind, state, reason, count in ask(house, COUNT)}
    assert told == {
        ("cancelled", "sent", ""): half,
        ("moved", "sent", ""): half,
        ("reminder", "planned", ""): half,  # of the visits moved, at their new times
        ("reminder", "sent", ""): received,
        ("reminder", "skipped", "cancelled"): half,
        ("reminder", "skipped", "moved"): half,
    }
    assert set(counts) == {row[0] for row in ask(house, "SELECT message_id FROM messages WHERE state = 'sent'")}
    # Whoever was killed between sending and marking sends once more under the same Message-ID.
    assert max(counts.values()) <= 2
    assert 0 < sum(counts.values()) - len(counts) <= kills + database_kills
