"""Several visits in one go: booked all or none, moved and cancelled together or singly."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.problems import problem
from services.tests.factories import ServiceFactory

HALF = timedelta(minutes=30)


@pytest.fixture
def start(salon):
    always_at_work(salon.staff, salon.colleague)
    return days_ahead(5, hour=10)


@pytest.fixture
def colour(salon):
    return ServiceFactory(organization=salon.organization, name="Colour", duration=60, price="80.00")


def book(api, caller, visits, **body):
    asked = [
        {"service": service.pk, "appointment_date": begins.isoformat()} | ({"staff": staff.pk} if staff else {})
        for service, staff, begins in visits
    ]
    return api(caller).post("/appointments/group", {"visits": asked} | body)


def cut_and_colour(salon, colour, start):
    """A cut with `staff`, a colour with `colleague`, a cut with `staff` again; the rows in their order."""
    visits = [(salon.service, salon.staff, 0, 1), (colour, salon.colleague, 1, 3), (salon.service, salon.staff, 3, 4)]
    shared = {"client": salon.client, "group": uuid4()}
    return [
        AppointmentFactory(
            **shared, service=service, staff=staff, appointment_date=start + begin * HALF, ends_at=start + end * HALF
        )
        for service, staff, begin, end in visits
    ]


def starts(rows):
    return [Appointment.objects.get(pk=row.pk).appointment_date for row in rows]


def statuses(rows):
    return [Appointment.objects.get(pk=row.pk).status for row in rows]


def post(api, caller, row, path, **body):
    return api(caller).post(f"/appointments/{row.pk}/{path}", body)


def test_consecutive_visits_share_a_group(api, salon, colour, start):
    visits = [(salon.service, salon.staff, start), (colour, salon.colleague, start + HALF)]
    answer = book(api, salon.manager, visits, client=salon.client.pk, notes="long hair")
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert set(body) == {"group", "appointments"}
    assert [(row["service"], row["staff"], row["group"], row["notes"]) for row in body["appointments"]] == [
        (salon.service.pk, salon.staff.pk, body["group"], "long hair"),
        (colour.pk, salon.colleague.pk, body["group"], "long hair"),
    ]
    listed = api(salon.staff).get("/appointments", {"group": body["group"]}).json()["results"]
    assert [row["id"] for row in listed] == [body["appointments"][0]["id"]]


def test_one_that_is_taken_is_named_and_none_is_booked(api, salon, colour, start):
    AppointmentFactory(
        client=salon.stranger,
        staff=salon.colleague,
        service=colour,
        appointment_date=start + HALF,
        ends_at=start + 2 * HALF,
    )
    before = Appointment.objects.count()
    visits = [(salon.service, salon.staff, start), (colour, salon.colleague, start + HALF)]
    answer = book(api, salon.manager, visits, client=salon.client.pk)
    assert (problem(answer), answer.json()["visit"]) == ((409, "slot_taken"), 1)
    assert answer.json()["detail"].startswith("Colour, ")
    assert Appointment.objects.count() == before
    assert book(api, salon.manager, visits, client=salon.client.pk, overbook=True).status_code == 201


def test_anyone_free_leaves_those_who_are_named_their_time(api, salon, start):
    other = ServiceFactory(organization=salon.organization, duration=30, buffer_before=10)
    for service in (salon.service, other):
        service.staff.add(salon.staff, salon.colleague, through_defaults={"organization": salon.organization})
    visits = [(salon.service, None, start), (other, salon.staff, start + HALF)]
    row, named = book(api, salon.manager, visits, client=salon.client.pk).json()["appointments"]
    assert (row["staff"], named["staff"]) == (salon.colleague.pk, salon.staff.pk)


def test_clients_book_for_themselves_and_staff_with_themselves(api, salon, start):
    visits = [(salon.service, salon.staff, start), (salon.service, salon.colleague, start + HALF)]
    rows = book(api, salon.client, visits).json()["appointments"]
    assert {row["client"] for row in rows} == {salon.client.pk}
    alone = [(salon.service, None, start + 4 * HALF), (salon.service, None, start + 5 * HALF)]
    rows = book(api, salon.staff, alone, client=salon.client.pk).json()["appointments"]
    assert {row["staff"] for row in rows} == {salon.staff.pk}
    answer = book(api, salon.staff, visits, client=salon.client.pk)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "visits.1.staff")
    assert problem(book(api, salon.client, visits, overbook=True)) == (403, "permission_denied")


def test_visits_of_a_group_follow_one_another_within_a_day(api, salon, start):
    second = "visits.1.appointment_date"
    for shifts, field in (((0, 29), second), ((30, 0), second), ((0, 1440), "visits")):
        visits = [(salon.service, None, start + timedelta(minutes=minutes)) for minutes in shifts]
        answer = book(api, salon.manager, visits, client=salon.client.pk)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), shifts


@pytest.mark.sweep
def test_bodies_that_are_no_group_are_refused(api, salon, clinic, start):
    good = {"service": salon.service.pk, "appointment_date": start.isoformat()}
    for visits in (None, [], [good], "x", [1, 2], [good, {}], [good, good | {"price": "1.00"}], [good] * 21):
        answer = api(salon.manager).post("/appointments/group", {"client": salon.client.pk, "visits": visits})
        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error"), visits
    foreign = [good, good | {"service": clinic.service.pk}]
    answer = api(salon.manager).post("/appointments/group", {"client": salon.client.pk, "visits": foreign})
    assert answer.status_code == 400


def test_sent_again_with_its_key_a_group_is_booked_once(api, salon, start):
    visits = [(salon.service, salon.staff, start), (salon.service, salon.colleague, start + HALF)]
    asked = [
        {"service": service.pk, "staff": staff.pk, "appointment_date": begins.isoformat()}
        for service, staff, begins in visits
    ]
    body, key = {"client": salon.client.pk, "visits": asked}, {"Idempotency-Key": "one group"}
    first, again = (api(salon.manager).post("/appointments/group", body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()


@pytest.mark.sweep
def test_a_group_moves_as_it_is_and_back(api, salon, colour, start, everything):
    rows = cut_and_colour(salon, colour, start)
    before = starts(rows)
    # The first visit to where the last one is, and the last one to where the first is: none may go before it is left.
    for minutes in (90, -90, 15) if everything else (90, -90):
        shift = timedelta(minutes=minutes)
        asked = {"appointment_date": (before[1] + shift).isoformat(), "scope": "group"}
        answer = post(api, salon.manager, rows[1], "reschedule", **asked)
        assert (answer.status_code, answer.json()["id"], answer.json()["version"]) == (200, rows[1].pk, 2), (
            answer.json()
        )
        assert starts(rows) == [begins + shift for begins in before]
        assert post(api, salon.manager, rows[0], "undo").status_code == 200
        assert starts(rows) == before
        Appointment.objects.filter(group=rows[0].group).update(version=1)


def test_a_group_that_finds_one_place_taken_stays(api, salon, colour, start):
    rows = cut_and_colour(salon, colour, start)
    before, shift = starts(rows), timedelta(hours=3)
    AppointmentFactory(
        client=salon.stranger, staff=salon.staff, service=salon.service, appointment_date=before[2] + shift
    )
    asked = {"appointment_date": (before[0] + shift).isoformat(), "scope": "group"}
    answer = post(api, salon.manager, rows[0], "reschedule", **asked)
    assert (problem(answer), answer.json()["appointment"]) == ((409, "slot_taken"), rows[2].pk)
    assert starts(rows) == before


@pytest.mark.sweep
def test_one_of_a_group_moves_alone_and_its_person_changes_for_what_they_had(api, salon, colour, start):
    rows = cut_and_colour(salon, colour, start)
    later = (start + timedelta(hours=6)).isoformat()
    assert post(api, salon.manager, rows[2], "reschedule", appointment_date=later).status_code == 200
    assert starts(rows)[:2] == [start, start + HALF]
    third = UserFactory(organization=salon.organization, role="staff")
    always_at_work(third)
    asked = {"appointment_date": start.isoformat(), "staff": third.pk, "scope": "group"}
    assert post(api, salon.manager, rows[0], "reschedule", **asked).status_code == 200
    people = [Appointment.objects.get(pk=row.pk).staff_id for row in rows]
    assert people == [third.pk, salon.colleague.pk, third.pk]


def test_a_group_is_cancelled_together_or_singly(api, salon, colour, start):
    rows = cut_and_colour(salon, colour, start)
    post(api, salon.client, rows[1], "cancel")
    assert statuses(rows) == ["scheduled", "cancelled", "scheduled"]
    assert post(api, salon.client, rows[2], "cancel", scope="group").status_code == 200
    assert statuses(rows) == ["cancelled"] * 3
    assert [row.history.filter(action="cancelled").count() for row in rows] == [1, 1, 1]


def test_who_may_change_only_a_part_changes_no_group(api, salon, colour, start):
    rows = cut_and_colour(salon, colour, start)
    for path, body in (("cancel", {"reason": "ill"}), ("reschedule", {"appointment_date": (start + HALF).isoformat()})):
        assert problem(post(api, salon.staff, rows[0], path, scope="group", **body)) == (403, "permission_denied")
    assert statuses(rows) == ["scheduled"] * 3


@pytest.mark.sweep
def test_the_rest_of_a_series_moves_by_days_and_clock(api, salon, start):
    people = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    body = people | {"appointment_date": start.isoformat(), "every": 13, "count": 4}  # over a change of clocks
    booked = api(salon.manager).post("/appointments/series", body).json()["appointments"]
    rows = [Appointment.objects.get(pk=row["id"]) for row in booked]
    zone = salon.organization.zone
    before = [begins.astimezone(zone).replace(tzinfo=None) for begins in starts(rows)]
    assert {begins.time() for begins in before} == {before[0].time()}
    moved = rows[1].appointment_date.astimezone(zone) + timedelta(days=1, hours=3)
    asked = {"appointment_date": moved.isoformat(), "scope": "following", "staff": salon.colleague.pk}
    answer = post(api, salon.manager, rows[1], "reschedule", **asked)
    assert answer.status_code == 200, answer.json()
    after = [begins.astimezone(zone).replace(tzinfo=None) for begins in starts(rows)]
    shift = timedelta(days=1, hours=3)
    assert after == [before[0], *(begins + shift for begins in before[1:])]
    assert {Appointment.objects.get(pk=row.pk).staff_id for row in rows[1:]} == {salon.colleague.pk}
