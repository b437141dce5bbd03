"""`/messages`, `/message-rules` and `/message-texts`: who sees what was told, sends it again, chooses when and how."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.amendments import alterations, merging
from appointments.models import AppointmentHistory
from clientline.privacy import personal_data
from clientline.reach.messages.contents import find_words, word
from clientline.reach.messages.delivery import again, sending
from clientline.reach.messages.models import Message, MessageRule, MessageText
from clientline.reach.messages.opting_out import select_told_before
from clientline.reach.tests.visits import cancel, planned_for
from clientline.tests.problems import fields, problem
from organizations.models import Audit
from organizations.tenancy import confine_transaction, release

pytestmark = pytest.mark.django_db


def test_a_message_tells_all_that_is_known_of_it(book, salon, api, mailbox):
    visit = book()
    sending.send_due()
    (row, _) = api(salon.manager).get("/messages", {"appointment": visit.pk}).json()["results"]
    sent_at = row.pop("sent_at")
    assert sent_at.endswith(("+01:00", "+02:00"))
    instants = {name: row.pop(name) for name in ("created_at", "due_at", "start")}
    message = Message.objects.get(pk=row["id"])
    assert row == {
        "id": message.pk,
        "organization": salon.organization.pk,
        "appointment": visit.pk,
        "kind": "confirmation",
        "rule": 0,
        "channel": "mail",
        "sequence": 0,
        "to": salon.client.email,
        "language": "en",
        "state": "sent",
        "reason": "",
        "attempts": 1,
        "message_id": message.message_id,
        "provider_id": "",
    }
    assert api(salon.manager).get(f"/messages/{message.pk}").json() == row | instants | {"sent_at": sent_at}


@pytest.mark.sweep
def test_whose_messages_who_sees(book, salon, clinic, api):
    book()
    seen = {
        name: len(api(getattr(salon, name)).get("/messages").json()["results"])
        for name in ("admin", "manager", "staff", "colleague", "client", "stranger")
    }
    assert seen == {"admin": 2, "manager": 2, "staff": 2, "colleague": 0, "client": 2, "stranger": 0}
    assert api(clinic.admin).get("/messages").json()["results"] == []


def test_nobody_reads_where_a_former_client_of_their_visit_was_told_of_it(book, salon, api):
    visit, other = book(), UserFactory(organization=salon.organization, role="client", contact_email="next@example.com")
    later = timezone.now() + timedelta(seconds=1)
    alterations.change_visit(by=salon.admin, visit=visit, client=other, now=later)
    assert {row["kind"] for row in api(salon.admin).get("/messages").json()["results"]} > {"confirmation", "cancelled"}
    seen = api(other).get("/messages").json()["results"]
    assert {(row["kind"], row["to"]) for row in seen} == {
        ("confirmation", other.contact_email),
        ("reminder", other.contact_email),
    }
    assert api(salon.client).get("/messages").json()["results"] == []
    told = {(row["kind"], row["to"]) for row in export_messages(salon, other)}
    assert told == {(kind, other.contact_email) for kind in TOLD}
    told = {(row["kind"], row["to"]) for row in export_messages(salon, salon.client)}
    assert told == {(kind, salon.client.mail_address) for kind in AS_FORMER}


def export_messages(salon, person):
    return personal_data.export_person(by=salon.admin, person=person, now=timezone.now())["messages"]


TOLD = ("confirmation", "reminder")  # of a visit that one has
AS_FORMER = (*TOLD, "cancelled")  # and once it is another's


@pytest.mark.parametrize("erased", ["first", "second", "third"])
def test_with_who_is_erased_goes_where_they_were_told_and_where_others_of_their_visits_were_stays(book, salon, erased):
    now, people = timezone.now(), {}
    for name in ("first", "second", "third"):
        told = {"role": "client", "name": name, "contact_email": f"{name}@example.com"}
        people[name] = UserFactory(organization=salon.organization, **told)
    visit = book(client=people["first"])
    for seconds, name in enumerate(("second", "third"), start=1):
        alterations.change_visit(by=salon.admin, visit=visit, client=people[name], now=now + timedelta(seconds=seconds))
    personal_data.erase(by=salon.admin, client=people[erased], now=now + timedelta(seconds=9))
    left = [(kind, to) for kind, _, _, to in planned_for(visit, "to") if to]
    kept = {"first": AS_FORMER, "second": AS_FORMER, "third": TOLD} | {erased: ()}
    assert sorted(left) == sorted((kind, people[name].contact_email) for name in kept for kind in kept[name])


@pytest.mark.sweep
def test_what_was_told_before_is_found_without_the_history_of_others(salon):
    """As the tenants' role, beside the facts of a busy year."""
    facts = [
        AppointmentHistory(
            organization=salon.organization, appointment=salon.visit, at=timezone.now(), action=action, was=str(number)
        )
        for number in range(2000)
        for action in ("rescheduled", "client_changed" if number % 100 == 0 else "reassigned")
    ]
    AppointmentHistory.objects.bulk_create(facts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointment_history")
    with transaction.atomic():
        confine_transaction(organization_id=salon.organization.pk, user_id=salon.manager.pk)
        statement, parameters = select_told_before(salon.client).query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plan = "".join(line for (line,) in cursor.fetchall())
        release()
    assert "history_handed_over" in plan
    assert "Seq Scan on appointment_history" not in plan


def test_what_was_told_before_a_merge_was_told_to_one_person(book, salon, api):
    book()
    kept = UserFactory(organization=salon.organization, role="client")
    merging.merge_clients(by=salon.admin, kept=kept, duplicate=salon.client, now=timezone.now() + timedelta(seconds=1))
    assert len(export_messages(salon, kept)) == len(api(kept).get("/messages").json()["results"]) == 2


def test_a_list_costs_the_same_however_long_it_is(book, salon, api, django_assert_num_queries):
    client = api(salon.manager)
    client.get("/messages")
    for days in (10, 11):
        book(timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days))
        with django_assert_num_queries(5):
            assert len(client.get("/messages").json()["results"]) == 2 * (days - 9)


