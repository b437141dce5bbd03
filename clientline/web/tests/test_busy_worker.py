"""A worker whose threads are all busy: what it answers at once, and whose requests have to wait."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from accounts.tests.factories import token_for
from clientline.web.tests.senders import ask
from clientline.web.tests.test_server import wait_for, waiting_for_a_lock
from services.models import Service

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("gunicorn")]


class Holders:
    """Requests of the admin of `cast` that wait for the row of its service, which this test holds."""

    def __init__(self, server, cast):
        self.server, self.service, self.token = server, cast.service, token_for(cast.admin)
        self.path = f"/services/{cast.service.pk}"
        server.call("GET", self.path, token=self.token)  # a worker learns whose token it is

    def hold(self):
        Service.objects.select_for_update().get(pk=self.service.pk)

    def ask(self, callers, number):
        bodies = [{"name": str(n)} for n in range(number)]
        return [callers.submit(self.server.call, "PATCH", self.path, token=self.token, body=body) for body in bodies]


def test_live_is_answered_while_all_threads_wait(one_worker, salon):
    holders = Holders(one_worker, salon)
    with ThreadPoolExecutor(4) as callers, transaction.atomic():
        holders.hold()
        asked = holders.ask(callers, 4)
        wait_for(lambda: waiting_for_a_lock() == 4)
        for _ in range(5):
            ask(one_worker, "/live", "")
        assert waiting_for_a_lock() == 4
        transaction.set_rollback(True)
    assert {each.result().status for each in asked} <= {200, 503}


def test_one_organization_alone_is_always_answered(gunicorn, salon):
    token, day = token_for(salon.admin), f"{salon.visit.appointment_date:%F}"
    path = f"/availability?service={salon.service.pk}&from={day}&to={day}"
    with ThreadPoolExecutor(24) as callers:  # three for each thread
        asked = [callers.submit(gunicorn.call, "GET", path, token=token) for _ in range(24)]
        assert {each.result().status for each in asked} == {200}


def test_beside_another_organization_half_of_the_threads_are_a_share(one_worker, salon, clinic):
    ours, theirs, token = Holders(one_worker, salon), Holders(one_worker, clinic), token_for(clinic.staff)
    with ThreadPoolExecutor(20) as callers, transaction.atomic():
        ours.hold(), theirs.hold()
        asked = theirs.ask(callers, 1)
        wait_for(lambda: waiting_for_a_lock() == 1)
        asked += ours.ask(callers, 12)
        wait_for(lambda: waiting_for_a_lock() == 3)
        for path in ("/users", "/ready", "/live", "/users"):
            ask(one_worker, path, token)
        assert waiting_for_a_lock() == 3
        transaction.set_rollback(True)
    assert {each.result().status for each in asked} <= {200, 503}


@pytest.mark.whole
def test_what_is_over_its_share_for_too_long_is_told_so(one_worker, salon, clinic):
    ours, token, stop = Holders(one_worker, salon), token_for(clinic.staff), threading.Event()
    with ThreadPoolExecutor(20) as callers, transaction.atomic():
        ours.hold()
        callers.submit(lambda: [ask(one_worker, "/users", token) for _ in iter(lambda: stop.wait(0.1), True)])
        answers = [each.result() for each in ours.ask(callers, 16)]
        stop.set()
    late = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {429, 503}
    assert {answer.body["code"] for answer in late} == {"throttled"}
    assert 1 <= int(late[0].headers["Retry-After"]) <= 10
