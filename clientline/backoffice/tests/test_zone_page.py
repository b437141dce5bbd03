"""The organization's page asks what coming visits do before another time zone is saved."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment, WorkingHours
from appointments.tests.factories import AppointmentFactory, WorkingHoursFactory
from clientline.tests.pages import errors_of, judge, see, standing, submit
from clientline.tests.rehearsals import undone
from organizations.models import Organization


@pytest.fixture
def coming(salon):
    Appointment.objects.update(status="completed")
    WorkingHours.objects.all().delete()
    start = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(weeks=3)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def page_of(salon):
    return f"/admin/organizations/organization/{salon.organization.pk}/change/"


def sent(client, salon, **values):
    """The page as a browser sends it back, with what was typed."""
    return submit(client, page_of(salon), **values)


def test_nothing_is_saved_before_it_is_said_what_visits_do_and_nothing_typed_is_lost(client, salon, coming):
    client.force_login(salon.admin)
    asked = sent(client, salon, timezone="Asia/Tokyo", phone="+49 30 1")
    page = asked.content.decode()
    told = "Nothing is saved yet: say first what the visits to come do."
    assert (asked.status_code, asked.context["adminform"].form.errors) == (200, {"timezone": [told]})
    assert "1 visit to come" in page
    assert f"The next one, number {coming.pk}, was agreed for" in page
    assert asked.context["adminform"].form["phone"].value() == "+49 30 1"
    assert asked.context["adminform"].form["timezone"].value() == "Asia/Tokyo"
    assert Organization.objects.get(pk=salon.organization.pk).timezone == "Europe/Berlin"


def test_a_button_saves_all_of_it_and_another_word_is_asked_again(client, salon, coming):
    client.force_login(salon.admin)
    form = standing(see(client, page_of(salon))["adminform"].form) | {"timezone": "Asia/Tokyo", "phone": "+49 30 1"}
    assert judge(client, page_of(salon), **form, coming_visits="whatever").status_code == 200
    assert judge(client, page_of(salon), **form, coming_visits="keep_local").status_code == 302
    home, visit = Organization.objects.get(pk=salon.organization.pk), Appointment.objects.get(pk=coming.pk)
    assert (home.timezone, home.phone) == ("Asia/Tokyo", "+49 30 1")
    assert (visit.appointment_date != coming.appointment_date, visit.local_start) == (True, coming.local_start)


@pytest.mark.sweep
def test_what_a_moment_kept_strands_is_shown_before_it_is_saved_and_a_time_kept_strands_nobody(client, salon, coming):
    """13:00 in Berlin is within the hours; its moment, 21:00 in Tokyo, is not."""
    WorkingHoursFactory(staff=salon.staff, weekday=coming.appointment_date.weekday(), starts="06:00", ends="18:00")
    client.force_login(salon.admin)
    form = standing(see(client, page_of(salon))["adminform"].form)
    again = form | {"timezone": "Asia/Tokyo", "coming_visits": "keep_instant"}
    asked = client.post(page_of(salon), again)
    told = "Nothing is saved yet: it would leave 1 visit to come without their person."
    assert (errors_of(asked), asked.context["hit"].visits) == ([told], [coming])
    assert Organization.objects.get(pk=salon.organization.pk).timezone == "Europe/Berlin"
    assert judge(client, page_of(salon), **again).status_code == 200, "saving needs its own button"
    with undone():
        assert judge(client, page_of(salon), **again | {"coming_visits": "keep_local"}).status_code == 302
        assert not Appointment.objects.get(pk=coming.pk).stranded, "the time of the clock strands nobody"
    assert judge(client, page_of(salon), **again, anyway=asked.context["hit"].token).status_code == 302
    assert Organization.objects.get(pk=salon.organization.pk).timezone == "Asia/Tokyo"
    visit = Appointment.objects.get(pk=coming.pk)
    assert (visit.stranded, visit.appointment_date) == (True, coming.appointment_date)
    assert visit.local_start != coming.local_start