def test_a_message_is_sent_again_under_another_id(book, salon, api, mailbox):
    visit = book()
    sending.send_due()
    first = mailbox.take()["Message-ID"]
    message = Message.objects.get(appointment=visit, kind="confirmation")
    answer = api(salon.staff).post(f"/messages/{message.pk}/send-again")
    assert (answer.status_code, answer.json()["state"]) == (200, "planned")
    assert problem(api(salon.staff).post(f"/messages/{message.pk}/send-again")) == (409, "message_under_way")
    sending.send_due()
    assert mailbox.take()["Message-ID"] != first
    assert Audit.objects.filter(action="message_again", actor=salon.staff, row=message.pk).count() == 1


def test_what_was_sent_stays_so_where_it_does_not_hold_any_more(book, salon, api, mailbox):
    visit = book()
    sending.send_due()
    cancel(visit=visit)
    message = Message.objects.get(appointment=visit, kind="confirmation")
    answer = api(salon.staff).post(f"/messages/{message.pk}/send-again")
    assert problem(answer) == (409, "message_outdated")
    assert answer.json()["detail"] == "It would not be sent again. The visit is cancelled."
    sending.send_due()
    assert planned_for(visit, "message_id")[0] == ("confirmation", 0, "sent", message.message_id)


@pytest.mark.parametrize(("was", "stays"), [("sent", "sent"), ("delivered", "sent"), ("failed", "skipped")])
def test_what_was_sent_stays_so_where_its_repetition_is_outdated_before_it_leaves(book, salon, was, stays):
    now, visit = timezone.now(), book()
    Message.objects.filter(appointment=visit).update(state=was, reason="421 Busy", sent_at=now)
    for message in Message.objects.filter(appointment=visit):
        again.send_again(by=salon.staff, message=message, now=now)
    cancel(visit=visit)
    told = planned_for(visit, "reason")[:2]
    assert told == [("confirmation", 0, stays, "cancelled"), ("reminder", 0, stays, "cancelled")]


