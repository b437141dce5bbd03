"""Workers killed in the middle of a call: another makes it again, under the same id, and no other is lost."""

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from clientline.demo.serving import PROJECT, write_database_url
from clientline.reach.webhooks.deliveries import write_deliveries
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.reach.webhooks.switchboard import CLAIM

# What a dead worker held is called again under its id in test_switchboard.py, without a process.
pytestmark = [pytest.mark.whole, pytest.mark.faults, pytest.mark.django_db(transaction=True)]
NUMBER, KILLS = 4, 2


@pytest.fixture
def start():
    """`start()` runs a worker of its own on the tests' database, which calls the tests' receivers."""
    processes = []

    def start():
        own = {
            "DATABASE_URL": write_database_url(connection.get_connection_params()),
            "SECRET_KEY": settings.SECRET_KEY,
            "WEBHOOK_NETWORKS": ",".join(settings.WEBHOOK_NETWORKS),
            "WEBHOOK_PORTS": ",".join(map(str, settings.WEBHOOK_PORTS)),
        }
        command = [sys.executable, "manage.py", "worker"]
        processes.append(subprocess.Popen(command, cwd=PROJECT, env=os.environ | own, stdout=subprocess.DEVNULL))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def wait_until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_call_whose_worker_was_killed_is_made_again_under_its_id(salon, receiver, listen, start):
    endpoint, home = listen(salon, receiver.url), salon.organization.pk
    bodies = [f'{{"number": {number}}}' for number in range(NUMBER)]
    write_deliveries("client.created", bodies, organization=home, now=timezone.now())
    receiver.after = 60
    for kill in range(KILLS):
        process = start()
        wait_until(lambda kill=kill: len(receiver.requests) > kill)
        process.kill()
        process.wait()
        # The claim that it leaves behind runs out by itself, for which the test does not wait.
        WebhookEndpoint.objects.filter(pk=endpoint.pk, attended_until__gt=timezone.now()).update(
            attended_until=timezone.now() - CLAIM
        )
    assert not WebhookAttempt.objects.exists()
    receiver.released.set()
    start()
    wait_until(lambda: WebhookDelivery.objects.filter(state="delivered").count() == NUMBER)
    first, *others = WebhookDelivery.objects.order_by("id")
    received = [(each.headers["webhook-id"], each.body) for each in receiver.requests]
    assert received == [(first.message_id, first.body)] * (KILLS + 1) + [
        (each.message_id, each.body) for each in others
    ]
    assert WebhookAttempt.objects.filter(failure="").count() == NUMBER
