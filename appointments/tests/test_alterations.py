"""Another service, length or client for a booked visit: history, price and policy are asked anew."""

from datetime import timedelta

import pytest

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, always_at_work, days_ahead
from clientline.tests.problems import problem
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory

SERIES = "7b9c2d5e-0000-4000-8000-000000000000"


@pytest.fixture
def colour(salon):
    return ServiceFactory(
        organization=salon.organization, name="Colour", duration=90, price="80.00", buffer_after=10, tax_rate="19.00"
    )


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return at(salon, days_ahead(3))


def at(salon, start, minutes=30, **fields):
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    ends = start + timedelta(minutes=minutes)
    return AppointmentFactory(appointment_date=start, ends_at=ends, **people | fields)


def change(api, caller, visit, **body):
    return api(caller).post(f"/appointments/{visit.pk}/change", body)


def undo(api, caller, visit):
    return api(caller).post(f"/appointments/{visit.pk}/undo")


def columns(visit):
    row = Appointment.objects.filter(pk=visit.pk).values().get()
    del row["version"], row["sequence"]  # both only count on
    return row


def tell(visit):
    return [fact.action for fact in visit.history.order_by("id")]


def test_another_service_brings_its_length_buffers_price_tax_and_the_policy_of_now(api, salon, visit, colour):
    before = columns(visit)
    salon.organization.cancellation_notice = 60
    salon.organization.save(update_fields=["cancellation_notice"])
    answer = change(api, salon.staff, visit, service=colour.pk)
    assert answer.status_code == 200, answer.json()
    row = columns(visit)
    assert (row["service_id"], str(row["price"]), str(row["tax_rate"]), row["cancellation_notice"]) == (
        colour.pk,
        "80.00",
        "19.00",
        60,
    )
    assert row["ends_at"] == visit.appointment_date + timedelta(minutes=90)
    assert row["busy_until"] == row["ends_at"] + timedelta(minutes=10)
    assert (answer.json()["version"], answer["ETag"]) == (2, '"2"')
    facts = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert [(fact["action"], fact["from"], fact["to"]) for fact in facts[1:]] == [
        ("price_changed", "45.00", "80.00"),
        ("duration_changed", "30", "90"),
        ("service_changed", str(salon.service.pk), str(colour.pk)),
        ("changed", None, None),
    ]
    assert facts[0]["action"] == "terms_changed"
    assert undo(api, salon.staff, visit).status_code == 200
    assert columns(visit) == before


@pytest.mark.sweep
def test_a_longer_visit_keeps_its_price_unless_another_is_named(api, salon, visit):
    type(salon.service).objects.filter(pk=salon.service.pk).update(price="99.00")
    before = columns(visit)
    assert change(api, salon.staff, visit, duration=45).json()["price"] == "45.00"
    assert columns(visit)["ends_at"] == visit.appointment_date + timedelta(minutes=45)
    assert undo(api, salon.staff, visit).status_code == 200
    assert columns(visit) == before
    answer = change(api, salon.staff, visit, duration=45, price="50.00")
    assert (problem(answer), answer.json()["detail"]) == ((403, "permission_denied"), "You may not send `price`.")
    assert change(api, salon.manager, visit, duration=60, price="50.00").json()["price"] == "50.00"


@pytest.mark.sweep
def test_another_client_gets_the_price_of_now_and_leaves_series_and_group(api, salon, visit):
    Appointment.objects.filter(pk=visit.pk).update(series=SERIES, group=SERIES, price="10.00")
    before = columns(visit)
    row = change(api, salon.manager, visit, client=salon.stranger.pk).json()
    expected = str(salon.service.price or "0.00")
    assert (row["client"], row["series"], row["group"], row["price"]) == (salon.stranger.pk, None, None, expected)
    told = [fact["action"] for fact in api(salon.stranger).get(f"/appointments/{visit.pk}/history").json()["results"]]
    assert "client_changed" not in told
    assert undo(api, salon.manager, visit).status_code == 200
    assert columns(visit) == before


def test_money_stays_with_who_paid(api, salon, visit):
    PaymentFactory(appointment=visit, status="failed")
    paid = at(salon, days_ahead(4))
    PaymentFactory(appointment=paid, completed=True)
    assert problem(change(api, salon.manager, paid, client=salon.stranger.pk)) == (409, "protected")
    assert change(api, salon.manager, visit, client=salon.stranger.pk).status_code == 200


@pytest.mark.sweep
def test_the_refusals_are_those_of_a_booking(api, salon, visit, colour):
    elsewhere = ServiceFactory(organization=salon.organization, duration=30)
    elsewhere.staff.add(salon.colleague, through_defaults={"organization": salon.organization})
    retired = ServiceFactory(organization=salon.organization, is_active=False)
    gone = UserFactory(organization=salon.organization, is_active=False)
    for body, field in (
        ({"service": elsewhere.pk}, "staff"),
        ({"service": retired.pk}, "service"),
        ({"client": gone.pk}, "client"),
        ({"client": salon.staff.pk}, "client"),
        ({"duration": 1441}, "duration"),
        ({"price": "-1"}, "price"),
        ({"status": "completed"}, "status"),
    ):
        answer = change(api, salon.manager, visit, **body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), body
    at(salon, visit.appointment_date + timedelta(minutes=60), client=salon.stranger)
    assert change(api, salon.manager, visit, duration=60).status_code == 200
    assert problem(change(api, salon.manager, visit, duration=61)) == (409, "slot_taken")
    assert problem(change(api, salon.staff, visit, duration=61, overbook=True)) == (403, "permission_denied")
    assert change(api, salon.manager, visit, duration=61, overbook=True).json()["overbooked"] is True
    assert change(api, salon.manager, visit, duration=60).json()["overbooked"] is False
    TimeOffFactory(staff=salon.staff, starts_at=visit.appointment_date + timedelta(hours=1), ends_at=days_ahead(4))
    assert problem(change(api, salon.manager, visit, service=colour.pk)) == (409, "time_off")
    assert change(api, salon.client, visit, duration=15).status_code == 403


def test_nothing_to_change_changes_nothing_and_only_what_is_scheduled_changes(api, salon, visit):
    row = change(api, salon.manager, visit, service=salon.service.pk, client=salon.client.pk, duration=30).json()
    assert (row["version"], tell(visit)) == (1, [])
    assert change(api, salon.manager, visit).json()["version"] == 1
    api(salon.manager).post(f"/appointments/{visit.pk}/cancel", {"reason": "x"})
    answer = change(api, salon.manager, visit, duration=45)
    assert (problem(answer), answer.json()["allowed"]) == ((409, "invalid_transition"), [])