def test_what_was_sent_stays_so_where_it_may_not_leave_once_more(book, salon, settings, mailbox):
    visit = book()
    sending.send_due()
    again.send_again(by=salon.staff, message=Message.objects.get(state="sent"), now=timezone.now())
    settings.EMAIL_BACKEND = ""
    sending.send_due()
    assert planned_for(visit, "reason")[0] == ("confirmation", 0, "sent", "no_mail_server")


def test_of_two_reminders_of_one_time_that_are_not_repeated_none_keeps_the_visit_from_being_cancelled(book, salon):
    now, visit = timezone.now(), book()
    kept = Message.objects.get(appointment=visit, kind="reminder")
    for sequence in (5, 6):
        kept.pk, kept.sequence, kept.sent_at, kept._state.adding = None, sequence, now, True
        kept.save()
    cancel(visit=visit)
    reminders = Message.objects.filter(appointment=visit, kind="reminder").values_list("state", flat=True)
    assert list(reminders) == ["skipped"] * 3


def test_a_former_client_is_told_again_that_theirs_is_off(book, salon, api, mailbox):
    visit, other = book(), UserFactory(organization=salon.organization, role="client", name="Robin Next")
    alterations.change_visit(by=salon.admin, visit=visit, client=other, now=timezone.now())
    sending.send_due()
    message = Message.objects.get(appointment=visit, kind="cancelled", state="sent")
    said = api(salon.staff).get(f"/messages/{message.pk}/preview").json()["body"]
    assert (salon.client.name in said, "Robin Next" in said) == (True, False)
    assert api(salon.staff).post(f"/messages/{message.pk}/send-again").status_code == 200
    sending.send_due()
    message.refresh_from_db()
    assert (message.state, message.to) == ("sent", salon.client.email)


def test_a_former_client_who_was_deleted_is_told_nothing(book, salon, api, mailbox):
    had = UserFactory(organization=salon.organization, role="client", contact_email="had@example.com")
    visit = book(client=had)
    alterations.change_visit(by=salon.admin, visit=visit, client=salon.client, now=timezone.now())
    assert api(salon.admin).delete(f"/users/{had.pk}").status_code == 204
    message = Message.objects.get(appointment=visit, kind="cancelled")
    assert "this visit is cancelled" in api(salon.admin).get(f"/messages/{message.pk}/preview").json()["body"]
    sending.send_due()
    assert ("cancelled", 1, "skipped", "no_address") in planned_for(visit, "reason")


def test_clients_send_nothing_again(book, salon, api):
    message = Message.objects.get(appointment=book(), kind="confirmation")
    assert problem(api(salon.client).post(f"/messages/{message.pk}/send-again")) == (403, "permission_denied")
    assert problem(api(salon.colleague).post(f"/messages/{message.pk}/send-again")) == (404, "not_found")


def test_what_would_be_sent_can_be_read_before(book, salon, api):
    message = Message.objects.get(appointment=book(), kind="confirmation")
    seen = api(salon.client).get(f"/messages/{message.pk}/preview").json()
    assert seen["subject"] == "Your visit at Salon"
    assert "Hello Salon client,\n\nyour visit is booked:" in seen["body"]
    assert "<p>your visit is booked:</p>" in seen["html"]


def test_a_subject_is_one_line_whatever_names_hold(book, salon):
    visit = book()
    visit.client.name, visit.organization.name = "Ada\nStone", "Salon\u2028Two"
    words = {"kind": "confirmation", "subject": "{client} at {organization}", "body": "{client}"}
    MessageText.objects.create(organization=salon.organization, **words)
    subject, body = word(Message(kind="confirmation", channel="mail", start=visit.appointment_date), visit, link="")
    assert (subject, body) == ("Ada Stone at Salon Two", "Ada\nStone")


@pytest.mark.sweep
def test_five_reminders_are_the_most(salon, api):
    client = api(salon.manager)
    for minutes in (10, 20, 30, 40, 50):
        assert client.post("/message-rules", {"minutes_before": minutes}).status_code == 201
    assert problem(client.post("/message-rules", {"minutes_before": 60})) == (409, "too_many_reminders")
    own = {"minutes_before": 60, "service": salon.service.pk, "channel": "sms"}
    assert client.post("/message-rules", own).json()["channel"] == "sms"
    assert fields(client.post("/message-rules", own)) == {"channel": "unique"}
    assert MessageRule.objects.count() == 6
    assert problem(api(salon.staff).post("/message-rules", own)) == (403, "permission_denied")


