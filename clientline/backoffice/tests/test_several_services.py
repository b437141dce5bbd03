"""Several services in one booking: all or nothing, back to back, with the same or another person."""

import pytest

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.tests.pages import Page, booking, judge, see, tell
from services.tests.factories import ServiceFactory

ADD = "/admin/appointments/appointment/add/"


@pytest.fixture
def colour(salon):
    always_at_work(salon.staff, salon.colleague)
    return ServiceFactory(organization=salon.organization, name="Colour", duration=45, buffer_before=5)


def booked():
    return [
        (each.service.name, each.staff.name, f"{each.appointment_date:%H:%M}", f"{each.ends_at:%H:%M}")
        for each in Appointment.objects.order_by("-id")[:2][::-1]
    ]


@pytest.mark.sweep
def test_the_second_begins_when_the_first_has_ended_and_the_same_person_is_ready(salon, client, colour):
    client.force_login(salon.manager)
    answer = judge(client, ADD, **booking(salon, then_1=colour.pk))
    assert answer.status_code == 302
    assert booked() == [
        ("Salon service", "Salon staff", "09:00", "09:30"),
        ("Colour", "Salon staff", "09:35", "10:20"),
    ]
    first, second = Appointment.objects.order_by("-id")[:2]
    assert first.group == second.group is not None
    [told] = tell(answer)
    assert told.endswith("with Salon staff. Then Colour 10:35 with Salon staff.")


def test_another_person_begins_at_once(salon, client, colour):
    client.force_login(salon.manager)
    assert judge(client, ADD, **booking(salon, then_1=colour.pk, with_1=salon.colleague.pk)).status_code == 302
    assert booked()[1] == ("Colour", "Salon colleague", "09:30", "10:15")


@pytest.mark.sweep
def test_where_one_has_no_place_none_is_booked_and_all_is_kept(salon, client, colour):
    start = AppointmentFactory.build(client=salon.client, staff=salon.staff, service=salon.service).appointment_date
    taken = start.replace(year=2027, month=1, day=11, hour=9, minute=50)
    AppointmentFactory(client=salon.stranger, staff=salon.staff, service=salon.service, appointment_date=taken)
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    answer = client.post(ADD, booking(salon, then_1=colour.pk))
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert Page(answer).fields["then_1"] == [str(colour.pk)]
    assert Appointment.objects.count() == before


@pytest.mark.sweep
def test_what_is_asked_of_one_visit_cannot_be_asked_of_several(salon, client, colour):
    client.force_login(salon.manager)
    for field, value in (("count", "3"), ("price", "10")):
        answer = judge(client, ADD, **booking(salon, then_1=colour.pk) | {field: value})
        assert list(answer.context["form"].errors) == [field]


def test_a_service_without_a_length_says_so(salon, client, colour):
    endless = ServiceFactory(organization=salon.organization, name="As agreed", duration=None)
    client.force_login(salon.manager)
    answer = judge(client, ADD, **booking(salon, then_1=endless.pk))
    assert "has no duration of its own" in str(answer.context["form"].errors["duration"])


def test_free_times_have_room_for_all_of_it(salon, client, colour):
    client.force_login(salon.manager)
    asked = booking(salon, look="1", then_1=colour.pk)
    form = judge(client, ADD, **asked).context["form"]
    slots = [value for value, _ in form.fields["slot"].widget.choices if value]
    last = max(slots)
    assert last[11:16] == "23:45"  # around the clock: a night follows
    taken = AppointmentFactory.build(client=salon.client, staff=salon.staff, service=salon.service).appointment_date
    taken = taken.replace(year=2027, month=1, day=11, hour=10, minute=0)
    AppointmentFactory(client=salon.stranger, staff=salon.staff, service=salon.service, appointment_date=taken)
    form = judge(client, ADD, **asked).context["form"]
    free = [value[11:16] for value, _ in form.fields["slot"].widget.choices if value]
    assert "09:30" in free  # half past nine to 10:50 in Berlin, where the other begins at eleven
    assert "10:00" not in free


def test_staff_who_book_their_own_calendar_name_nobody_else(salon, client, colour):
    client.force_login(salon.staff)
    form = see(client, ADD)["form"]
    assert "with_1" not in form.fields
    assert judge(client, ADD, **booking(salon, then_1=colour.pk, with_1=salon.colleague.pk)).status_code == 302
    assert booked()[1][1] == "Salon staff"
