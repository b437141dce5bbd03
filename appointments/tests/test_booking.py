"""Booking: what a visit takes over from its service and organization, who may meet, and no double booking."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.tests.problems import fields, problem
from organizations.models import Organization
from services.models import Service
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.clock

NINE = "2026-05-04T09:00:00+02:00"


@pytest.fixture
def book(salon, api):
    """`book(by=person, **body)` posts a booking of the cast's service; None leaves a key out."""

    def book(by=None, **body):
        usual = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
        sent = usual | {"appointment_date": NINE} | body
        sent = {key: value for key, value in sent.items() if value is not None}
        return api(by or salon.admin).post("/appointments", sent)

    return book


def test_a_visit_keeps_the_price_length_buffers_and_policy_of_its_booking(salon, book):
    policy = {"cancellation_notice": 120, "late_cancellation_fee": "10.00", "no_show_fee": "50.50"}
    Organization.objects.filter(pk=salon.organization.pk).update(**policy)
    Service.objects.filter(pk=salon.service.pk).update(buffer_before=10, buffer_after=5)
    row = book(notes="First time", internal_notes="Likes tea").json()
    Service.objects.filter(pk=salon.service.pk).update(price=99, duration=60, buffer_before=0)
    Organization.objects.filter(pk=salon.organization.pk).update(cancellation_notice=1, no_show_fee=1)

    visit = Appointment.objects.get(pk=row["id"])
    assert (row["status"], row["version"], row["overbooked"]) == ("scheduled", 1, False)
    assert (row["notes"], row["internal_notes"], row["price"]) == ("First time", "Likes tea", "45.00")
    assert (row["appointment_date"], row["ends_at"]) == (NINE, "2026-05-04T09:30:00+02:00")
    assert visit.busy_from == visit.appointment_date - timedelta(minutes=10)
    assert visit.busy_until == visit.ends_at + timedelta(minutes=5)
    stored = (visit.cancellation_notice, str(visit.late_cancellation_fee), str(visit.no_show_fee))
    assert stored == (120, "10.00", "50.50")
    assert (visit.created_by, visit.organization) == (salon.admin, salon.organization)


def test_duration_and_price_may_be_given(book):
    row = book(duration=45, price="0.00").json()
    assert (row["ends_at"], row["price"]) == ("2026-05-04T09:45:00+02:00", "0.00")


def test_a_service_without_price_costs_nothing_and_one_without_duration_needs_one(salon, book):
    talk = ServiceFactory(organization=salon.organization, duration=None, price=None)
    assert fields(book(service=talk.pk)) == {"duration": "required"}
    row = book(service=talk.pk, duration=20).json()
    assert (row["price"], row["ends_at"]) == ("0.00", "2026-05-04T09:20:00+02:00")


def test_clients_book_themselves_and_staff_book_with_themselves(salon, book):
    always_at_work(salon.staff)
    row = book(by=salon.client, client=None, appointment_date=days_ahead(10).isoformat()).json()
    assert row["client"] == salon.client.pk
    row = book(by=salon.staff, staff=None, appointment_date="2026-05-04T12:00:00+02:00").json()
    assert (row["staff"], row["client"]) == (salon.staff.pk, salon.client.pk)
    assert fields(book(by=salon.staff, client=None)) == {"client": "required"}


@pytest.mark.parametrize("role", ["admin", "client"])
def test_a_booking_answers_what_a_get_would(salon, api, book, role):
    Service.objects.filter(pk=salon.service.pk).update(price=None)
    always_at_work(salon.staff)
    caller = getattr(salon, role)
    answer = book(by=caller, staff=None, notes=" \u2028é ", appointment_date=days_ahead(10).isoformat())
    assert answer.status_code == 201
    assert answer.content == api(caller).get(f"/appointments/{answer.json()['id']}").content


def test_staff_book_clients_they_know_or_have_registered(salon, api, book):
    assert fields(book(by=salon.staff, client=salon.stranger.pk)) == {"client": "does_not_exist"}
    body = {"name": "New", "email": "new@example.com", "role": "client"}
    newcomer = api(salon.staff).post("/users", body).json()["id"]
    assert book(by=salon.staff, client=newcomer).status_code == 201


def test_a_visit_is_between_a_client_and_one_of_the_team(salon, book):
    assert fields(book(client=salon.staff.pk)) == {"client": "does_not_exist"}
    assert fields(book(staff=salon.client.pk)) == {"staff": "does_not_exist"}
    assert book(staff=salon.manager.pk).status_code == 201


def test_the_inactive_are_not_booked(salon, book):
    for key in ("client", "staff", "service"):
        row = getattr(salon, key)
        mine = type(row).objects.filter(pk=row.pk)
        mine.update(is_active=False)
        assert fields(book()) == {key: "inactive"}
        mine.update(is_active=True)


def test_clients_do_not_even_find_a_service_that_is_not_on_offer(salon, book):
    Service.objects.filter(pk=salon.service.pk).update(is_active=False)
    assert fields(book(by=salon.client)) == {"service": "does_not_exist"}


def test_only_who_performs_a_service_is_booked_for_it(salon, book):
    salon.service.staff.add(salon.colleague, through_defaults={"organization": salon.organization})
    assert fields(book()) == {"staff": "invalid"}
    assert book(staff=salon.colleague.pk).status_code == 201


