"""What Today and its list say of visits that no longer show the time agreed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.amendments import rezoning
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline import wording
from clientline.tests.pages import see


@pytest.fixture
def stray(salon):
    """One of the salon's coming visits, agreed for an hour earlier than its clocks show it."""
    Appointment.objects.update(status="completed")
    start = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(weeks=3)
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
    visit.local_start -= timedelta(hours=1)
    visit.save(update_fields=["local_start"])
    rezoning.count_strays(now=timezone.now())
    return visit


def test_today_says_how_many_and_leads_to_the_list_until_it_is_settled(client, salon, stray):
    client.force_login(salon.manager)
    page = client.get("/admin/").content.decode()
    assert "1 visit at another time than agreed" in page
    assert 'href="/admin/rezoning/"' in page
    list(rezoning.rezone_strays(now=timezone.now()))
    assert see(client, "/admin/")["strays"] == 0


def test_the_list_says_what_was_agreed_and_where_the_visit_stands(client, salon, stray):
    client.force_login(salon.manager)
    page = client.get("/admin/rezoning/").content.decode()
    stands = stray.appointment_date.astimezone(salon.organization.zone)
    assert (
        f"agreed {wording.write_local_moment(stray.local_start)}, stands at {wording.write_local_moment(stands)}"
        in page
    )
    assert f"/admin/appointments/appointment/{stray.pk}/change/" in page


def test_nobody_sees_the_visits_of_others(client, salon, clinic, stray):
    for stranger in (salon.colleague, clinic.admin):
        client.force_login(stranger)
        page = client.get("/admin/rezoning/").content.decode()
        assert "Every coming visit shows the time agreed" in page
        assert "Salon client" not in page
        assert see(client, "/admin/")["strays"] == 0


def test_clients_have_no_such_page(client, salon, stray):
    client.force_login(salon.client)
    assert client.get("/admin/rezoning/").status_code == 302
