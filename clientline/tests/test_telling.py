"""What apps above hear of visits, money and clients: once each, with the row as it is saved, inside the transaction."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.client_files import saving
from accounts.client_files.files import open_file
from accounts.signals import client_erased, client_merged, clients_created
from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.amendments import merging
from appointments.models import Appointment
from appointments.signals import visits_changed
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from payments.signals import money_moved


def told_of_visits(*, visits, happened, **rest):
    return [(f"appointment {happened}", visit.status, visit.version) for visit in visits]


def told_of_money(*, row, happened, **rest):
    return [(f"{row._meta.model_name} {happened}", row.status, str(row.amount))]


def told_of_new_clients(*, keys, **rest):
    return [("client created", len(keys))]


def told_of_merger(*, kept, duplicate, **rest):
    return [("client merged", kept.pk, duplicate.merged_into_id)]


def told_of_erasure(*, person, **rest):
    return [("client erased", person.name)]


@pytest.fixture
def heard():
    """All that was said, in its order."""
    said = []

    def hear(tell, sender, signal, **told):
        assert transaction.get_connection().in_atomic_block
        said.extend(tell(**told))

    told = {
        visits_changed: told_of_visits,
        money_moved: told_of_money,
        clients_created: told_of_new_clients,
        client_merged: told_of_merger,
        client_erased: told_of_erasure,
    }
    ears = {signal: partial(hear, tell) for signal, tell in told.items()}
    for signal, ear in ears.items():
        signal.connect(ear)
    yield said
    for signal, ear in ears.items():
        signal.disconnect(ear)


@pytest.fixture
def past_visit(salon):
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-2)
    )


@pytest.mark.sweep
def test_of_a_visit_from_booking_to_cancelling(salon, api, heard):
    always_at_work(salon.staff, salon.colleague)
    manager, start = api(salon.manager), days_ahead(9)
    body = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    visit = manager.post("/appointments", body | {"appointment_date": start.isoformat()}).json()
    moved = {"appointment_date": (start + timedelta(hours=1)).isoformat(), "staff": salon.colleague.pk}
    for _ in range(2):  # the second time it is there already
        assert manager.post(f"/appointments/{visit['id']}/reschedule", moved).status_code == 200
    assert manager.post(f"/appointments/{visit['id']}/cancel", {"reason": "ill"}).status_code == 200
    assert manager.post(f"/appointments/{visit['id']}/cancel", {"reason": "ill"}).status_code == 409
    assert heard == [
        ("appointment booked", "scheduled", 1),
        ("appointment moved", "scheduled", 2),
        ("appointment cancelled", "cancelled", 3),
    ]


def test_of_a_visit_that_took_place_and_what_was_corrected(salon, past_visit, heard):
    told = {"by": salon.manager, "visit": past_visit, "now": timezone.now()}
    booking.mark_no_show(**told)
    booking.correct(**told, status="completed", reason="was late")
    assert heard == [("appointment no_show", "no_show", 2), ("appointment corrected", "completed", 3)]


@pytest.mark.parametrize("wish", ["keep_local", "keep_instant"])
def test_of_visits_in_another_zone(salon, api, heard, wish):
    coming = Appointment.objects.filter(organization=salon.organization, status="scheduled").count()
    body = {"timezone": "Asia/Tokyo", "coming_visits": wish}
    assert api(salon.admin).patch(f"/organizations/{salon.organization.pk}", body).status_code == 200
    assert heard == [("appointment rezoned", "scheduled", 2)] * coming
    assert coming == 2


@pytest.mark.sweep
def test_of_money_at_the_counter(salon, api, past_visit, heard):
    staff = api(salon.manager)

    def take(status):
        body = {"appointment": past_visit.pk, "amount": "9.00", "payment_method": "cash", "status": status}
        return staff.post("/payments", body).json()["id"]

    completed, later, never = take("completed"), take("pending"), take("pending")
    for pk, move, body in (
        (later, "complete", {}),
        (never, "fail", {}),
        (later, "void", {"reason": "typed wrong"}),
    ):
        assert staff.post(f"/payments/{pk}/{move}", body).status_code == 200
    assert staff.post(f"/payments/{completed}/refunds", {"reason": "unhappy", "amount": "4.00"}).status_code == 201
    assert heard == [
        ("payment completed", "completed", "9.00"),
        ("payment completed", "completed", "9.00"),
        ("payment failed", "failed", "9.00"),
        ("payment voided", "failed", "9.00"),
        ("refund completed", "completed", "4.00"),
    ]


def test_of_clients(salon, api, heard):
    admin, regular = api(salon.admin), UserFactory(organization=salon.organization, role="client")
    for person in (
        {"name": "Eva", "email": "", "role": "client"},
        {"name": "Ole", "email": "ole@salon.example", "role": "staff"},
    ):
        assert admin.post("/users", person).status_code == 201
    merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=regular, now=timezone.now())
    assert heard == [("client created", 1), ("client merged", salon.client.pk, salon.client.pk)]
    heard.clear()
    assert admin.post(f"/users/{salon.client.pk}/erase").status_code == 200
    records = sorted([salon.client.pk, regular.pk])
    told = [each for each in heard if each[0].startswith("client")]
    assert told == [("client erased", f"Erased client {pk}") for pk in records]


def test_of_a_file_of_clients_at_once(salon, heard):
    file = open_file(b"name,email\nEva,eva@example.com\nUli,uli@example.com\n", country="DE")
    told = {"by": salon.admin, "organization": salon.organization, "entries": file.read(date(2026, 11, 29))}
    saving.import_clients(**told, now=timezone.now())
    assert heard == [("client created", 2)]