def test_a_visit_with_its_buffers_lasts_at_most_a_day(salon, book):
    Service.objects.filter(pk=salon.service.pk).update(buffer_after=60)
    assert fields(book(duration=1381)) == {"duration": "invalid"}
    assert book(duration=1380).status_code == 201


@pytest.mark.parametrize("start", ["2000-01-01T00:05:00Z", "2099-12-31T23:40:00Z"])
def test_buffers_and_length_stay_between_2000_and_2100_too(salon, book, start):
    Service.objects.filter(pk=salon.service.pk).update(buffer_before=10)
    assert fields(book(appointment_date=start)) == {"appointment_date": "invalid"}


BESIDE_NINE = [
    ("2026-05-04T09:00:00+02:00", 30, True),
    ("2026-05-04T07:00:00Z", 30, True),
    ("2026-05-04T09:15:00+02:00", 5, True),
    ("2026-05-04T08:45:00+02:00", 16, True),
    ("2026-05-04T08:00:00+02:00", 1440 - 60, True),
    ("2026-05-03T12:00:00+02:00", 1440, True),
    ("2026-05-04T08:45:00+02:00", 15, False),
    ("2026-05-04T09:30:00+02:00", 30, False),
]


@pytest.mark.sweep
def test_two_visits_of_one_person_may_touch_but_not_overlap(salon, book):
    assert book().status_code == 201
    for start, minutes, taken in BESIDE_NINE:
        answer = book(client=salon.stranger.pk, appointment_date=start, duration=minutes)
        told = (answer.status_code, answer.json().get("code"), answer.json().get("detail"))
        assert told == ((409, "slot_taken", "This time is taken.") if taken else (201, None, None)), start
    longest = {"appointment_date": "2026-05-03T12:00:00+02:00", "duration": 1440}
    assert book(client=salon.stranger.pk, staff=salon.colleague.pk, **longest).status_code == 201


def test_buffers_add_up(salon, book):
    Service.objects.filter(pk=salon.service.pk).update(buffer_before=10, buffer_after=5)
    assert book().status_code == 201
    assert problem(book(appointment_date="2026-05-04T09:44:00+02:00")) == (409, "slot_taken")
    assert book(appointment_date="2026-05-04T09:45:00+02:00").status_code == 201


def test_a_cancelled_visit_frees_its_time_and_an_overbooked_one_keeps_it(salon, book):
    pk = book().json()["id"]
    Appointment.objects.filter(pk=pk).update(overbooked=True)
    assert problem(book()) == (409, "slot_taken")
    cancelled = {"status": "cancelled", "cancelled_at": "2026-05-01T00:00:00Z"}
    Appointment.objects.filter(pk=pk).update(**cancelled)
    assert book().status_code == 201


def test_whatever_door_a_visit_comes_through_the_constraint_has_the_last_word(salon):
    """The admin, the shell and psql do not pass by booking."""
    copy = Appointment.objects.get(pk=salon.visit.pk)
    copy.pk, copy.client = None, salon.stranger
    for name in ("appointment_date", "ends_at", "busy_from", "busy_until"):
        setattr(copy, name, getattr(copy, name) + timedelta(minutes=29))
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        copy.save(force_insert=True)
    assert caught.value.__cause__.diag.constraint_name == "appointment_no_double_booking"


def test_a_visit_written_meanwhile_is_a_slot_taken_too(salon, book, monkeypatch):
    """The overlap is only seen by the constraint when another door writes between check and insert."""
    monkeypatch.setattr("appointments.availability.Calendar.forbid_by_visits", lambda calendar, rows: {})
    assert book().status_code == 201
    assert problem(book()) == (409, "slot_taken")
    assert Appointment.objects.filter(appointment_date=NINE).count() == 1


def test_notes_are_changed_by_staff_and_above_and_nothing_else_is(salon, api):
    path = f"/appointments/{salon.visit.pk}"
    answer = api(salon.staff).patch(path, {"notes": "a", "internal_notes": "b"})
    assert (answer.json()["notes"], answer.json()["internal_notes"], answer.json()["version"]) == ("a", "b", 2)
    assert fields(api(salon.staff).patch(path, {"status": "completed"})) == {"status": "read_only"}
    assert problem(api(salon.client).patch(path, {"notes": "x"})) == (403, "permission_denied")


def test_an_operator_books_for_any_organization_they_name(salon, operator, book):
    answer = book(by=operator, organization=salon.organization.pk)
    assert (answer.status_code, answer.json()["organization"]) == (201, salon.organization.pk)
    assert answer.json()["appointment_date"] == "2026-05-04T07:00:00+00:00"  # the operator's own organization is in UTC
    assert fields(book(by=operator)) == {"organization": "required"}


def test_a_deactivated_person_keeps_their_visits(salon, api, book):
    newcomer = UserFactory(organization=salon.organization)
    pk = book(client=newcomer.pk).json()["id"]
    assert api(salon.admin).patch(f"/users/{newcomer.pk}", {"is_active": False}).status_code == 200
    assert Appointment.objects.get(pk=pk).status == "scheduled"
