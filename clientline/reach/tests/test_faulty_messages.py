"""Whatever is wrong with one message, the others that are due leave, and that one is not tried without an end."""

from datetime import timedelta

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from appointments.tests.factories import days_ahead
from clientline.reach.messages import contents
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.delivery.post import Postman
from clientline.reach.messages.delivery.sms import OutcomeUnknown, Simulator
from clientline.reach.messages.figures import measure_messages
from clientline.reach.messages.models import Message
from clientline.reach.tests.visits import make_due, read_message
from clientline.refusals import Moved

pytestmark = pytest.mark.django_db


@pytest.fixture
def break_first(book, mailbox, monkeypatch):
    """Two visits, of the first of which nothing can be written for this reason; the other's message leaves."""

    def send_both(error):
        broken, other = book(), book(days_ahead(11))

        def write_letter(message, **told):
            if message.appointment_id == broken.pk:
                raise error
            return contents.write_letter(message, **told)

        monkeypatch.setattr(sending, "write_letter", write_letter)
        sending.send_due()
        assert read_message(other, "confirmation").state == "sent"
        return read_message(broken, "confirmation")

    return send_both


@pytest.mark.parametrize("error", [KeyError("a defect"), DataError("invalid byte sequence")])
def test_a_message_that_cannot_be_written_keeps_no_other_from_leaving(break_first, error):
    failed = break_first(error)
    assert (failed.state, failed.reason, failed.attempts) == ("failed", "unwritten", 0)
    assert measure_messages()["messages_failed"] == 1


def test_a_message_that_the_database_has_no_time_for_waits_and_fails_at_last(break_first):
    before = timezone.now()
    message = break_first(OperationalError("canceling statement due to statement timeout"))
    assert (message.state, message.reason, message.attempts) == ("planned", "put_off", 1)
    assert message.try_at >= before + sending.WAITS[0]
    Message.objects.filter(pk=message.pk).update(attempts=4, try_at=timezone.now())
    sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempts) == ("failed", "put_off", 5)


def test_who_is_elsewhere_by_now_is_told_from_there_and_the_others_from_here(break_first):
    message = break_first(Moved("https://elsewhere.example"))
    assert (message.state, message.attempts) == ("planned", 0)


def test_without_a_database_nothing_is_said_of_any_message(book, break_first, monkeypatch):
    monkeypatch.setattr(sending.connection, "is_usable", lambda: False)
    with pytest.raises(OperationalError):
        break_first(OperationalError("server closed the connection unexpectedly"))
    assert set(Message.objects.values_list("state", "attempts")) == {("planned", 0)}


def test_what_a_server_says_is_stored_whatever_stands_in_it(book, mailbox):
    mailbox.answers = ["550 No\0 such user"]
    first, second = book(), book(days_ahead(11))
    sending.send_due()
    told = {visit: read_message(visit, "confirmation") for visit in (first, second)}
    assert [(each.state, each.reason) for each in told.values()] == [("failed", "550 No such user"), ("sent", "")]


@pytest.mark.parametrize(
    ("provider_id", "stored"), [("SM\0\ud8001", "SM?1"), ("x" * 300, "x" * 200)], ids=["no text", "too long"]
)
def test_a_providers_id_is_stored_whatever_stands_in_it(book, by_sms, mailbox, monkeypatch, provider_id, stored):
    monkeypatch.setattr(Simulator, "send", lambda *told: provider_id)
    visit = book()
    make_due(visit)
    sending.send_due()
    message = read_message(visit, "reminder")
    assert (message.state, message.provider_id) == ("sent", stored)


def raise_from(error):
    def send(*told):
        raise error

    return send


def test_a_mail_that_cannot_be_put_together_has_failed(book, mailbox, monkeypatch):
    monkeypatch.setattr(Postman, "mail", raise_from(KeyError("a defect")))
    first, second = book(), book(days_ahead(11))
    sending.send_due()
    for visit in (first, second):
        message = read_message(visit, "confirmation")
        assert (message.state, message.reason) == ("failed", "unwritten")


@pytest.mark.parametrize("error", [TypeError("list indices"), OutcomeUnknown("")], ids=["a defect", "no word"])
def test_an_sms_of_which_nothing_is_known_is_unsure(book, by_sms, mailbox, monkeypatch, error):
    monkeypatch.setattr(Simulator, "send", raise_from(error))
    visit = book()
    make_due(visit)
    sending.send_due()
    told = {message.kind: (message.state, message.reason) for message in Message.objects.filter(appointment=visit)}
    assert told == {"confirmation": ("sent", ""), "reminder": ("unsure", "unmarked")}


def test_what_became_of_a_message_is_unsure_where_it_cannot_be_stored(book):
    message = read_message(book(), "confirmation")
    Message.objects.filter(pk=message.pk).update(state="sending")
    sending._note(message, {"state": "sent", "provider_id": "\0"})
    message.refresh_from_db()
    assert (message.state, message.reason, message.provider_id) == ("unsure", "unmarked", "")


@pytest.mark.parametrize(("attempts", "state"), [(4, "planned"), (5, "failed")])
def test_a_mail_that_workers_die_of_is_taken_up_five_times(book, attempts, state):
    message = read_message(book(), "confirmation")
    left = {"state": "sending", "attempts": attempts, "claimed_at": timezone.now() - timedelta(minutes=4)}
    Message.objects.filter(pk=message.pk).update(**left)
    sending.take_up_left()
    message.refresh_from_db()
    assert (message.state, message.reason) == (state, "The worker died while it was sent.")
