"""What is owed to receivers is written with what happened: lost with it, and never without it."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.client_files import saving
from accounts.client_files.files import open_file
from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.amendments import merging, presence, undoing
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.reach.webhooks.endpoints import remove_endpoint
from clientline.reach.webhooks.models import TYPES, WebhookDelivery
from clientline.tests.copies import start_copy

pytestmark = pytest.mark.django_db


def owed():
    """(type, data) of each delivery, oldest first, once it is seen that all bodies are of one shape and of one home."""
    bodies = [json.loads(row.body) for row in WebhookDelivery.objects.order_by("id")]
    assert all(list(body) == ["type", "timestamp", "organization", "data"] for body in bodies)
    assert all(list(body["data"]) == ["ids", "status", "version", "start"] for body in bodies)
    return [(body["type"], body["data"]) for body in bodies]


@pytest.fixture
def morning(salon):
    always_at_work(salon.staff)
    told = {"client": salon.client, "service": salon.service, "staff": salon.staff}
    return partial(booking.book, by=salon.admin, appointment_date=days_ahead(9), now=timezone.now(), **told)


@pytest.mark.sweep
def test_a_visit_is_told_from_booking_to_cancelling(salon, clinic, api, listen):
    listen(salon)
    listen(clinic)
    always_at_work(salon.staff)
    manager, start = api(salon.manager), days_ahead(9)
    body = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    visit = manager.post("/appointments", body | {"appointment_date": start.isoformat()}).json()
    later = start + timedelta(hours=1)
    manager.post(f"/appointments/{visit['id']}/reschedule", {"appointment_date": later.isoformat()})
    manager.post(f"/appointments/{visit['id']}/cancel", {"reason": "ill"})
    ids = body | {"appointment": visit["id"]}

    def data(status, version, start):
        return {"ids": ids, "status": status, "version": version, "start": start.isoformat()}

    assert owed() == [
        ("appointment.booked", data("scheduled", 1, start)),
        ("appointment.moved", data("scheduled", 2, later)),
        ("appointment.cancelled", data("cancelled", 3, later)),
    ]
    first = WebhookDelivery.objects.earliest("id")
    told = json.loads(first.body)
    assert told["organization"] == salon.organization.pk
    assert told["timestamp"] == first.created_at.replace(microsecond=0).isoformat()
    assert (first.state, first.tries, first.due_at) == ("pending", 0, first.created_at)


def test_a_visit_that_took_place_is_told(salon, listen):
    listen(salon)
    past = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-2)
    )
    told = {"by": salon.manager, "visit": past, "now": timezone.now()}
    booking.complete(**told)
    booking.correct(**told, status="no_show", reason="was not there")
    other = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-3)
    )
    booking.mark_no_show(by=salon.manager, visit=other, now=timezone.now())
    assert [(kind, data["status"], data["version"]) for kind, data in owed()] == [
        ("appointment.completed", "completed", 2),
        ("appointment.corrected", "no_show", 3),
        ("appointment.no_show", "no_show", 2),
    ]


def test_what_is_taken_back_is_a_correction_and_arriving_is_no_news(salon, listen, morning):
    listen(salon, events=["appointment.corrected"])
    visit, told = morning(), {"by": salon.admin}
    presence.mark_arrived(visit=visit, now=timezone.now(), **told)
    booking.cancel(visit=visit, now=timezone.now(), reason="ill", **told)
    undoing.undo(visit=visit, now=timezone.now(), **told)
    booking.cancel(visit=visit, now=timezone.now(), reason="ill", **told)
    undoing.reopen(visit=visit, now=timezone.now(), **told)
    assert [(kind, data["status"]) for kind, data in owed()] == [("appointment.corrected", "scheduled")] * 2


@pytest.mark.parametrize("wish", ["keep_local", "keep_instant"])
def test_visits_in_another_zone_are_told_with_where_they_are(salon, api, listen, wish):
    listen(salon)
    body = {"timezone": "Asia/Tokyo", "coming_visits": wish}
    assert api(salon.admin).patch(f"/organizations/{salon.organization.pk}", body).status_code == 200
    now = {row.pk: row.appointment_date for row in Appointment.objects.filter(organization=salon.organization)}
    told = {data["ids"]["appointment"]: data["start"] for kind, data in owed() if kind == "appointment.rezoned"}
    assert told == {pk: start.isoformat() for pk, start in now.items()}
    assert len(told) == 2


@pytest.mark.sweep
def test_money_is_told_without_its_amount(salon, api, listen):
    listen(salon)
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)
    staff = api(salon.manager)

    def take(status):
        body = {"appointment": visit.pk, "amount": "9.00", "payment_method": "cash", "status": status}
        return staff.post("/payments", body).json()["id"]

    voided, failed, refunded = take("completed"), take("pending"), take("completed")
    staff.post(f"/payments/{voided}/void", {"reason": "typed wrong"})
    staff.post(f"/payments/{failed}/fail")
    refund = staff.post(f"/payments/{refunded}/refunds", {"reason": "unhappy"}).json()["id"]

    def data(pk, status, version):
        return {"ids": {"payment": pk, "appointment": visit.pk}, "status": status, "version": version, "start": None}

    assert owed() == [
        ("payment.completed", data(voided, "completed", 1)),
        ("payment.completed", data(refunded, "completed", 1)),
        ("payment.voided", data(voided, "failed", 2)),
        ("payment.failed", data(failed, "failed", 2)),
        (
            "refund.completed",
            {"ids": {"refund": refund, "payment": refunded}, "status": "completed", "version": None, "start": None},
        ),
    ]


@pytest.mark.sweep
def test_clients_are_told_without_their_names(salon, api, listen):
    listen(salon)
    admin = api(salon.admin)
    eva = admin.post("/users", {"name": "Eva Adler", "email": "eva@example.com", "role": "client"}).json()["id"]
    kept = UserFactory(organization=salon.organization, role="client")
    merging.merge_clients(by=salon.admin, kept=kept, duplicate=User.objects.get(pk=eva), now=timezone.now())
    assert admin.post(f"/users/{kept.pk}/erase").status_code == 200
    told = [(kind, data["ids"], data["status"]) for kind, data in owed()]
    assert told == [
        ("client.created", {"client": eva}, "active"),
        ("client.merged", {"client": eva, "into": kept.pk}, "inactive"),
        ("client.erased", {"client": min(eva, kept.pk)}, "inactive"),
        ("client.erased", {"client": max(eva, kept.pk)}, "inactive"),
    ]
    bodies = "".join(WebhookDelivery.objects.values_list("body", flat=True))
    assert "Eva" not in bodies
    assert "eva@" not in bodies


def test_a_file_of_clients_is_told_each_by_each(salon, listen):
    listen(salon, events=["client.created"])
    listen(salon, events=["client.created", "client.erased"])
    file = open_file(b"name,email\nEva,eva@example.com\nUli,uli@example.com\n", country="DE")
    entries = file.read(days_ahead(0).date())
    saving.import_clients(by=salon.admin, organization=salon.organization, entries=entries, now=timezone.now())
    assert [kind for kind, _ in owed()] == ["client.created"] * 4


def test_only_who_listens_hears_it(salon, clinic, listen, morning):
    heard = listen(salon, events=["appointment.booked"])
    listen(salon, events=[each for each in TYPES if each != "appointment.booked"])
    listen(salon, is_active=False)
    listen(clinic)
    morning()
    assert list(WebhookDelivery.objects.values_list("endpoint", flat=True)) == [heard.pk]


def test_what_is_rolled_back_was_never_owed(salon, listen, morning):
    listen(salon)
    with transaction.atomic():
        morning()
        assert len(owed()) == 1
        transaction.set_rollback(True)
    assert owed() == []


def test_a_refused_request_owes_nothing(salon, api, listen, morning):
    listen(salon)
    second = morning()
    body = {"client": salon.stranger.pk, "staff": salon.staff.pk, "service": salon.service.pk, "count": 2}
    body |= {"appointment_date": (second.appointment_date - timedelta(days=7)).isoformat(), "every": 1}
    answer = api(salon.manager).post("/appointments/series", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert [kind for kind, _ in owed()] == ["appointment.booked"]


def test_one_statement_writes_for_all_receivers(salon, listen, morning):
    with transaction.atomic(), Counted() as without:
        morning(appointment_date=days_ahead(8))
    listen(salon)
    listen(salon)
    with transaction.atomic(), Counted() as with_two:
        morning()
    assert len(with_two) == len(without)
    assert len(owed()) == 2


class Counted:
    def __enter__(self):
        self.statements = []
        self.wrapper = connection.execute_wrapper(self.count)
        self.wrapper.__enter__()
        return self

    def __exit__(self, *error):
        self.wrapper.__exit__(*error)

    def __len__(self):
        return len(self.statements)

    def count(self, execute, sql, params, many, context):
        self.statements.append(sql)
        return execute(sql, params, many, context)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_booking_passes_by_an_endpoint_that_is_being_deleted(salon, listen, morning):
    gone, stays = listen(salon), listen(salon)
    with transaction.atomic():
        remove_endpoint(endpoint=gone)
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(in_a_connection_of_its_own, morning).result(timeout=10).pk
    assert list(WebhookDelivery.objects.values_list("endpoint", flat=True)) == [stays.pk]


def in_a_connection_of_its_own(perform):
    try:
        return perform()
    finally:
        connection.close()


def cancel_and_die(organization):
    visit = Appointment.objects.filter(organization=organization, status="scheduled").earliest("id")
    with transaction.atomic():
        booking.cancel(by=None, visit=visit, now=timezone.now(), reason="storm")
        transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_what_is_committed_is_owed_though_its_process_died_right_after(salon, receiver, listen, work):
    listen(salon, receiver.url)
    process = start_copy(cancel_and_die, salon.organization.pk)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    work()
    assert [json.loads(request.body)["type"] for request in receiver.requests] == ["appointment.cancelled"]
