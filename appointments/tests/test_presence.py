"""Arrived and in service: marks with a time beside the status."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.problems import problem


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return at(salon, days_ahead(3))


def at(salon, start, **fields):
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return AppointmentFactory(appointment_date=start, ends_at=start + timedelta(minutes=30), **people | fields)


def arrive(api, caller, visit, **body):
    return api(caller).post(f"/appointments/{visit.pk}/arrive", body)


def tell(visit):
    return [(fact.action, bool(fact.was), bool(fact.became)) for fact in visit.history.order_by("id")]


def test_a_client_arrives_once_and_the_status_stays(api, salon, visit):
    before = timezone.now().replace(microsecond=0)
    answer = arrive(api, salon.staff, visit)
    assert answer.status_code == 200, answer.json()
    row = answer.json()
    assert (row["status"], row["version"], row["in_service_at"]) == ("scheduled", 2, None)
    assert before <= datetime.fromisoformat(row["arrived_at"]) <= timezone.now()
    again = arrive(api, salon.manager, visit).json()
    assert (again["version"], again["arrived_at"]) == (2, row["arrived_at"])
    assert tell(visit) == [("arrived", False, True)]
    assert arrive(api, salon.client, visit).status_code == 403


def test_who_is_in_service_has_arrived(api, salon, visit):
    row = arrive(api, salon.manager, visit, in_service=True).json()
    assert (row["version"], row["arrived_at"]) == (2, row["in_service_at"])
    arrived = at(salon, days_ahead(4))
    first = arrive(api, salon.manager, arrived).json()["arrived_at"]
    row = arrive(api, salon.manager, arrived, in_service=True).json()
    assert (row["arrived_at"], row["version"]) == (first, 3)
    arrived.refresh_from_db()
    assert arrived.in_service_at > arrived.arrived_at


def test_only_who_has_a_scheduled_visit_arrives(api, salon, visit):
    for status, allowed in (("completed", ["no_show"]), ("no_show", ["completed"]), ("cancelled", [])):
        cancelled_at = timezone.now() if status == "cancelled" else None
        Appointment.objects.filter(pk=visit.pk).update(status=status, cancelled_at=cancelled_at)
        answer = arrive(api, salon.manager, visit)
        assert problem(answer) == (409, "invalid_transition")
        assert (answer.json()["to"], answer.json()["allowed"]) == ("arrived", allowed)


@pytest.mark.sweep
def test_the_mark_goes_along_on_its_day_and_not_to_another(api, salon, visit):
    arrive(api, salon.manager, visit, in_service=True)
    path, start = f"/appointments/{visit.pk}/reschedule", visit.appointment_date
    row = api(salon.manager).post(path, {"appointment_date": (start + timedelta(minutes=15)).isoformat()}).json()
    assert row["arrived_at"]
    row = api(salon.manager).post(path, {"appointment_date": (start + timedelta(days=1)).isoformat()}).json()
    assert (row["arrived_at"], row["in_service_at"]) == (None, None)
    actions = [("arrived_changed", True, False), ("in_service_changed", True, False)]
    assert tell(visit)[-2:] == actions
    row = api(salon.manager).post(f"/appointments/{visit.pk}/undo").json()
    assert row["arrived_at"]
    assert row["in_service_at"]


@pytest.mark.sweep
def test_late_is_who_should_be_there_and_over_what_nobody_closed(api, salon, visit):
    now = timezone.now()
    late = at(salon, now - timedelta(minutes=5))
    here = at(salon, now - timedelta(minutes=90), arrived_at=now)
    over = at(salon, now - timedelta(minutes=150))
    at(salon, now - timedelta(minutes=200), status="completed")

    def listed(**query):
        answer = api(salon.manager).get("/appointments", query | {"start_to": now.isoformat()})
        return [row["id"] for row in answer.json()["results"]]

    assert listed(late="true") == [late.pk, over.pk]
    assert listed(over="true") == [here.pk, over.pk]
    assert late.pk in listed(over="false")
    assert over.pk not in listed(over="false")