def test_an_organizations_own_words(book, salon, api, mailbox):
    words = {"kind": "confirmation", "subject": "See you, {client}", "body": "On {day} at {time}.\n\n{link}\n\nYours"}
    assert api(salon.manager).post("/message-texts", words).status_code == 201
    book(now=timezone.now())
    sending.send_due()
    mail = mailbox.take()
    assert mail["Subject"] == "See you, Salon client"
    assert mail.get_body(("plain",)).get_content().strip().endswith("Yours")
    assert "{" not in mail.get_body(("plain",)).get_content()


@pytest.mark.sweep
def test_no_other_placeholder_is_taken(salon, api):
    manager = api(salon.manager)
    for body in ("{client.password}", "{0}", "{settings}", "{", "{% load x %}", "{{ client }}"):
        answer = manager.post("/message-texts", {"kind": "reminder", "body": body})
        assert fields(answer) == {"body": "invalid"}, body
    assert MessageText.objects.count() == 0


def test_a_text_is_refused_without_what_its_kind_cannot_be_without(salon, api):
    manager = api(salon.manager)
    for kind, said in (("code", "{code}"), ("receipt", "{receipt}")):
        own = {"kind": kind, "body": "Dear client of {organization}"}
        assert fields(manager.post("/message-texts", own)) == {"body": "invalid"}, kind
        made = manager.post("/message-texts", own | {"body": f"Here: {said}"})
        assert made.status_code == 201, kind
        changed = manager.patch(f"/message-texts/{made.json()['id']}", {"body": "Nothing"})
        assert fields(changed) == {"body": "invalid"}, kind
    assert set(MessageText.objects.values_list("body", flat=True)) == {"Here: {code}", "Here: {receipt}"}


def test_a_text_of_before_that_lacks_the_code_is_not_sent(salon):
    MessageText.objects.create(organization=salon.organization, kind="code", channel="sms", body="Welcome")
    assert find_words(salon.organization, "code", "sms", "en") == ("", "{code} is your code for {organization}.")


def test_a_text_is_previewed_without_being_saved(salon, api):
    draft = {"kind": "reminder", "subject": "Soon: {service}", "body": "Dear {client}, <b>{organization}</b>"}
    seen = api(salon.manager).post("/message-texts/preview", draft).json()
    assert seen["subject"] == "Soon: Salon service"
    assert seen["body"] == "Dear Kim Example, <b>Salon</b>"
    assert "&lt;b&gt;Salon&lt;/b&gt;" in seen["html"]
    assert MessageText.objects.count() == 0
    usual = api(salon.manager).post("/message-texts/preview", {"kind": "code", "channel": "sms", "language": "de"})
    assert usual.json() == {"subject": "", "body": "123456 ist Ihr Code für Salon.", "html": ""}


def test_what_a_client_is_called_is_no_placeholder(book, salon, api):
    salon.client.name = "{phone}"
    salon.client.save(update_fields=["name"])
    message = Message.objects.get(appointment=book(), kind="confirmation")
    assert "Hello {phone}," in api(salon.manager).get(f"/messages/{message.pk}/preview").json()["body"]


def test_an_erased_client_leaves_no_address(book, salon, api, mailbox):
    visit = book()
    sending.send_due()
    personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    sending.send_due()
    assert {to for *_, to in planned_for(visit, "to")} == {""}
    assert planned_for(visit, "reason")[-1] == ("cancelled", 1, "skipped", "no_address")


def test_whoever_asks_what_is_kept_of_them_is_told_what_they_were_told(book, salon, api):
    book()
    answer = api(salon.client).get(f"/users/{salon.client.pk}/export").json()
    assert [(row["kind"], row["to"]) for row in answer["messages"]] == [
        ("confirmation", salon.client.email),
        ("reminder", salon.client.email),
    ]
    assert answer["wants_no_reminders"] is False
