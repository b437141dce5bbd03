"""POSTs with Idempotency-Keys while effects are lost before their commit, and workers killed: one effect per key."""

import http.client
import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.db import connection

from accounts.tests.factories import token_for
from appointments.tests.load import wait_until
from services.models import Service

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]

CRASHING = """
    CREATE SEQUENCE effects;
    CREATE FUNCTION crash() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('effects') % 2 = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        PERFORM pg_sleep(0.02);
        RETURN NEW;
    END $$;
    CREATE TRIGGER crash AFTER INSERT ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION crash();
"""


@pytest.fixture
def crashing(gunicorn):
    """Every second effect is lost before its commit, and so are some workers."""
    wait_until(lambda: len(gunicorn.workers) >= 2)  # a server answers as soon as its first does
    with connection.cursor() as cursor:
        cursor.execute(CRASHING)
        yield gunicorn
        cursor.execute("DROP TRIGGER crash ON idempotency_keys; DROP FUNCTION crash(); DROP SEQUENCE effects")


def count_effects():
    """Lost ones, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM effects")
        return cursor.fetchone()[0]


def test_12_threads_with_the_same_keys_and_crashes_have_one_effect_per_key(crashing, salon, everything):
    token, keys = token_for(salon.manager), [f"key {n}" for n in range(10 if everything else 4)]
    answers, losses, killed = count(), Counter(), crashing.workers[-2:]
    kills = {12: 0, 36: 1} if everything else {12: 0}  # by which answer, of which worker

    def insist(key):
        """Ask until it is answered."""
        for _ in range(1000):
            try:
                answer = crashing.call("POST", "/services", token=token, body={"name": key}, Idempotency_Key=key)
            except (ConnectionError, http.client.HTTPException):
                losses["connection"] += 1
                continue
            if answer.status == 201:
                if (worker := kills.get(next(answers))) is not None:
                    os.kill(killed[worker], signal.SIGKILL)
                return answer.body["id"]
            assert (answer.status, answer.body["code"]) in ((409, "request_in_progress"), (503, "unavailable"))
            losses[answer.body["code"]] += 1
            time.sleep(0.02)
        raise AssertionError(f"{key} was never answered: {losses}")

    def insist_on_all(_):
        return {key: insist(key) for key in random.sample(keys, len(keys))}

    with ThreadPoolExecutor(12) as threads:
        told = list(threads.map(insist_on_all, range(12)))

    assert told == [told[0]] * 12
    assert {row.name: row.pk for row in Service.objects.filter(name__startswith="key ")} == told[0]
    assert count_effects() >= 2 * len(keys)
    assert losses["connection"] > 0
