"""The back office tells what clients were told, sends it again, and says when nothing arrives."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.tests.factories import days_ahead
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.models import Message, MessageRule, MessageText
from clientline.tests.pages import fill_in, submit
from clientline.tests.rendering import unrendered

pytestmark = pytest.mark.django_db


def page_of(visit):
    return f"/admin/appointments/appointment/{visit.pk}/change/"


@pytest.mark.sweep
def test_a_visits_page_tells_what_was_told_and_sends_it_again(book, salon, client, mailbox):
    visit = book()
    sending.send_due()
    client.force_login(salon.staff)
    shown = client.get(page_of(visit)).content.decode()
    assert ">Confirmation</a>" in shown
    assert ">Sent</span>" in shown
    message = Message.objects.get(appointment=visit, kind="confirmation")
    mailbox.raw.clear()
    answer = client.post(f"/admin/reach/message/{message.pk}/send-again/", {"seen": ""})
    assert answer.status_code == 302
    sending.send_due()
    assert mailbox.take()["To"] == salon.client.email


def test_sent_again_twice_it_leaves_once(book, salon, client, mailbox):
    message = Message.objects.get(appointment=book(), kind="confirmation")
    sending.send_due()
    client.force_login(salon.manager)
    for _ in range(2):
        client.post(f"/admin/reach/message/{message.pk}/send-again/", {"seen": ""})
        mailbox.raw.clear()
    sending.send_due()
    assert len(mailbox.raw) == 1


@pytest.mark.sweep
def test_what_would_be_sent_is_shown_where_no_server_is(book, salon, client, settings):
    settings.EMAIL_BACKEND = ""
    visit = book()
    sending.send_due()
    client.force_login(salon.manager)
    assert "No mail server is set up." in client.get(page_of(visit)).content.decode()
    message = Message.objects.get(appointment=visit, kind="confirmation")
    shown = client.get(f"/admin/reach/message/{message.pk}/change/").content.decode()
    assert "your visit is booked:" in shown
    assert "Your visit at Salon" in shown


def fail(visit, state="failed"):
    Message.objects.filter(appointment=visit).update(state=state, reason="550 No", sent_at=timezone.now())


@pytest.mark.sweep
def test_ten_failures_in_a_row_are_told_on_today_until_one_arrives(book, salon, client):
    def is_told():
        return "Messages do not arrive" in client.get("/admin/").content.decode()

    for number in range(5):
        visit = book(days_ahead(10 + number))
        fail(visit)
    client.force_login(salon.manager)
    assert is_told()
    Message.objects.filter(appointment=visit, kind="reminder").update(state="sent", reason="")
    assert not is_told()  # nine
    fail(visit)
    assert is_told()
    later = timezone.now() + timedelta(minutes=1)
    latest = Message.objects.filter(appointment=book(days_ahead(20)), kind="confirmation")
    latest.update(state="sent", sent_at=later)
    assert not is_told()


@pytest.mark.sweep
def test_managers_choose_reminders_and_words(salon, client):
    client.force_login(salon.manager)
    add = fill_in(client, "/admin/reach/messagerule/add/", minutes_before="120", channel="sms")
    assert add.status_code == 302
    assert MessageRule.objects.values_list("minutes_before", "channel").get() == (120, "sms")
    words = {"kind": "reminder", "channel": "mail", "language": "en", "subject": "Soon", "body": "Dear {client}"}
    assert submit(client, "/admin/reach/messagetext/add/", **words).status_code == 302
    text = MessageText.objects.get()
    shown = client.get(f"/admin/reach/messagetext/{text.pk}/change/").content.decode()
    assert "Dear Kim Example" in shown
    refused = fill_in(client, "/admin/reach/messagetext/add/", **words | {"kind": "moved", "body": "{password}"})
    assert list(refused.context["adminform"].form.errors) == ["body"]
    for url, kind in (("add/", "code"), (f"{text.pk}/change/", "receipt")):
        lacking = fill_in(client, f"/admin/reach/messagetext/{url}", **words | {"kind": kind})
        said = [f"A text of this kind has to hold {{{kind}}}."]
        assert lacking.context["adminform"].form.errors == {"body": said}, kind
    assert MessageText.objects.values_list("kind", flat=True).get() == "reminder"


@pytest.mark.sweep
def test_lists_are_shown_to_the_team(book, salon, operator, client):
    book()
    for who in (salon.staff, operator):
        client.force_login(who)
        with unrendered():
            for name in ("message", "messagerule", "messagetext"):
                assert client.get(f"/admin/reach/{name}/").status_code == 200, (who, name)
