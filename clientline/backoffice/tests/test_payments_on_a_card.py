"""The latest payments on a client's card are found by the client's visits where these are few, else by creation."""

from copy import copy
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import FIRST_VISIT, AppointmentFactory
from clientline.backoffice.people import client_card
from organizations.tenancy import confine_transaction, release
from payments.models import Payment
from payments.tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db


def pay_visits(cast, client, number, *, since):
    """So many visits with a payment each, of which two at a time are made, from `since` on."""
    rest = {"client": client, "staff": cast.staff, "service": cast.service, "organization": cast.organization}
    visit = AppointmentFactory.build(**rest, overbooked=True, appointment_date=FIRST_VISIT, price=45)
    visits = Appointment.objects.bulk_create(copy(visit) for _ in range(number))
    payment = PaymentFactory.build(appointment=visit)
    payments = [copy(payment) for _ in visits]
    for place, (each, paid_for) in enumerate(zip(payments, visits, strict=True)):
        each.appointment, each.created_at = paid_for, since + timedelta(minutes=place // 2)
    return Payment.objects.bulk_create(payments)


def list_payments(caller, person):
    return client_card.describe_client(caller, person, now=timezone.now())["payments"]


def read_plan(rows):
    """Each step of it, after it was taken."""
    statement, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        [[told]] = cursor.fetchall()
    steps = [told[0]["Plan"]]
    for step in steps:
        steps += step.get("Plans", [])
    return steps


def count_read(steps, table):
    """Rows that were read of it, and of these the ones that were not wanted."""
    reads = [step for step in steps if step.get("Relation Name") == table]
    unwanted = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return (
        sum(step["Actual Rows"] * step["Actual Loops"] for step in reads),
        sum(step.get(name, 0) for step in reads for name in unwanted),
    )


@pytest.mark.sweep
def test_the_payments_of_who_was_away_are_read_without_those_of_others(salon):
    """As the tenants' role: beside the newer ones of others, of which the walk by creation reads each."""
    away, year = UserFactory(organization=salon.organization), timedelta(days=365)
    own = pay_visits(salon, away, 40, since=timezone.now() - year)
    pay_visits(salon, salon.stranger, 200, since=timezone.now() - year / 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payments, appointments")
    with transaction.atomic():
        confine_transaction(organization_id=salon.organization.pk, user_id=salon.manager.pk)
        steps = read_plan(list_payments(salon.manager, away))
        release()
    assert count_read(steps, "payments") == (len(own), 0)


@pytest.mark.parametrize("who", ["manager", "staff"])
def test_both_ways_list_the_same_payments_in_the_same_order(salon, monkeypatch, who):
    person, caller = UserFactory(organization=salon.organization), getattr(salon, who)
    own = pay_visits(salon, person, 15, since=timezone.now())
    other = AppointmentFactory(client=person, staff=salon.colleague, service=salon.service)
    colleagues = PaymentFactory(appointment=other, created_at=timezone.now() + timedelta(days=1))
    listed = [colleagues, *reversed(own)] if who == "manager" else own[::-1]
    for few, reads_keys in ((len(listed), True), (len(listed) - 1, False)):
        monkeypatch.setattr(client_card, "FEW_VISITS", few)
        payments = list_payments(caller, person)
        assert ("ARRAY(" in str(payments.query)) == reads_keys
        assert list(payments) == listed[: client_card.SHOWN]
