"""Webhooks in the back office: set up, tested, given another secret, and each call seen and made again."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from clientline.backoffice.webhooks.standing import list_troubles
from clientline.reach.webhooks.deliveries import write_deliveries
from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.tests.pages import Page, fill_in, judge, see, standing, submit, tell

pytestmark = pytest.mark.django_db

LIST = "/admin/reach/webhookendpoint/"
URL = "https://receiver.example/webhooks"


@pytest.fixture
def desk(salon, client):
    client.force_login(salon.admin)
    return client


@pytest.fixture
def listen():
    def set_up(cast, url=URL):
        told = {"by": cast.admin, "organization": cast.organization, "events": ["client.created"]}
        return create_endpoint(**told, url=url, now=timezone.now())

    return set_up


def said(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


@pytest.mark.sweep
def test_it_is_set_up_and_its_secret_shown_once(salon, desk):
    assert f'href="{LIST}"' in desk.get("/admin/").text
    answer = desk.get(submit(desk, LIST + "add/", url=URL, events=["client.created"]).url)
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.events, endpoint.organization) == (URL, ["client.created"], salon.organization)
    assert f"The secret, shown this once: {endpoint.secret}" in said(answer)
    for page in (LIST, f"{LIST}{endpoint.pk}/change/"):
        assert endpoint.secret not in desk.get(page).content.decode()


def test_what_cannot_be_is_said_at_its_field(desk):
    form = {"url": URL, "events": ["client.created"]}
    for values in ({"url": "https://10.0.0.1/"}, {"url": "http://receiver.example/"}, {"events": []}):
        answer = judge(desk, LIST + "add/", **form | values)
        assert (answer.status_code, list(answer.context["adminform"].form.errors)) == (200, list(values))
    assert Page(desk.post(LIST + "add/", form | values)).errors == ["This field is required."]
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.sweep
def test_it_is_changed_disabled_and_deleted(salon, desk, listen):
    endpoint = listen(salon)
    page = f"{LIST}{endpoint.pk}/change/"
    assert fill_in(desk, page, url=URL + "/new", events=["client.erased"], description="Till").status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events, endpoint.description) == (URL + "/new", ["client.erased"], "Till")
    sent = standing(see(desk, page)["adminform"].form)
    del sent["is_active"]
    assert judge(desk, page, **sent).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.version) == (False, 3)
    assert "Inactive" in said(desk.get(LIST))
    assert desk.post(f"{LIST}{endpoint.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.sweep
def test_a_call_shows_its_attempts_and_is_made_again(salon, desk, listen):
    endpoint, now = listen(salon), timezone.now()
    [pk] = write_deliveries("client.created", ['{"n": 1}'], organization=salon.organization.pk, now=now)
    told = {"organization": salon.organization, "delivery_id": pk, "at": now, "milliseconds": 15_000}
    WebhookAttempt.objects.create(**told, failure="timeout")
    WebhookAttempt.objects.create(**told, failure="status", status=500)
    WebhookDelivery.objects.update(state="failed", due_at=None, tries=10)
    WebhookEndpoint.objects.update(failing_since=now)
    page = said(desk.get(f"{LIST}{endpoint.pk}/change/"))
    for words in (
        "client.created Failed",
        "no answer in 15 seconds",
        "status 500",
        "&quot;n&quot;: 1",
        "Failing since",
    ):
        assert words in page, words
    again = f"{LIST}{endpoint.pk}/again/{pk}/"
    desk.get(again)
    assert WebhookDelivery.objects.get().state == "failed"  # a page that is only asked for does nothing
    assert "It is called in a moment" in tell(desk.post(again))[-1]
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries) == ("pending", 0)
    WebhookEndpoint.objects.update(is_active=False)
    assert "The webhook is disabled" in tell(desk.post(again))[-1]


@pytest.mark.sweep
def test_a_test_and_a_new_secret(salon, desk, listen):
    endpoint = listen(salon)
    home = f"{LIST}{endpoint.pk}/"
    assert "called in a moment" in tell(desk.post(home + "test/", {"seen": "1"}))[-1]
    assert WebhookDelivery.objects.get().type == "webhook.test"
    assert "A new secret is made" in said(desk.get(home + "rotate/"))
    answer = said(desk.post(home + "rotate/", {"seen": "1", "hours": "24"}, follow=True))
    changed = WebhookEndpoint.objects.get()
    assert changed.former_secret == endpoint.secret
    assert f"The secret, shown this once: {changed.secret}" in answer


@pytest.mark.sweep
def test_others_see_none_of_it(salon, clinic, desk, listen):
    theirs, ours = listen(clinic), listen(salon)
    [pk] = write_deliveries("client.created", ["{}"], organization=clinic.organization.pk, now=timezone.now())
    assert desk.post(f"{LIST}{theirs.pk}/again/{pk}/").status_code == 404
    assert desk.post(f"{LIST}{ours.pk}/again/{pk}/").status_code == 404
    assert desk.get(f"{LIST}{theirs.pk}/test/").status_code == 404
    for role in ("manager", "staff"):
        desk.force_login(getattr(salon, role))
        shown = see(desk, "/admin/")["sidebar"]
        assert LIST not in [link["url"] for _, links in shown for link in links]
        assert desk.get(LIST).status_code == 403
        assert desk.post(f"{LIST}{ours.pk}/again/{pk}/").status_code == 403


TROUBLE = [
    ({"is_active": False, "disabled_reason": "gone"}, "It answered 410 Gone."),
    ({"is_active": False, "disabled_reason": "failing"}, "It failed for five days."),
    ({"failing_since": timedelta(minutes=61)}, "Failing since"),
    ({"failing_since": timedelta(minutes=59)}, ""),
    ({"is_active": False}, ""),
]


def test_today_tells_admins_of_a_receiver_that_is_not_reached(salon, clinic, desk, listen):
    listen(clinic, "https://clinic.example/"), listen(salon)
    well = {"is_active": True, "disabled_reason": "", "failing_since": None}
    for trouble, says in TROUBLE:
        since = {name: timezone.now() - value for name, value in trouble.items() if name == "failing_since"}
        WebhookEndpoint.objects.update(**well | trouble | since)
        told = list_troubles(salon.admin, salon.organization, timezone.now())
        assert [(each.url, text[: len(says)]) for each, text in told] == ([(URL, says)] if says else []), trouble
    WebhookEndpoint.objects.update(**well | TROUBLE[0][0])
    told = said(desk.get("/admin/"))
    assert "Programs are not told what happens" in told
    assert f"{URL} : {TROUBLE[0][1]}" in told
    assert "clinic.example" not in told
    assert list_troubles(salon.manager, salon.organization, timezone.now()) == []
