"""The currency of an organization stays once money is on record in it."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.db import connection, transaction

from appointments.tests.factories import AppointmentFactory
from clientline.refusals import FieldRefused
from clientline.tests.pages import submit
from organizations import changing
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from payments.tests.factories import PaymentFactory

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
SENTENCE = "Payments are on record in EUR, so the currency stays as it is."


def test_another_currency_is_refused(salon, api):
    answer = api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {"currency": "USD", "phone": "1"})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"field": "currency", "code": "protected", "detail": SENTENCE}],
    )
    organization = Organization.objects.get(pk=salon.organization.pk)
    assert (organization.currency, organization.phone, organization.version) == ("EUR", "", 1)


@pytest.mark.whole  # the form that says what the API refuses: organizations/tests/test_admin.py
def test_the_admin_says_so_beside_the_field(salon, client):
    client.force_login(salon.admin)
    answer = submit(client, f"/admin/organizations/organization/{salon.organization.pk}/change/", currency="USD")
    assert answer.context["adminform"].form.errors == {"currency": [SENTENCE]}
    assert Organization.objects.get(pk=salon.organization.pk).currency == "EUR"


def test_the_rest_changes_with_payments_on_record(salon, api):
    body = {"currency": "EUR", "phone": "1"}
    assert api(salon.admin).patch(f"/organizations/{salon.organization.pk}", body).json()["phone"] == "1"


def test_without_payments_the_currency_changes(salon, operator, api):
    fresh = OrganizationFactory(currency="EUR")
    answer = api(operator).patch(f"/organizations/{fresh.pk}", {"currency": "USD"})
    assert (answer.status_code, answer.json()["currency"], answer.json()["version"]) == (200, "USD", 2)


@pytest.mark.django_db(transaction=True)
def test_a_payment_of_this_moment_counts():
    visit = AppointmentFactory(client__organization__currency="EUR")

    def change():
        try:
            changing.change_organization(organization=visit.organization, changes={"currency": "USD"})
        except FieldRefused as refusal:
            return refusal.errors[0]["code"]
        finally:
            connection.close()
        return "changed"

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic(), connection.cursor() as cursor:
            PaymentFactory(appointment=visit)
            answer, waiting = thread.submit(change), 0
            while not waiting and not answer.done():
                sleep(0.01)
                cursor.execute(WAITING)
                (waiting,) = cursor.fetchone()
        assert answer.result() == "protected"
    assert Organization.objects.get(pk=visit.organization_id).currency == "EUR"
