"""`/webhooks`: set up, shown without its secret, tested, given another secret; every call looked at and repeated."""

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import timedelta
from itertools import cycle

import pytest
import standardwebhooks
from django.utils import timezone

from clientline.reach.webhooks import endpoints
from clientline.reach.webhooks.deliveries import write_deliveries
from clientline.reach.webhooks.models import WebhookDelivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

URL = "https://receiver.example/webhooks"
BODY = {"url": URL, "events": ["client.created", "appointment.booked"]}
SECRET = "whsec_" + b64encode(bytes(range(24))).decode()


@pytest.fixture
def admin(salon, api):
    return api(salon.admin)


@pytest.mark.sweep
def test_the_secret_is_shown_once(salon, admin):
    answer = admin.post("/webhooks", BODY)
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    secret = made.pop("secret")
    assert standardwebhooks.Webhook(secret)
    assert made == {
        "id": made["id"],
        "organization": salon.organization.pk,
        "url": URL,
        "description": "",
        "events": ["appointment.booked", "client.created"],
        "is_active": True,
        "disabled_reason": "",
        "failing_since": None,
        "former_secret_until": None,
        "version": 1,
        "created_at": made["created_at"],
    }
    assert answer["Location"].endswith(f"/webhooks/{made['id']}")
    assert admin.get(f"/webhooks/{made['id']}").json() == made
    assert admin.get("/webhooks").json()["results"] == [made]
    changed = admin.patch(f"/webhooks/{made['id']}", {"description": "Till"}).json()
    assert changed == made | {"description": "Till", "version": 2}
    row = WebhookEndpoint.objects.get()
    assert (row.secret, row.created_by) == (secret, salon.admin)
    audit = json.dumps(admin.get("/audit", {"table": "webhook_endpoints"}).json())
    assert secret not in audit
    assert '"hidden"' in audit


@pytest.mark.sweep
def test_a_secret_may_be_brought_along(admin):
    assert admin.post("/webhooks", BODY | {"secret": SECRET}).json()["secret"] == SECRET
    url_safe = "whsec_" + urlsafe_b64encode(bytes([251] * 24)).decode()
    for secret in ("", "x", url_safe, SECRET[:-4], SECRET + "AAAA=", SECRET + " "):
        answer = admin.post("/webhooks", BODY | {"secret": secret})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "secret"), secret


@pytest.mark.sweep
def test_what_cannot_be_is_refused(admin):
    for field, value in (
        ("url", "http://receiver.example/"),
        ("url", "https://127.0.0.1/"),
        ("url", "https://receiver.example:8443/"),
        ("url", "https://user:secret@receiver.example/"),
        ("url", ""),
        ("url", 5),
        ("events", []),
        ("events", ["appointment.exploded"]),
        ("events", "client.created"),
        ("events", [None]),
        ("events", [["client.created"]]),
        ("is_active", "true"),
        ("disabled_reason", "gone"),
        ("anything", 1),
    ):
        answer = admin.post("/webhooks", BODY | {field: value})
        assert answer.status_code == 400, (field, value)
        assert answer.json()["errors"][0]["field"].partition(".")[0] == field, value
    assert not WebhookEndpoint.objects.exists()


def test_twenty_are_enough(salon, admin, listen, monkeypatch):
    assert endpoints.MOST == 20
    monkeypatch.setattr(endpoints, "MOST", 2)
    for _ in range(2):
        listen(salon)
    answer = admin.post("/webhooks", BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")


@pytest.mark.sweep
def test_put_replaces_and_another_version_is_refused(admin):
    made = admin.post("/webhooks", BODY | {"description": "Till"}).json()
    path = f"/webhooks/{made['id']}"
    put = admin.put(path, {"url": URL + "/new", "events": ["client.erased"]})
    assert put.status_code == 200, put.json()
    assert [put.json()[name] for name in ("url", "description", "events", "version")] == [
        URL + "/new",
        "",
        ["client.erased"],
        2,
    ]
    assert admin.patch(path, {"is_active": False}, headers={"If-Match": '"1"'}).status_code == 412
    assert admin.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert admin.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert not WebhookEndpoint.objects.exists()


def test_enabled_again_it_starts_afresh(salon, admin, listen):
    endpoint = listen(salon, is_active=False, disabled_reason="failing", failing_since=timezone.now())
    answer = admin.patch(f"/webhooks/{endpoint.pk}", {"is_active": True}).json()
    assert [answer[name] for name in ("is_active", "disabled_reason", "failing_since")] == [True, "", None]


@pytest.mark.sweep
def test_a_secret_is_replaced_and_both_sign_for_a_day(salon, admin, listen):
    endpoint = listen(salon)
    answer = admin.post(f"/webhooks/{endpoint.pk}/rotate")
    assert answer.status_code == 200, answer.json()
    row, told = WebhookEndpoint.objects.get(), answer.json()
    assert told["secret"] == row.secret != endpoint.secret == row.former_secret
    assert timedelta(hours=23, minutes=59) < row.former_secret_until - timezone.now() <= timedelta(hours=24)
    assert (told["version"], answer["ETag"]) == (2, '"2"')
    assert "secret" not in admin.get(f"/webhooks/{endpoint.pk}").json()
    at_once = admin.post(f"/webhooks/{endpoint.pk}/rotate", {"secret": SECRET, "hours": 0}).json()
    row.refresh_from_db()
    assert (at_once["secret"], at_once["former_secret_until"], row.former_secret) == (SECRET, None, "")
    for body in ({"secret": SECRET}, {"secret": "x"}, {"hours": 169}, {"hours": -1}, {"days": 1}):
        assert admin.post(f"/webhooks/{endpoint.pk}/rotate", body).status_code == 400, body


def test_a_test_is_called_once_and_listed_with_its_attempt(salon, admin, receiver, listen, work):
    endpoint = listen(salon, receiver.url)
    answer = admin.post(f"/webhooks/{endpoint.pk}/test")
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["type"], answer.json()["state"], answer.json()["attempts"]) == ("webhook.test", "pending", [])
    work()
    [request] = receiver.requests
    [told] = admin.get(f"/webhooks/{endpoint.pk}/deliveries").json()["results"]
    [attempt] = told.pop("attempts")
    assert told == {
        "id": answer.json()["id"],
        "webhook": endpoint.pk,
        "message_id": request.headers["webhook-id"],
        "type": "webhook.test",
        "body": request.body,
        "state": "delivered",
        "due_at": None,
        "created_at": told["created_at"],
    }
    assert (attempt["status"], attempt["failure"]) == (204, "")
    assert attempt["milliseconds"] < 15_000
    assert attempt["at"].endswith("+01:00") or attempt["at"].endswith("+02:00")  # the salon's clock


