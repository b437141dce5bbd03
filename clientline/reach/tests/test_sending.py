"""What leaves, once, and what does not, each with its reason."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.amendments.alterations import change_visit
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.jobs import ROUNDS
from clientline.reach.messages import forgetting
from clientline.reach.messages.contents import Letter, make_mail
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.delivery.post import Postman
from clientline.reach.messages.delivery.sms import OutcomeUnknown, Simulator
from clientline.reach.messages.figures import measure_messages
from clientline.reach.messages.forgetting import forget_messages, forget_old_messages
from clientline.reach.messages.models import Message, OptOut
from clientline.reach.tests.visits import cancel, make_due, move, of_home, planned_for, read_message
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db


def test_a_confirmation_is_received_under_the_id_that_is_stored_and_a_reminder_at_its_time(book, mailbox, salon):
    visit = book()
    sending.send_due()
    mail, message = mailbox.take(), read_message(visit, "confirmation")
    assert (message.state, message.attempts, message.to) == ("sent", 1, salon.client.email)
    assert mail["Message-ID"] == message.message_id
    assert mail["To"] == salon.client.email
    assert mail["From"] == "Salon <visits@clientline.example>"
    assert mail["Reply-To"] == "office@salon.example"
    assert mail["Subject"] == "Your visit at Salon"
    assert "List-Unsubscribe" not in mail
    sending.send_due()
    assert mailbox.raw == []
    make_due(visit, kind="reminder")
    sending.send_due()
    assert "we look forward to your visit" in mailbox.take().get_body(("plain",)).get_content()


def change(visit, **columns):
    Appointment.objects.filter(pk=visit.pk).update(**columns)


def without_address(visit):
    User.objects.filter(pk=visit.client_id).update(email="x@client.invalid", contact_email="", password="!")


def opt_out(visit):
    OptOut.objects.create(organization_id=visit.organization_id, client_id=visit.client_id)


def shift(visit, **columns):
    Message.objects.filter(appointment=visit).update(**columns)


# Behind the back of what plans: whatever happened to the visit, the last look finds it.
UNTRUE = {
    "cancelled": lambda visit: change(visit, status="cancelled", cancelled_at=timezone.now()),
    "completed": lambda visit: change(visit, status="completed"),
    "moved": lambda visit: change(visit, appointment_date=visit.appointment_date + timedelta(minutes=1)),
    "organization_inactive": lambda visit: of_home(visit, is_active=False),
    "switched_off": lambda visit: of_home(visit, reminds_clients=False),
    "no_address": without_address,
    "opted_out": opt_out,
    "too_late": lambda visit: shift(visit, due_at=timezone.now() - timedelta(minutes=61)),
}


@pytest.mark.sweep
def test_the_last_look_finds_what_does_not_hold_any_more(book, mailbox):
    visit = book()
    Message.objects.filter(kind="confirmation").delete()
    make_due(visit)
    for reason, happen in UNTRUE.items():
        with transaction.atomic():
            happen(visit)
            sending.send_due()
            found = planned_for(visit, "reason")
            transaction.set_rollback(True)
        assert (mailbox.raw, found) == ([], [("reminder", 0, "skipped", reason)])


def read_all(mail):
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "".join(part if isinstance(part, str) else part.decode() for part in parts).replace("\r\n ", "")


def write_utc(instant):
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def test_a_former_client_reads_that_theirs_is_off_and_nothing_of_whose_it_is_now(book, mailbox, salon):
    visit, had = book(), salon.client
    start, end = visit.appointment_date, visit.ends_at
    Message.objects.filter(appointment=visit).delete()
    other = UserFactory(
        organization=salon.organization, role="client", name="Robin Next", contact_email="next@example.com"
    )
    shave, tint = (ServiceFactory(organization=salon.organization, name=name) for name in ("Shave", "Tint"))
    for service, person in ((shave, salon.staff), (tint, salon.staff), (tint, salon.colleague)):
        service.staff.add(person, through_defaults={"organization": salon.organization})
    always_at_work(salon.colleague)
    change_visit(by=salon.admin, visit=visit, client=other, service=shave, now=timezone.now())
    # What becomes of it afterwards is no business of theirs either.
    change_visit(by=salon.admin, visit=visit, service=tint, duration=90, now=timezone.now())
    move(visit, staff=salon.colleague)
    sending.send_due()
    told = {mail["To"]: read_all(mail) for mail in mailbox.mails}
    assert set(told) == {had.email, "next@example.com"}
    theirs = ("METHOD:CANCEL", had.name, "Salon service", salon.staff.name, f"DTSTART:{write_utc(start)}")
    others = ("Robin Next", "next@example.com", "Shave", "Tint", salon.colleague.name)
    assert [word in told[had.email] for word in (*theirs, *others)] == [True] * 5 + [False] * 5
    assert f"DTEND:{write_utc(end)}" in told[had.email]
    assert [word in told["next@example.com"] for word in (had.name, had.email)] == [False, False]


def test_nobody_reads_that_a_visit_is_off_that_has_come_back_to_them(book, mailbox, salon):
    visit, now = book(), timezone.now()
    other = UserFactory(organization=salon.organization, role="client")
    change_visit(by=salon.admin, visit=visit, client=other, now=now)
    change_visit(by=salon.admin, visit=visit, client=salon.client, now=now + timedelta(seconds=1))
    Message.objects.exclude(kind="cancelled", sequence=1).delete()
    sending.send_due()
    assert (mailbox.raw, planned_for(visit, "reason")) == ([], [("cancelled", 1, "skipped", "scheduled")])


def test_up_to_an_hour_late_it_is_still_sent(book, mailbox):
    visit = book()
    shift(visit, due_at=timezone.now() - timedelta(minutes=59), try_at=timezone.now())
    sending.send_due()
    assert len(mailbox.raw) == 2


@pytest.mark.sweep
def test_a_visit_moved_away_and_back_is_reminded_of_once(book, mailbox):
    visit = book()
    make_due(visit)
    sending.send_due()
    visit = move(move(visit), timedelta(days=-1))
    make_due(visit)
    mailbox.raw.clear()
    sending.send_due()
    assert len(mailbox.raw) == 1  # that it moved
    assert planned_for(visit, "reason")[-1] == ("reminder", 2, "skipped", "already_sent")


def test_without_a_mail_server_messages_are_kept_and_say_so(book, settings):
    settings.EMAIL_BACKEND = ""
    visit = book()
    sending.send_due()
    assert planned_for(visit, "reason")[0] == ("confirmation", 0, "skipped", "no_mail_server")


def test_a_line_break_in_a_name_keeps_no_mail_from_leaving_and_ends_no_header():
    for sign in ("\n", "\r\n", "\v", "\u2028"):
        letter = Letter(
            "mail", "ada@example.com", "Body", f"At Salon{sign}Bcc: eve@example.com", "s@example.com", f"Salon{sign}Two"
        )
        mail = message_from_bytes(make_mail(letter).message().as_bytes(), policy=default)
        told = (mail["Subject"], mail["From"], mail["Bcc"])
        assert told == ("At Salon Bcc: eve@example.com", "Salon Two <s@example.com>", None), sign


def test_what_a_server_refuses_for_good_has_failed(book, mailbox):
    mailbox.answers = ["550 No such user"]
    visit = book()
    sending.send_due()
    message = read_message(visit, "confirmation")
    assert (message.state, message.reason) == ("failed", "550 No such user")


def test_what_a_server_refuses_for_now_is_tried_again_under_the_same_id(book, mailbox):
    mailbox.answers = ["451 Try again later"]
    visit = book()
    sending.send_due()
    message = read_message(visit, "confirmation")
    assert (message.state, message.reason, message.attempts) == ("planned", "451 Try again later", 1)
    assert timedelta(seconds=25) < message.try_at - timezone.now() < timedelta(seconds=31)
    Message.objects.filter(pk=message.pk).update(try_at=timezone.now())
    sending.send_due()
    assert mailbox.take()["Message-ID"] == message.message_id
    assert read_message(visit, "confirmation").state == "sent"


def test_a_server_that_is_away_costs_five_tries(book, mailbox, settings):
    settings.EMAIL_PORT = 1
    visit = book()
    for before, state in ((0, "planned"), (3, "planned"), (4, "failed")):
        Message.objects.filter(kind="confirmation").update(try_at=timezone.now(), attempts=before)
        sending.send_due()
        message = read_message(visit, "confirmation")
        assert (message.attempts, message.state) == (before + 1, state)
        assert message.reason == "[Errno 111] Connection refused"


def claim_only(visit, kind="confirmation"):
    """As a worker that dies before it has marked what it sent."""
    due = next(each for each in sending.list_due(timezone.now()) if each.message == read_message(visit, kind).pk)
    return sending.claim(due, now=timezone.now())


def test_a_mail_whose_worker_died_is_sent_again_under_its_id(book, mailbox):
    visit = book()
    message, letter = claim_only(visit)
    with Postman() as postman:
        postman.send(letter)
    sending.take_up_left()
    sending.send_due()
    first = mailbox.take()  # it may still be at it
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=4))
    sending.take_up_left()
    sending.send_due()
    assert mailbox.take()["Message-ID"] == first["Message-ID"]
    assert read_message(visit, "confirmation").attempts == 2


@pytest.mark.sweep
def test_an_sms_is_sent_once(book, by_sms, settings, mailbox):
    visit = book()
    make_due(visit)
    sending.send_due()
    (line,) = settings.SMS_SIMULATOR_FILE.read_text().splitlines()
    message = read_message(visit, "reminder")
    assert (message.state, message.to) == ("sent", "+4930123456")
    assert message.provider_id in line
    assert "Salon: your visit is on" in line
    assert settings.SMS_SIMULATOR_FILE.stat().st_mode & 0o777 == 0o600


def test_an_sms_whose_worker_died_is_unsure_and_never_sent_again(book, by_sms, settings, mailbox):
    visit = book()
    make_due(visit)
    message, _ = claim_only(visit, "reminder")
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now() - timedelta(minutes=4))
    sending.take_up_left()
    sending.send_due()
    assert read_message(visit, "reminder").state == "unsure"
    assert not settings.SMS_SIMULATOR_FILE.exists()


def test_an_sms_of_which_nobody_knows_is_unsure(book, by_sms, monkeypatch, mailbox):
    def break_off(self, to, text, number):
        raise OutcomeUnknown("timed out")

    monkeypatch.setattr(Simulator, "send", break_off)
    visit = book()
    make_due(visit)
    sending.send_due()
    message = read_message(visit, "reminder")
    assert (message.state, message.reason) == ("unsure", "timed out")


def send_in_another_session():
    def work():
        try:
            sending.send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(work).result()


@pytest.mark.django_db(transaction=True)
def test_whoever_changes_a_visit_is_not_waited_for_and_wins(book, mailbox):
    visit = book()
    with transaction.atomic():
        Appointment.objects.select_for_update(no_key=True).get(pk=visit.pk)
        send_in_another_session()
        assert mailbox.raw == []
        cancel(visit=visit)
    sending.send_due()
    body = mailbox.take().get_body(("plain",)).get_content()
    assert "this visit is cancelled" in body


def test_two_workers_send_each_message_once(book, mailbox):
    visit = book()
    due = sending.list_due(timezone.now())
    assert sending.claim(due[0], now=timezone.now()) is not None
    assert sending.claim(due[0], now=timezone.now()) is None
    assert planned_for(visit)[0] == ("confirmation", 0, "sending")


def test_what_is_due_first_is_sent_first(book):
    first, second = book(), book(days_ahead(11))
    Message.objects.filter(appointment=second).update(try_at=timezone.now() - timedelta(minutes=1))
    assert next(each.appointment for each in sending.list_due(timezone.now())) == second.pk
    assert first.pk != second.pk


def test_what_is_due_is_measured(book):
    visit = book()
    assert measure_messages()["messages_sending"] == 0
    Message.objects.filter(appointment=visit).update(try_at=timezone.now() - timedelta(minutes=5))
    measured = measure_messages()
    assert (measured["messages_due"], 299 < measured["messages_oldest_seconds"] < 400) == (2, True)


def test_what_failed_within_a_day_is_measured(book):
    visit, hour = book(), timedelta(hours=1)
    for state, ago in (("failed", 23), ("bounced", 25)):
        messages = Message.objects.filter(appointment=visit, state="planned").order_by("id")[:1]
        Message.objects.filter(pk__in=list(messages.values_list("pk", flat=True))).update(
            state=state, reason="refused", claimed_at=timezone.now() - ago * hour
        )
    assert measure_messages()["messages_failed"] == 1


def test_a_year_after_the_visit_what_was_told_is_forgotten(book):
    visit = book()
    Message.objects.filter(appointment=visit, kind="confirmation").update(state="sent")
    for days, left in ((364, ["confirmation", "reminder"]), (366, ["reminder"])):
        forget_messages(now=visit.appointment_date + timedelta(days=days))
        assert list(Message.objects.order_by("id").values_list("kind", flat=True)) == left, days
    assert forget_old_messages in [each.go for each in ROUNDS]


def test_what_was_told_long_ahead_hides_nothing_that_is_to_be_forgotten(book, monkeypatch):
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    ahead, visit = book(days_ahead(300)), book()
    Message.objects.update(state="sent")
    forget_messages(now=visit.appointment_date + timedelta(days=366))
    assert set(Message.objects.values_list("appointment", flat=True)) == {ahead.pk}
