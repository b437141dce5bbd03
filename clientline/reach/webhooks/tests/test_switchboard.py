"""Calls to real receivers: what is due is sent, what fails comes again, and who hangs delays nobody else."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import standardwebhooks
from django.db import connection
from django.utils import timezone

from clientline.reach.webhooks import endpoints
from clientline.reach.webhooks.deliveries import EndpointDisabled, forget_old, send_again, write_deliveries, write_test
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.reach.webhooks.switchboard import CLAIM, LOOK, STEADY, claim_calls, measure_webhooks, switchboard
from organizations.models import Audit

pytestmark = pytest.mark.django_db

BOOKED, MOVED = "appointment.booked", "appointment.moved"


def owe(endpoint, kind=BOOKED, number=1, now=None):
    organization = endpoint.organization_id
    bodies = [json.dumps({"type": kind, "number": each}) for each in range(number)]
    keys = write_deliveries(kind, bodies, organization=organization, now=now or timezone.now())
    return list(WebhookDelivery.objects.filter(pk__in=keys, endpoint=endpoint).order_by("id"))


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def make_due(delivery):
    """As if the time had passed."""
    WebhookDelivery.objects.filter(pk=delivery.pk, due_at__isnull=False).update(due_at=timezone.now())


def attempts_of(delivery):
    return list(delivery.attempts.order_by("id").values_list("status", "failure"))


def test_what_is_due_is_sent_signed_and_noted(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    [delivery] = owe(endpoint)
    work()
    [request] = receiver.requests
    assert request.body == delivery.body
    assert request.headers["webhook-id"] == f"msg_{delivery.key.hex}"
    assert standardwebhooks.Webhook(endpoint.secret).verify(request.body, request.headers) == json.loads(delivery.body)
    delivery, endpoint = fresh(delivery), fresh(endpoint)
    assert (delivery.state, delivery.due_at, attempts_of(delivery)) == ("delivered", None, [(204, "")])
    assert (endpoint.failing_since, endpoint.version) == (None, 1)
    assert endpoint.attended_until <= timezone.now()


def test_what_fails_comes_again_under_the_same_id_and_its_own_second(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    [delivery], receiver.status, before = owe(endpoint), 500, timezone.now()
    work()
    delivery = fresh(delivery)
    assert (delivery.state, delivery.tries) == ("pending", 1)
    assert 4 <= (delivery.due_at - before).total_seconds() <= 10
    work()
    assert len(receiver.requests) == 1  # not before its time
    make_due(delivery)
    receiver.status = 200
    time.sleep(1.1)
    work()
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    standardwebhooks.Webhook(endpoint.secret).verify(second.body, second.headers)
    assert (fresh(delivery).state, attempts_of(delivery)) == ("delivered", [(500, "status"), (200, "")])
    assert fresh(endpoint).failing_since is None


@pytest.mark.sweep
def test_after_ten_attempts_it_has_failed(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    [delivery], receiver.status = owe(endpoint), 500
    for _ in range(12):
        work()
        make_due(delivery)
    assert (fresh(delivery).state, fresh(delivery).due_at) == ("failed", None)
    assert attempts_of(delivery) == [(500, "status")] * 10
    assert fresh(endpoint).is_active


def test_sent_again_it_is_called_at_once_and_climbs_the_ladder_anew(salon, receiver, listen, work):
    [delivery], receiver.status = owe(listen(salon, receiver.url)), 500
    WebhookDelivery.objects.filter(pk=delivery.pk).update(state="failed", due_at=None, tries=10)
    send_again(delivery=fresh(delivery), now=timezone.now())
    work()
    assert (fresh(delivery).state, fresh(delivery).tries, len(receiver.requests)) == ("pending", 1, 1)
    receiver.status = 200
    send_again(delivery=fresh(delivery), now=timezone.now())
    work()
    send_again(delivery=fresh(delivery), now=timezone.now())  # it arrived, and was lost over there
    work()
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert (fresh(delivery).state, len(receiver.requests)) == ("delivered", 3)


def test_gone_disables_at_once(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    first, second = owe(endpoint, number=2)
    receiver.status = 410
    work()
    endpoint = fresh(endpoint)
    assert (endpoint.is_active, endpoint.disabled_reason, endpoint.version) == (False, "gone", 2)
    assert (fresh(first).state, fresh(second).state, len(receiver.requests)) == ("failed", "pending", 1)
    assert owe(endpoint) == []
    with pytest.raises(EndpointDisabled):
        send_again(delivery=fresh(first), now=timezone.now())
    with pytest.raises(EndpointDisabled):
        write_test(endpoint=endpoint, now=timezone.now())


def test_enabled_again_it_gets_what_waited(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    owe(endpoint, number=2)
    receiver.status = 410
    work()
    receiver.status = 200
    endpoints.change_endpoint(endpoint=fresh(endpoint), changes={"is_active": True})
    work()
    assert [request.body for request in receiver.requests] == [
        '{"type": "appointment.booked", "number": 0}',
        '{"type": "appointment.booked", "number": 1}',
    ]
    assert (fresh(endpoint).disabled_reason, fresh(endpoint).failing_since) == ("", None)


def test_a_redirect_is_a_failure(salon, receive, listen, work):
    elsewhere, receiver = receive(), receive()
    receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
    [delivery] = owe(listen(salon, receiver.url))
    work()
    assert (attempts_of(delivery), elsewhere.requests) == ([(302, "redirect")], [])


@pytest.mark.parametrize("status", [429, 503])
def test_who_wants_time_is_left_alone_for_it(salon, receiver, listen, work, status):
    endpoint = listen(salon, receiver.url)
    first, second = owe(endpoint, number=2)
    receiver.status, receiver.headers, before = status, {"Retry-After": "3600"}, timezone.now()
    work()
    ready = fresh(first).due_at
    assert 3600 <= (ready - before).total_seconds() < 3700
    assert (fresh(endpoint).attended_until, len(receiver.requests)) == (ready, 1)  # the second waits as well
    assert claim_calls(True, 9, now=ready - timedelta(seconds=1)) == []
    assert [call.delivery for call in claim_calls(True, 9, now=ready)] == [second.pk]


def test_of_others_retry_after_means_nothing(salon, receiver, listen, work):
    [delivery] = owe(listen(salon, receiver.url))
    receiver.status, receiver.headers, before = 500, {"Retry-After": "3600"}, timezone.now()
    work()
    assert (fresh(delivery).due_at - before).total_seconds() < 60


def test_five_days_without_a_success_disable_it_and_the_audit_tells(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    [delivery], receiver.status = owe(endpoint), 500
    work()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - timedelta(days=4, hours=23))
    make_due(delivery)
    work()
    assert fresh(endpoint).is_active
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - timedelta(days=5))
    make_due(delivery)
    work()
    assert (fresh(endpoint).is_active, fresh(endpoint).disabled_reason) == (False, "failing")
    told = Audit.objects.filter(table="webhook_endpoints", row=endpoint.pk, action="update").values_list("changes")
    assert [changes for (changes,) in told] == [
        {"is_active": ["true", "false"], "disabled_reason": [None, "failing"], "version": ["1", "2"]}
    ]


def test_one_success_in_five_days_is_enough(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now() - timedelta(days=5))
    owe(endpoint)
    work()
    assert (fresh(endpoint).is_active, fresh(endpoint).failing_since) == (True, None)


def test_a_test_is_one_attempt_and_says_nothing_of_the_endpoint(salon, receiver, listen, work):
    endpoint, receiver.status = listen(salon, receiver.url), 500
    delivery = write_test(endpoint=endpoint, now=timezone.now())
    work()
    assert (fresh(delivery).state, attempts_of(delivery)) == ("failed", [(500, "status")])
    assert fresh(endpoint).failing_since is None
    body = json.loads(receiver.requests[0].body)
    assert body["type"] == "webhook.test"
    assert body["data"] == {"ids": {"webhook": endpoint.pk}, "status": "test", "version": 1, "start": None}


def test_while_a_secret_is_replaced_both_sign_until_the_former_ends(salon, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    former, now = endpoint.secret, timezone.now()
    endpoints.rotate_secret(endpoint=fresh(endpoint), now=now, hours=24)
    new = fresh(endpoint).secret
    owe(endpoint)
    work()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(former_secret_until=now)
    owe(endpoint)
    work()
    during, after = receiver.requests
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    for secret in (former, new):
        standardwebhooks.Webhook(secret).verify(during.body, during.headers)
    standardwebhooks.Webhook(new).verify(after.body, after.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(former).verify(after.body, after.headers)


@pytest.mark.sweep
def test_who_hangs_delays_nobody_else(salon, clinic, receive, listen):
    hanging, steady = receive(), receive()
    hanging.after = 60
    for cast in (salon, clinic):
        listen(cast, hanging.url, events=[MOVED])
        owe(listen(cast, hanging.url, events=[BOOKED]), number=5)
        owe(listen(cast, steady.url, events=[MOVED]), MOVED, number=5)
    while len(steady.requests) < 10:
        switchboard.go()
    assert len(hanging.requests) == 4  # one at a time to each endpoint
    assert not WebhookAttempt.objects.exclude(delivery__endpoint__url=steady.url).exists(), "who hangs was waited for"
    hanging.released.set()
    while switchboard.calls:
        switchboard.go()


def test_who_takes_a_while_to_answer_is_called_again_without_a_pause(salon, receiver, listen, work):
    owe(listen(salon, receiver.url), number=2)
    receiver.after = 2 * LOOK
    work()
    assert len(receiver.requests) == 2


def test_endpoints_that_fail_have_lines_of_their_own(salon, listen):
    endpoint = listen(salon)
    owe(endpoint)
    now = timezone.now()
    assert claim_calls(True, 9, now=now) == []
    WebhookEndpoint.objects.update(failing_since=now)
    assert claim_calls(STEADY, 9, now=now) == []
    assert claim_calls(True, 0, now=now) == []
    assert len(claim_calls(True, 9, now=now)) == 1


def test_who_was_called_longest_ago_comes_first(salon, listen):
    waiting = [listen(salon) for _ in range(3)]
    owe(waiting[0])
    now = timezone.now()
    for endpoint, ago in zip(waiting, (1, 3, 2), strict=True):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(attended_until=now - timedelta(minutes=ago))
    claimed = [claim_calls(STEADY, 1, now=now)[0].delivery for _ in waiting]
    order = list(WebhookDelivery.objects.filter(pk__in=claimed).values_list("pk", "endpoint"))
    assert [dict(order)[pk] for pk in claimed] == [waiting[1].pk, waiting[2].pk, waiting[0].pk]
    assert claim_calls(STEADY, 1, now=now) == []


def test_what_a_dead_worker_was_calling_is_called_again_under_the_same_id(salon, listen):
    [delivery] = owe(listen(salon))
    now = timezone.now()
    [lost] = claim_calls(STEADY, 9, now=now)
    assert claim_calls(STEADY, 9, now=now + CLAIM - timedelta(seconds=1)) == []
    [again] = claim_calls(STEADY, 9, now=now + CLAIM)
    assert (again.delivery, again.key, again.body) == (delivery.pk, lost.key, lost.body)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_workers_at_once_claim_each_call_once(salon, clinic, listen):
    for cast in (salon, clinic):
        for _ in range(5):
            owe(listen(cast, events=[BOOKED]))
    now, ready = timezone.now(), threading.Barrier(4)

    def claim():
        try:
            ready.wait()
            return [call.delivery for _ in range(3) for call in claim_calls(STEADY, 2, now=now)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        claimed = [pk for found in [workers.submit(claim) for _ in range(4)] for pk in found.result()]
    claimed += [call.delivery for call in claim_calls(STEADY, 20, now=now)]
    assert len(claimed) == len(set(claimed)) == 10


def test_what_is_deleted_during_its_call_is_noted_nowhere(salon, receiver, listen, work):
    endpoint, receiver.after = listen(salon, receiver.url), 60
    owe(endpoint)
    switchboard.go()
    endpoints.remove_endpoint(endpoint=endpoint)
    receiver.released.set()
    work()
    assert WebhookAttempt.objects.count() == WebhookDelivery.objects.count() == 0


def test_the_calls_are_measured(salon, listen):
    nothing = {"webhooks_due": 0, "webhooks_oldest_seconds": 0}
    nothing |= {"webhook_endpoints_failing": 0, "webhook_endpoints_disabled": 0}
    assert measure_webhooks() == nothing
    now = timezone.now()
    owe(listen(salon), now=now - timedelta(minutes=1))
    owe(listen(salon, events=[MOVED]), MOVED, now=now + timedelta(hours=1))
    WebhookEndpoint.objects.update(failing_since=now)
    owe(listen(salon, is_active=False, disabled_reason="gone"))
    found = measure_webhooks()
    assert 55 <= found.pop("webhooks_oldest_seconds") < 120  # it is the transaction's now
    assert found == {"webhooks_due": 1, "webhook_endpoints_failing": 2, "webhook_endpoints_disabled": 1}


def test_after_a_month_all_is_forgotten(salon, receiver, listen, work):
    endpoint, now = listen(salon, receiver.url), timezone.now()
    [old], [young] = owe(endpoint), owe(endpoint)
    work()
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=30, seconds=1))
    WebhookDelivery.objects.filter(pk=young.pk).update(created_at=now - timedelta(days=29))
    assert not forget_old(now=now)
    assert list(WebhookDelivery.objects.all()) == [young]
    assert WebhookAttempt.objects.get().delivery == young
