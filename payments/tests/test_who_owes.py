"""`GET /appointments?due=true` reads what is not settled, and not the years of visits that are."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from payments.tests.factories import PaymentFactory

MANY = """
    INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at, busy_from,
        busy_until, status, price, cancellation_notice, late_cancellation_fee, no_show_fee)
    SELECT organization_id, client_id, staff_id, service_id, start, start + interval '30 minutes', start,
        start + interval '30 minutes', 'completed', 0, 0, 0, 0
    FROM appointments, generate_series(1, 600) AS day, LATERAL (SELECT timestamptz '2004-01-01 09:00Z'
        + day * interval '1 day' AS start) AS slot
    WHERE id = %s
"""


@pytest.fixture
def owed(salon):
    """Visits that nobody paid for: of two years ago, of last month, and one to come."""
    Appointment.objects.update(price=0)
    now = timezone.now()
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service, "price": "45.00"}
    return [
        AppointmentFactory(appointment_date=now + timedelta(days=days), status=status, **people)
        for days, status in ((-730, "completed"), (-30, "completed"), (14, "scheduled"))
    ]


def list_owing(api, salon, due="true", **more):
    answer = api(salon.manager).get("/appointments", {"due": due} | more)
    return [visit["id"] for visit in answer.json()["results"]]


def test_without_days_it_is_about_all_of_them(salon, owed, api):
    old, recent, coming = (visit.pk for visit in owed)
    assert list_owing(api, salon) == [old, recent, coming]
    assert list_owing(api, salon, client=salon.client.pk) == [old, recent, coming]
    assert list_owing(api, salon, start_to=timezone.now().isoformat()) == [old, recent]
    PaymentFactory(appointment=owed[1], amount="45.00", completed=True)
    assert list_owing(api, salon) == [old, coming]


def test_the_others_are_paid_exactly_cost_nothing_or_were_paid_too_much(salon, owed, api):
    PaymentFactory(appointment=owed[0], amount="45.00", completed=True)
    PaymentFactory(appointment=owed[1], amount="45.01", completed=True)
    PaymentFactory(appointment=owed[2], amount="44.99", completed=True)
    assert set(list_owing(api, salon, due="false")) == {
        salon.visit.pk,
        salon.strangers_visit.pk,
        owed[0].pk,
        owed[1].pk,
    }
    assert list_owing(api, salon) == [owed[2].pk]


@pytest.mark.sweep
def test_what_is_settled_is_not_read(salon, owed):
    with connection.cursor() as cursor:
        cursor.execute(MANY, [owed[0].pk])
        cursor.execute("ANALYZE appointments, client_totals")
    said = StringIO()
    call_command(
        "explain", "GET /appointments?due=true", role="manager", organization=salon.organization.pk, stdout=said
    )
    plan = said.getvalue()
    assert re.search(r"Index Cond: .*organization_id = ", plan), plan
    assert max(map(int, re.findall(r"loops=([0-9]+)", plan))) < 20, "each visit that is read has its sums"
    assert "Seq Scan on appointments" not in plan
    assert max(map(int, re.findall(r"shared hit=([0-9]+)", plan))) < 300
