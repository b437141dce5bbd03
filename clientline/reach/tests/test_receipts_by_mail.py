"""Receipts: planned with the money itself, looked at again when they leave, each once."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from appointments.models import Appointment
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.models import Message
from clientline.reach.phrases import Phrases
from clientline.reach.tests.visits import cancel, make_due, move, planned_for
from organizations.models import Organization
from payments import ledger
from payments.models import Payment
from services.models import Service
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pay(book, salon):
    """`pay()` takes money at the desk for a new visit, whose other messages are out of the way."""

    def pay(amount="45.00", **told):
        told = {"payment_method": "cash", "status": "completed"} | told
        visit = book()
        Message.objects.filter(appointment=visit).delete()
        now = timezone.now()
        return ledger.record_payment(by=salon.admin, appointment=visit, amount=Decimal(amount), now=now, **told)

    return pay


def receipts_of(payment, *names):
    return planned_for(payment.appointment, "rule", *names)


def read(mailbox):
    return mailbox.take().get_body(("plain",)).get_content().replace("\r\n", "\n")


def refund(payment, amount):
    return ledger.refund_payment(
        by=None, payment=payment, amount=Decimal(amount), reason="goodwill", now=timezone.now()
    )


def test_a_receipt_is_received_and_money_that_goes_back_has_one_of_its_own(pay, salon, mailbox):
    Organization.objects.update(tax_number="DE123", country="GB", currency="EUR")
    Service.objects.update(tax_rate=Decimal("7.7"))
    salon.service.refresh_from_db()
    payment = pay("50.00", tip=Decimal("5.00"))
    sending.send_due()
    payment.refresh_from_db()
    mail = mailbox.take()
    said = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert mail["To"] == salon.client.email
    day = Phrases(salon.organization, "en").write_day(salon.organization.find_local_date(payment.settled_at))
    assert (
        f"Receipt {payment.receipt_number}, {day}\nPrice: €45.00\nTip: €5.00\nReceived: €50.00\nPaid in cash\n"
        "Net €41.78, tax at 7.7% €3.22\nTax number DE123\n"
    ) in said
    assert receipts_of(payment) == [("receipt", 0, "sent", payment.receipt_number)]
    assert not any(part.get_content_type() == "text/calendar" for part in mail.walk())
    back = refund(payment, "10.00")
    sending.send_due()
    back.refresh_from_db()
    said = read(mailbox)
    assert f"Receipt {back.receipt_number}, " in said
    assert f"Refunded: €10.00, of receipt {payment.receipt_number}\n" in said
    assert [rule for *_, rule in receipts_of(payment)] == [payment.receipt_number, back.receipt_number]


def test_it_speaks_the_clients_language(pay, salon, mailbox):
    salon.client.language = "de"
    salon.client.save(update_fields=["language"])
    Organization.objects.update(country="DE", currency="EUR")
    payment = pay()
    sending.send_due()
    payment.refresh_from_db()
    said = read(mailbox)
    assert "hier ist Ihr Beleg zu diesem Termin:" in said
    assert f"Beleg {payment.receipt_number}, " in said
    assert "Erhalten: 45,00 €\nBar bezahlt\n" in said.replace("\u00a0", " ")


def test_what_was_typed_wrong_is_not_sent(pay, mailbox):
    payment = pay()
    ledger.void_payment(by=None, payment=payment, reason="typed wrong", now=timezone.now())
    sending.send_due()
    assert [row[2:] for row in receipts_of(payment, "reason")] == [("skipped", payment.receipt_number, "void")]
    assert mailbox.raw == []


def test_it_waits_for_the_money(pay):
    payment = pay(status="pending")
    assert receipts_of(payment) == []
    ledger.complete_payment(by=None, payment=payment, now=timezone.now())
    payment.refresh_from_db()
    assert receipts_of(payment) == [("receipt", 0, "planned", payment.receipt_number)]


def test_what_is_rolled_back_leaves_none(pay):
    with transaction.atomic():
        pay()
        assert Message.objects.filter(kind="receipt").count() == 1
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_it_tells_what_the_money_was_for_when_it_came(pay, salon, clinic, mailbox):
    payment = pay()
    other = ServiceFactory(organization=salon.organization, name="Colouring")
    Appointment.objects.filter(pk=payment.appointment_id).update(service=other, tax_rate=Decimal("19"))
    sending.send_due()
    said = read(mailbox)
    assert (payment.appointment.service.name in said, "Colouring" in said, "tax at" in said) == (True, False, False)


def test_what_becomes_of_the_visit_is_another_matter(pay, mailbox):
    payment = pay()
    cancel(visit=move(payment.appointment))
    make_due(payment.appointment, kind="receipt")
    sending.send_due()
    assert Message.objects.get(kind="receipt").state == "sent"


def test_an_organization_may_send_none(pay, salon, mailbox):
    payment = pay()
    Organization.objects.update(sends_receipts=False)
    sending.send_due()
    assert Message.objects.get().reason == "switched_off"
    payment.organization.refresh_from_db()
    payment.appointment.organization.refresh_from_db()
    refund(payment, "1.00")
    assert Message.objects.count() == 1


def test_its_words_are_previewed(salon, api):
    said = api(salon.manager).post("/message-texts/preview", {"kind": "receipt"}).json()["body"]
    assert "Receipt 1, " in said and "Received: 45.00 EUR\nPaid by card" in said
    own = api(salon.manager).post("/message-texts/preview", {"kind": "receipt", "body": "Thanks!\n{receipt}"}).json()
    assert own["body"].startswith("Thanks!\nReceipt 1, ")


def test_an_organizations_fee_is_a_percentage_with_its_decimals(salon):
    assert Phrases(salon.organization, "en").write_percent(Decimal("12.50")) == "12.5%"


def test_the_payment_stays_the_ledgers(pay):
    payment = pay()
    assert Payment.objects.get(pk=payment.pk).version == payment.version
