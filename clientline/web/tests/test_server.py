"""gunicorn as the product configures it: what its workers count together, what it logs, and how it stops."""

import signal
import threading
import time
import urllib.request

import pytest
from django.conf import settings
from django.db import connection, transaction

from accounts.tests.factories import PASSWORD, token_for
from clientline import zones
from clientline.tests.served_copies import CopiedGunicorn
from clientline.web.tests.servers import METRICS_TOKEN
from services.models import Service

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("server")]
# Of who holds something in this database: other workers' tests have theirs on the same server.
WAITING = """
    SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""


def test_the_log_begins_with_the_version_and_the_rules_in_force(server):
    wait_for(lambda: f"ClientLine {settings.VERSION}, time zone rules of {zones.RULES}" in server.output)


def counters(server):
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_workers_count_together_and_killed_ones_have_counted(server, salon):
    token, before = token_for(salon.admin), counters(server)
    threads = [threading.Thread(target=lambda: server.call("GET", "/users", token=token)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    booking = {
        "client": salon.client.pk,
        "staff": salon.staff.pk,
        "service": salon.service.pk,
        "appointment_date": "2027-01-04T09:00:00Z",
    }
    assert server.call("POST", "/appointments", token=token, body=booking).status == 201
    assert server.call("POST", "/appointments", token=token, body=booking).body["code"] == "slot_taken"
    expected = {
        'clientline_requests_total{route="/users",method="GET",status="200"}': 20,
        'clientline_visits_total{action="booked"}': 1,
        'clientline_refusals_total{code="slot_taken"}': 1,
    }
    for _ in range(4):
        found = counters(server)
        assert {name: found[name] - before.get(name, 0) for name in expected} == expected
    assert found["clientline_database_up"] == 1


def test_the_log_is_json_with_one_line_per_request_and_no_secret(server, salon):
    body, said = {"email": salon.staff.email, "password": PASSWORD}, len(server.output)
    token = server.call("POST", "/auth/login?key=a-secret", body=body).body["token"]
    answer = server.call("GET", "/auth/me", token=token)
    server.call("GET", "/users/%0aforged")
    own = ("/auth/login", "/auth/me", "/users/%0Aforged")  # a request of the test before may be noted late
    requests = [each for each in server.list_requests(said) if each["path"] in own]
    assert [(each["method"], each["path"], each["status"], each["user"]) for each in requests] == [
        ("POST", "/auth/login", 200, None),
        ("GET", "/auth/me", 200, salon.staff.pk),
        ("GET", "/users/%0Aforged", 404, None),
    ]
    assert requests[1]["request_id"] == answer.headers["X-Request-ID"]
    assert list(requests[1]) == [
        "at", "level", "logger", "request_id", "method", "path", "status", "milliseconds", "user",
    ]  # fmt: skip
    for secret in (PASSWORD, token, "a-secret"):
        assert secret not in server.output


@pytest.fixture
def two_workers(transactional_db, django_db_blocker):
    """A server of the test's own, to be ended."""
    with CopiedGunicorn(django_db_blocker.unblock, "--workers=2") as server:
        yield server


def test_a_stopping_server_finishes_what_it_has_begun(two_workers, salon):
    """The request waits for a lock of ours; meanwhile the server is told to stop, and its idle worker ends."""
    answers = []

    def rename():
        path = f"/services/{salon.service.pk}"
        answers.append(two_workers.call("PATCH", path, token=token, body={"name": "Finished"}))

    token = token_for(salon.admin)
    with transaction.atomic():
        Service.objects.select_for_update().get(pk=salon.service.pk)
        request = threading.Thread(target=rename)
        request.start()
        wait_for(lambda: waiting_for_a_lock() == 1)
        two_workers.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Handling signal: term" in two_workers.output and "Worker exiting" in two_workers.output)
        assert answers == []
    request.join()
    assert (answers[0].status, answers[0].body["name"]) == (200, "Finished")
    assert two_workers.process.wait(timeout=20) == 0
    assert Service.objects.get(pk=salon.service.pk).name == "Finished"


def waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
