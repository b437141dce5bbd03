"""Ending reminders: by a header that readers understand, by one click, and by nobody's scanner."""

from email import message_from_bytes

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.amendments import alterations, merging
from appointments.tests.factories import days_ahead
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.models import OptOut
from clientline.reach.messages.unsubscribing import make_token, read_token, write_list_unsubscribe
from clientline.reach.tests.visits import make_due, planned_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def reminded(book, mailbox):
    """A visit, and the raw mail that reminds of it."""
    visit = book()
    sending.send_due()
    mailbox.raw.clear()
    make_due(visit, kind="reminder")
    sending.send_due()
    return visit, mailbox.raw[0]


def test_the_header_is_read_as_it_was_written(reminded):
    """From 78 characters on, Python's mail classes write an encoded word, which no reader decodes there."""
    _, raw = reminded
    line = next(line for line in raw.replace(b"\r\n ", b" ").split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    value = line.removeprefix(b"List-Unsubscribe: ").decode("ascii")
    assert value.startswith("<https://book.clientline.example/u/") and value.endswith(">")
    assert len(value) <= 77
    assert b"=?" not in line
    mail = message_from_bytes(raw)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_address_leaves_the_header_out():
    assert write_list_unsubscribe("https://" + "a" * 67) == f"<https://{'a' * 67}>"
    assert write_list_unsubscribe("https://" + "a" * 68) == ""


def test_a_token_is_22_characters_and_nobody_makes_one():
    token = make_token(1234567)
    assert (len(token), read_token(token)) == (22, 1234567)
    other = make_token(1234568)
    assert read_token(other[:8] + token[8:]) is None
    assert [read_token(each) for each in ("", "a", "a" * 22, "ä" * 22, token + "A")] == [None] * 5


def kept_of(client):
    client.refresh_from_db()
    return client.merged_into or client


def find_path(raw):
    value = message_from_bytes(raw)["List-Unsubscribe"].replace("\n ", "")
    return value.strip("<> ").removeprefix("https://book.clientline.example")


@pytest.mark.sweep
def test_one_click_ends_reminders_and_nothing_else(reminded, book):
    visit, raw = reminded
    path, browser = find_path(raw), Client(enforce_csrf_checks=True)
    answer = browser.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert OptOut.objects.get().client_id == visit.client_id
    other = book(days_ahead(11))
    make_due(other)
    sending.send_due()
    assert planned_for(other, "reason") == [
        ("confirmation", 0, "sent", ""),
        ("reminder", 0, "skipped", "opted_out"),
    ]


@pytest.mark.sweep
def test_scanners_change_nothing_and_people_may_come_back(reminded):
    _, raw = reminded
    path, browser = find_path(raw), Client()
    assert "Do you want no reminders" in browser.get(path).content.decode()
    assert browser.head(path).status_code == 200
    assert OptOut.objects.count() == 0
    browser.post(path)
    assert "You get no reminders any more" in browser.post(path).content.decode()
    assert OptOut.objects.count() == 1
    assert "You get reminders again" in browser.post(path, {"back": "1"}).content.decode()
    assert OptOut.objects.count() == 0


def test_who_had_a_visit_ends_their_own_reminders_and_not_those_of_who_has_it_now(reminded, salon):
    visit, raw = reminded
    other = UserFactory(organization=salon.organization, role="client")
    alterations.change_visit(by=salon.admin, visit=visit, client=other, now=timezone.now())
    path, browser = find_path(raw), Client()
    browser.post(path)
    assert OptOut.objects.get().client_id == salon.client.pk
    for kept in (UserFactory(organization=salon.organization, role="client"), other):
        merging.merge_clients(by=salon.admin, kept=kept, duplicate=kept_of(salon.client), now=timezone.now())
        OptOut.objects.all().delete()
        browser.post(path)
        assert OptOut.objects.get().client_id == kept.pk


def test_a_wrong_token_is_not_found():
    missing = Client().get("/u/" + "A" * 22, headers={"Accept-Language": "de"})
    assert (missing.status_code, "Hier ist nichts" in missing.content.decode()) == (404, True)  # people read it
    assert Client().get("/u/" + make_token(987654321)).status_code == 404


def test_who_said_no_under_one_record_has_said_no(salon):
    duplicate = UserFactory(organization=salon.organization, name="Again")
    OptOut.objects.create(organization=salon.organization, client=duplicate)
    merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=duplicate, now=timezone.now())
    assert set(OptOut.objects.values_list("client", flat=True)) == {salon.client.pk, duplicate.pk}
