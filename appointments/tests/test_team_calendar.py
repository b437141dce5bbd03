"""Where the calendar is the team's, staff see and book for colleagues; elsewhere they see what they give."""

import pytest

from appointments.models import Appointment
from appointments.tests.factories import days_ahead
from clientline.tests.problems import problem
from organizations.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(salon, clinic, api):
    """The salon, whose staff have one calendar; the clinic's have each their own."""
    home = f"/organizations/{salon.organization.pk}"
    assert api(salon.admin).patch(home, {"team_calendar": True}).json()["team_calendar"] is True
    return salon


def ids(answer):
    return {row["id"] for row in answer.json()["results"]}


@pytest.mark.sweep
@pytest.mark.only("the first wall alone")  # all are up in the tests below
@pytest.mark.parametrize("walls", ["all walls", "the first wall alone"])
def test_staff_see_the_visits_and_clients_of_colleagues_and_nobody_elses(team, clinic, api, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    staff, others = api(team.staff), api(clinic.staff)
    # In turns: statements are made once for all callers of a standing, and the two are of different ones.
    for _ in range(2):
        assert ids(staff.get("/appointments")) == {team.visit.pk, team.strangers_visit.pk}
        assert ids(others.get("/appointments")) == {clinic.visit.pk}
        assert {team.client.pk, team.stranger.pk} <= ids(staff.get("/users?role=client"))
        assert ids(others.get("/users?role=client")) == {clinic.client.pk}
        assert staff.get(f"/appointments/{team.strangers_visit.pk}").json()["client_name"] == "Salon stranger"
        assert problem(others.get(f"/appointments/{clinic.strangers_visit.pk}")) == (404, "not_found")
        assert problem(staff.get(f"/appointments/{clinic.visit.pk}")) == (404, "not_found")


@pytest.mark.sweep
def test_staff_book_move_and_cancel_for_colleagues(team, clinic, api):
    body = {
        "client": team.stranger.pk,
        "staff": team.colleague.pk,
        "service": team.service.pk,
        "appointment_date": days_ahead(20, 11).isoformat(),
    }
    booked = api(team.staff).post("/appointments", body)
    assert (booked.status_code, booked.json()["staff"]) == (201, team.colleague.pk)
    path = f"/appointments/{booked.json()['id']}"
    moved = api(team.staff).post(f"{path}/reschedule", {"appointment_date": days_ahead(21, 11).isoformat()})
    assert (moved.status_code, moved.json()["staff"]) == (200, team.colleague.pk)
    assert api(team.staff).post(f"{path}/cancel", {"reason": "Ill"}).status_code == 200
    elsewhere = api(clinic.staff).post(
        "/appointments",
        body | {"client": clinic.client.pk, "staff": clinic.colleague.pk, "service": clinic.service.pk},
    )
    assert problem(elsewhere)[0] == 400
    # What only managers may do stays theirs, and so does money.
    assert problem(api(team.staff).patch(path, {"price": "1.00"})) == (403, "permission_denied")
    assert ids(api(team.staff).get("/payments")) == {team.payment.pk}


def test_switched_off_the_calendar_is_each_ones_own_again(team, api):
    Organization.objects.filter(pk=team.organization.pk).update(team_calendar=False)
    assert ids(api(team.staff).get("/appointments")) == {team.visit.pk}
    assert Appointment.objects.filter(organization=team.organization).count() == 2


@pytest.mark.sweep
def test_the_back_office_shows_and_offers_colleagues(team, client):
    client.force_login(team.staff)
    page = client.get("/admin/appointments/appointment/").content.decode()
    assert "Salon stranger" in page
    assert client.get(f"/admin/appointments/appointment/{team.strangers_visit.pk}/change/").status_code == 200
    form = client.get("/admin/appointments/appointment/add/").content.decode()
    assert f'<option value="{team.colleague.pk}">Salon colleague</option>' in form