@pytest.mark.sweep
def test_what_was_told_is_listed_newest_first_and_filtered(salon, clinic, admin, listen):
    endpoint, now = listen(salon), timezone.now()
    listen(clinic)
    for kind in ("client.created", "client.erased", "client.created"):
        for cast in (salon, clinic):
            write_deliveries(kind, ["{}"], organization=cast.organization.pk, now=now)
    WebhookDelivery.objects.filter(type="client.erased").update(state="failed", due_at=None)
    path = f"/webhooks/{endpoint.pk}/deliveries"

    def kinds(**parameters):
        return [row["type"] for row in admin.get(path, parameters).json()["results"]]

    assert kinds() == ["client.created", "client.erased", "client.created"]
    assert kinds(state="failed") == ["client.erased"]
    assert kinds(type="client.created", limit=1) == ["client.created"]
    assert kinds(created_to=now.isoformat()) == []
    assert admin.get(path, {"state": "lost"}).status_code == 400
    page = admin.get(path, {"limit": 2}).json()
    assert len(page["results"]) == 2
    assert [row["type"] for row in admin.get(page["next"]).json()["results"]] == ["client.created"]


@pytest.mark.sweep
def test_a_call_is_sent_again(salon, admin, listen):
    endpoint = listen(salon)
    [pk] = write_deliveries("client.created", ["{}"], organization=salon.organization.pk, now=timezone.now())
    WebhookDelivery.objects.update(state="failed", due_at=None, tries=10)
    path = f"/webhooks/{endpoint.pk}/deliveries/{pk}"
    assert admin.get(path).json()["state"] == "failed"
    answer = admin.post(f"{path}/send-again")
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["state"], WebhookDelivery.objects.get().tries) == ("pending", 0)
    assert admin.post(f"{path}/send-again", {"now": True}).status_code == 400
    admin.patch(f"/webhooks/{endpoint.pk}", {"is_active": False})
    for refused in (f"{path}/send-again", f"/webhooks/{endpoint.pk}/test"):
        answer = admin.post(refused)
        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_disabled")


@pytest.mark.sweep
def test_of_others_nothing_is_seen_or_done(salon, clinic, api, admin, listen):
    theirs, ours = listen(clinic), listen(salon)
    [pk] = write_deliveries("client.created", ["{}"], organization=clinic.organization.pk, now=timezone.now())
    path = f"/webhooks/{theirs.pk}"
    others = cycle(api(each) for each in (clinic.manager, clinic.staff, clinic.client))  # each of these in its turn
    for method, place in (
        ("get", path),
        ("patch", path),
        ("delete", path),
        ("post", f"{path}/test"),
        ("post", f"{path}/rotate"),
        ("get", f"{path}/deliveries"),
        ("get", f"{path}/deliveries/{pk}"),
        ("post", f"{path}/deliveries/{pk}/send-again"),
        ("get", f"/webhooks/{ours.pk}/deliveries/{pk}"),
        ("post", f"/webhooks/{ours.pk}/deliveries/{pk}/send-again"),
    ):
        assert getattr(admin, method)(place).status_code == 404, (method, place)
        assert getattr(next(others), method)(place).status_code == 403, (method, place)


def test_operators_see_all_and_name_the_organization(salon, operator, api, listen):
    listen(salon)
    answer = api(operator).post("/webhooks", BODY)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "organization")
    answer = api(operator).post("/webhooks", BODY | {"organization": salon.organization.pk})
    assert answer.status_code == 201, answer.json()
    assert len(api(operator).get("/webhooks").json()["results"]) == 2
