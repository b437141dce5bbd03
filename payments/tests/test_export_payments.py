import csv
from datetime import UTC, datetime
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError

from appointments.models import Appointment
from payments.models import Payment
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory


def export(**options):
    output = StringIO()
    call_command("export_payments", stdout=output, **options)
    return list(csv.DictReader(StringIO(output.getvalue())))


def test_it_writes_each_payment_with_its_names_in_local_time(salon):
    at = datetime(2026, 7, 1, 22, 15, tzinfo=UTC)
    PaymentFactory(
        appointment=salon.visit, status="completed", settled_at=at, created_at=at, reference="ch_1", amount="12.30"
    )
    row = export(organization=salon.organization.pk, first="2026-07-02", last="2026-07-02")
    assert row == [
        {
            "id": str(Payment.objects.latest("id").pk),
            "organization": "Salon",
            "appointment": str(salon.visit.pk),
            "client": "Salon client",
            "staff": "Salon staff",
            "service": "Salon service",
            "payment_method": "card",
            "status": "completed",
            "currency": "EUR",
            "amount": "12.30",
            "refunded_amount": "0.00",
            "reference": "ch_1",
            "created_at": "2026-07-02T00:15:00+02:00",
            "settled_at": "2026-07-02T00:15:00+02:00",
            "tip": "0.00",
            "rounding": "0.00",
            "receipt_number": "1",
            "voided_at": "",
        }
    ]
    assert export(organization=salon.organization.pk, last="2026-07-01") == []
    assert export(organization=salon.organization.pk, first="2026-07-03", last="2026-07-04") == []


def test_money_that_came_is_of_whom_and_what_it_was_then(salon):
    came = PaymentFactory(appointment=salon.visit, completed=True)
    to_come = PaymentFactory(appointment=salon.visit)
    other = ServiceFactory(organization=salon.organization, name="Colouring")
    Appointment.objects.filter(pk=salon.visit.pk).update(service=other, staff=salon.colleague)
    rows = {row["id"]: (row["staff"], row["service"]) for row in export(organization=salon.organization.pk)}
    assert rows[str(came.pk)] == ("Salon staff", "Salon service")
    assert rows[str(to_come.pk)] == (salon.colleague.name, "Colouring")


def test_without_bounds_it_writes_everything_of_everybody(salon, clinic):
    assert [row["organization"] for row in export()] == ["Clinic", "Clinic", "Salon", "Salon"]


def test_no_cell_is_a_formula(salon):
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1"):
        salon.client.name = name
        salon.client.save()
        names = [row["client"] for row in export(organization=salon.organization.pk)]
        assert names == [f"'{name}", "Salon stranger"]


def test_nonsense_is_refused(salon):
    for options in ({"first": "tomorrow"}, {"last": "2026-02-30"}, {"organization": 2**40}):
        with pytest.raises(CommandError):
            export(**options)


def test_no_payment_leaves_where_that_cannot_be_noted(salon, monkeypatch):
    """As on a standby, which only reads."""
    PaymentFactory(appointment=salon.visit)
    monkeypatch.setattr("organizations.audit.record_event", Mock(side_effect=InternalError))
    out = StringIO()
    with pytest.raises(InternalError):
        call_command("export_payments", stdout=out)
    assert out.getvalue().count("\n") == 1  # the headings
