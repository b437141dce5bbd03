"""What the apps say: English to programs and in what is stored, to people German where they chose it."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from accounts.models import User
from appointments import booking, history
from organizations.models import Audit, Organization
from payments.tests.factories import PaymentFactory
from services.models import Service

pytestmark = pytest.mark.django_db
NOT_LONGER_THAN_A_DAY = {"duration": 1400, "buffer_before": 60}
ENGLISH = "Duration and buffers together are at most 1440 minutes."
GERMAN = "Dauer und Puffer sind zusammen höchstens 1440 Minuten."


@pytest.fixture
def german(salon):
    Organization.objects.filter(pk=salon.organization.pk).update(language="de")
    for person in (salon.admin, salon.client, salon.visit.client):
        person.refresh_from_db()
    return salon


def test_one_refusal_is_english_to_programs_and_german_on_the_page(german, api, client):
    answer = api(german.admin).post("/services", {"name": "Long", **NOT_LONGER_THAN_A_DAY})
    assert [each["detail"] for each in answer.json()["errors"]] == [ENGLISH]
    client.force_login(german.admin)
    page = client.post("/admin/services/service/add/", {"name": "Long", "buffer_after": 0, **NOT_LONGER_THAN_A_DAY})
    assert GERMAN in page.text and ENGLISH not in page.text


def test_a_rule_of_the_domain_says_no_in_both(german, api, client):
    assert api(german.admin).delete(f"/users/{german.admin.pk}").json()["detail"] == "Nobody removes themselves."
    with translation.override("de"), pytest.raises(booking.SlotTaken) as refused:
        booking.book(
            by=german.admin,
            client=german.client,
            service=german.service,
            staff=german.staff,
            appointment_date=german.visit.appointment_date,
            now=datetime(2026, 5, 4, tzinfo=UTC),
        )
    assert str(refused.value.detail) == "This time is taken."  # where it is read, not where it was raised
    with translation.override("de"):
        assert str(refused.value.detail) == "Diese Zeit ist vergeben."


def test_columns_are_called_in_german(german, client):
    client.force_login(german.admin)
    page = client.get("/admin/services/service/add/").text
    for text in ("Puffer davor", "Steuersatz", "Minuten zum Aufräumen, nach dem Termin frei gehalten"):
        assert text in page


def test_a_name_is_english_for_migrations_and_programs():
    assert (str(Service._meta.verbose_name), Service._meta.verbose_name_raw) == ("service", "service")
    assert Service._meta.get_field("price").deconstruct()[3].get("verbose_name") is None


def test_a_history_is_stored_as_facts_and_told_in_the_readers_language(german):
    visit = german.visit
    booking.cancel(by=german.admin, visit=visit, now=datetime(2026, 5, 4, tzinfo=UTC), reason="Krank")
    english = history.describe_history(visit)[0]
    with translation.override("de"):
        told = history.describe_history(visit)[0]
    assert (english["text"], told["text"]) == ("Cancelled by Salon admin", "Abgesagt durch Salon admin")
    assert told["reason"] == "Krank"


def test_the_audit_is_told_in_german(german, client):
    Service.objects.filter(pk=german.service.pk).update(price="50")
    entry = Audit.objects.filter(table="services").latest("id")
    client.force_login(german.admin)
    page = client.get(f"/admin/organizations/audit/{entry.pk}/change/").text
    assert f"Leistung {german.service.pk} geändert: Preis 45.00 → 50.00" in page


@pytest.mark.parametrize(("own", "said"), [("", "Beleg"), ("en", "Receipt"), ("de", "Beleg")])
def test_a_receipt_speaks_its_clients_language_whoever_prints_it(german, api, own, said):
    User.objects.filter(pk=german.client.pk).update(language=own)
    now = datetime(2026, 5, 4, tzinfo=UTC)
    payment = PaymentFactory(appointment=german.visit, status="completed", settled_at=now, created_at=now)
    page = api(german.admin).get(f"/payments/{payment.pk}/receipt").content.decode()
    assert f"<h1>{said} 1</h1>" in page and f'<html lang="{"en" if own == "en" else "de"}">' in page
