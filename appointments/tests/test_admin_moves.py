"""A visit's moves in the admin: buttons for exactly what is open now, refusals on the page, what was typed kept."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.pages import Page, submit, typed

VISIT = "/admin/appointments/appointment"


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(10)
    )


@pytest.fixture
def past(salon):
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def moves(client, visit):
    links = Page(client.get(f"{VISIT}/{visit.pk}/change/")).links
    return [link.removeprefix("../").strip("/") for link in links if link.startswith("../") and "history" not in link]


def status(visit):
    return Appointment.objects.get(pk=visit.pk).status


def test_buttons_are_the_moves_that_are_open_now(client, salon, visit, past):
    client.force_login(salon.manager)
    assert moves(client, visit) == ["reschedule", "cancel"]
    assert moves(client, past) == ["complete", "no-show", "reschedule", "cancel"]
    submit(client, f"{VISIT}/{past.pk}/no-show/")
    assert moves(client, past) == ["correct"]
    client.force_login(salon.staff)
    assert moves(client, past) == []


def test_a_visit_is_cancelled_with_a_reason_that_stays_in_its_history(client, salon, visit):
    client.force_login(salon.staff)
    answer = submit(client, f"{VISIT}/{visit.pk}/cancel/", reason="Caught a cold")
    assert (answer.status_code, answer["Location"]) == (302, f"{VISIT}/{visit.pk}/change/")
    assert status(visit) == "cancelled"
    page = client.get(f"{VISIT}/{visit.pk}/change/").content.decode()
    assert "cancelled by Salon staff: Caught a cold" in page


def test_a_reason_is_asked_for_and_the_page_says_so(client, salon, visit):
    client.force_login(salon.staff)
    answer = submit(client, f"{VISIT}/{visit.pk}/cancel/", reason="")
    assert (answer.status_code, Page(answer).errors) == (200, ["This field is required."])
    assert status(visit) == "scheduled"


def local(instant, salon):
    start = instant.astimezone(salon.organization.zone)
    return {"appointment_date_0": f"{start:%Y-%m-%d}", "appointment_date_1": f"{start:%H:%M}"}


def test_a_taken_time_is_refused_on_the_page_with_what_was_typed(client, salon, visit):
    other = AppointmentFactory(
        client=salon.stranger,
        staff=salon.staff,
        service=salon.service,
        appointment_date=visit.appointment_date + timedelta(hours=3),
    )
    client.force_login(salon.manager)
    there = local(other.appointment_date, salon)
    answer = submit(client, f"{VISIT}/{visit.pk}/reschedule/", **there)
    assert (answer.status_code, Page(answer).errors) == (200, ["This time is taken."])
    assert {name: Page(answer).fields[name] for name in there} == {name: [text] for name, text in there.items()}
    answer = client.post(f"{VISIT}/{visit.pk}/reschedule/", typed(answer, overbook="on"))
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert (visit.appointment_date, visit.overbooked) == (other.appointment_date, True)


def test_a_manager_hands_a_visit_to_a_colleague_and_staff_cannot(client, salon, visit):
    client.force_login(salon.manager)
    assert submit(client, f"{VISIT}/{visit.pk}/reschedule/", staff=salon.colleague.pk).status_code == 302
    visit.refresh_from_db()
    assert visit.staff == salon.colleague
    client.force_login(salon.colleague)
    answer = submit(client, f"{VISIT}/{visit.pk}/reschedule/", staff=salon.staff.pk)
    assert "not one of the available choices" in Page(answer).errors[0]


def test_a_correction_is_a_managers_and_has_a_reason(client, salon, past):
    client.force_login(salon.manager)
    submit(client, f"{VISIT}/{past.pk}/complete/")
    assert status(past) == "completed"
    assert submit(client, f"{VISIT}/{past.pk}/correct/", reason="Wrong client").status_code == 302
    assert status(past) == "no_show"
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{past.pk}/correct/").status_code == 403


def test_a_move_that_is_no_longer_open_is_refused_on_the_page(client, salon, visit, past):
    client.force_login(salon.manager)
    page = client.get(f"{VISIT}/{past.pk}/complete/")
    submit(client, f"{VISIT}/{past.pk}/no-show/")
    answer = client.post(f"{VISIT}/{past.pk}/complete/", typed(page))
    assert Page(answer).errors == ["A visit that is no_show cannot become completed now."]
    answer = client.post(f"{VISIT}/{visit.pk}/complete/", {})
    assert Page(answer).errors == ["A visit that is scheduled cannot become completed now."]


@pytest.mark.parametrize("move", ["complete", "no-show", "reschedule", "cancel", "correct"])
def test_visits_out_of_scope_do_not_exist(client, salon, clinic, move, operator):
    client.force_login(salon.manager)
    for pk in (clinic.visit.pk, 987654321, 2**63, 10**30):
        assert client.get(f"{VISIT}/{pk}/{move}/").status_code == 404
        assert client.post(f"{VISIT}/{pk}/{move}/", {"reason": "x"}).status_code == 404
    client.force_login(salon.staff)
    expected = 403 if move == "correct" else 404
    assert client.get(f"{VISIT}/{salon.strangers_visit.pk}/{move}/").status_code == expected
    client.force_login(salon.client)
    assert client.get(f"{VISIT}/{salon.visit.pk}/{move}/").status_code == 302  # to the login page
    assert status(clinic.visit) == "scheduled"


def test_the_following_visits_of_a_series_are_cancelled_on_one_page(client, salon, visit, api):
    body = {
        "client": salon.client.pk,
        "staff": salon.staff.pk,
        "service": salon.service.pk,
        "appointment_date": (timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)).isoformat(),
        "every": 1,
        "count": 3,
    }
    booked = api(salon.manager).post("/appointments/series", body).json()["appointments"]
    client.force_login(salon.manager)
    submit(client, f"{VISIT}/{booked[1]['id']}/cancel/", reason="Moves away", scope="following")
    rows = Appointment.objects.filter(series=booked[0]["series"]).order_by("appointment_date")
    assert [row.status for row in rows] == ["scheduled", "cancelled", "cancelled"]
