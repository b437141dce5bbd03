"""What reaches a guest: the code, and the link in what clients are told of their visits."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from appointments import booking
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests.models import BookingRequest, ManageLink
from clientline.reach.guests.sending import list_unsent_codes, send_guest_code
from clientline.reach.messages.delivery import sending
from clientline.reach.tests.guests import ask, make_visit, open_page, read, request, type_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(salon):
    always_at_work(salon.staff)
    open_page(salon, country="DE")
    salon.start = days_ahead(3, hour=10)
    return salon


def send_code():
    asked = BookingRequest.objects.latest("id")
    send_guest_code(organization=asked.organization_id, request=asked.pk)


def test_the_code_that_is_received_books_the_visit(shop, client, mailbox):
    place = request(shop, shop.start, name="Visit https://evil.example now")
    send_code()
    mail = mailbox.take()
    said = mail.get_body(("plain",)).get_content()
    assert (mail["To"], mail["Reply-To"]) == ("kim@example.com", "office@salon.example")
    assert "evil" not in mail.as_string()  # anybody may type anybody's address
    assert type_code(client, place, code=re.search(r"\b\d{6}\b", said)[0]).status_code == 303
    send_code()
    assert mailbox.raw == []  # it is proven


def test_the_confirmation_leads_to_the_visit(shop, mailbox):
    make_visit(shop, shop.start)
    sending.send_due()
    said = mailbox.take().get_body(("plain",)).get_content()
    link = re.search(r"https://book\.clientline\.example(/v/\S+)", said)[1]
    assert "Kim, this is your visit" in read(Client().get(link))


@pytest.mark.sweep
def test_each_message_has_a_link_and_a_move_ends_those_before(shop, client, mailbox):
    link = make_visit(shop, shop.start)
    sending.send_due()
    assert ManageLink.objects.count() == 2
    visit = Appointment.objects.get(client__name="Kim Weber")
    booking.reschedule(by=shop.manager, visit=visit, appointment_date=days_ahead(5), now=timezone.now())
    mailbox.raw.clear()
    sending.send_due()
    said = mailbox.take().get_body(("plain",)).get_content()
    assert client.get(link).status_code == 404
    assert client.get(re.search(r"/v/\S+", said)[0]).status_code == 200


@pytest.mark.sweep
def test_a_telephone_is_enough_where_text_messages_are_sent(shop, client, settings, tmp_path):
    assert ask(client, shop, shop.start, contact_email="").status_code == 200
    settings.SMS_PROVIDER, settings.SMS_SIMULATOR_FILE = "simulator", tmp_path / "sms"
    place = ask(client, shop, shop.start, contact_email="")["Location"]
    send_code()
    [text] = (tmp_path / "sms").read_text().splitlines()
    assert '"to": "+491705500003"' in text
    assert type_code(client, place, code=re.search(r'"text": "(\d{6})', text)[1]).status_code == 303
    client_made = Appointment.objects.get(client__name="Kim Weber").client
    assert (client_made.phone_e164, client_made.contact_email) == ("+491705500003", "")


def test_without_a_mail_server_nothing_is_sent_and_the_code_is_shown(shop, settings):
    settings.EMAIL_BACKEND = ""
    request(shop, shop.start)
    send_code()
    [(asked, code)] = list_unsent_codes(shop.organization, now=timezone.now())
    assert (asked.address, len(code)) == ("kim@example.com", 6)


def test_with_one_it_is_shown_to_nobody(shop, mailbox):
    request(shop, shop.start)
    assert list_unsent_codes(shop.organization, now=timezone.now()) == []
