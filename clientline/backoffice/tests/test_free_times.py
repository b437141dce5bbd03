"""What the page of a booking fills in, and which free times it offers."""

from datetime import datetime, time, timedelta

import pytest

from appointments.models import Appointment
from appointments.tests.factories import WorkingHoursFactory, always_at_work, days_ahead
from clientline.tests.pages import Page, booking, judge, kept, see, typed
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.clock

ADD = "/admin/appointments/appointment/add/"


def slots_of(answer):
    return [(value, label) for value, label in answer.context["form"].fields["slot"].widget.choices if value]


@pytest.mark.sweep
def test_the_address_fills_the_form_in(salon, client):
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    day = f"{days_ahead(5):%Y-%m-%d}"
    asked = {"staff": salon.staff.pk, "date": day, "time": "10:10", "service": salon.service.pk}
    form = client.get(ADD, asked | {"client": salon.client.pk})
    assert kept(form, "client", "staff", "service", "date", "time", "slot") == {
        "client": [str(salon.client.pk)],
        "staff": [str(salon.staff.pk)],
        "service": [str(salon.service.pk)],
        "date": [day],
        "time": ["10:10"],
        "slot": [""],
    }
    # A time that is on offer is chosen there.
    form = client.get(ADD, asked | {"time": "10:15"})
    [chosen] = Page(form).fields["slot"]
    assert chosen.startswith(f"{day}T10:15:00")
    assert client.post(ADD, typed(form, client=salon.client.pk)).status_code == 302
    assert Appointment.objects.latest("id").appointment_date == datetime.fromisoformat(chosen)


def test_nonsense_in_the_address_fills_in_nothing(salon, client):
    client.force_login(salon.manager)
    for query in (
        "date=9999-99-99&time=99:99&staff=abc&service=9999999999999999999999&client=-1",
        "date=0001-01-01&time=%F0%9F%98%80&staff=9223372036854775808&service=0",
        "date=2099-12-31&time=10:15&service={service}&staff=9999999999999999999",
        "staff=1&staff=abc&service={service}&service=abc",
    ):
        form = see(client, f"{ADD}?{query.format(service=salon.service.pk)}")["form"]
        assert [form[name].value() for name in ("client", "staff")] == [None, None], query


@pytest.mark.sweep
def test_looking_for_free_times_with_nonsense_is_answered(salon, client):
    client.force_login(salon.manager)
    form = booking(salon, look="1")
    for values in (
        {"date": "9999-99-99"},
        {"duration": "9" * 30},
        {"duration": "0"},
        {"service": "x", "staff": "9" * 30, "client": "1e5"},
        {"slot": "x" * 9000, "time": "\0"},
    ):
        assert judge(client, ADD, **form | values).status_code == 200, values
    assert client.post(ADD, form | values).status_code == 200


@pytest.mark.sweep
def test_free_times_are_those_that_everybody_is_offered(salon, client, api):
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    day = f"{days_ahead(5):%Y-%m-%d}"
    looked = client.post(ADD, booking(salon, date=day, look="1", notes="kept", time=""))
    asked = {"service": salon.service.pk, "from": day, "to": day, "staff": salon.staff.pk}
    offered = api(salon.client).get("/availability", asked).json()["slots"]
    assert [value for value, _ in slots_of(looked)] == [slot["start"] for slot in offered] != []
    assert Page(looked).fields["notes"] == "kept"
    before = Appointment.objects.count()
    answer = client.post(ADD, typed(looked, slot=slots_of(looked)[3][0]))
    assert (answer.status_code, Appointment.objects.count()) == (302, before + 1)


@pytest.mark.sweep
def test_a_day_without_free_times_says_why_and_where_the_next_one_is(salon, client):
    salon.special_hours.delete()
    salon.time_off.delete()
    salon.working_hours.delete()
    monday = days_ahead(3).date() + timedelta(days=(7 - days_ahead(3).weekday()) % 7)
    WorkingHoursFactory(staff=salon.staff, weekday=0, starts=time(9), ends=time(12))
    client.force_login(salon.manager)
    day = str(monday - timedelta(days=1))
    looked = client.post(ADD, booking(salon, date=day, look="1"))
    assert f"Nobody works on this day. The next free time is Mon {monday.day} {monday:%b} at 09:00." in (
        looked.content.decode()
    )
    service = ServiceFactory(organization=salon.organization, name="Nails")
    service.staff.add(salon.colleague, through_defaults={"organization": salon.organization})
    looked = judge(client, ADD, **booking(salon, service=service.pk, look="1"))
    assert looked.context["form"].sentence == "Salon staff does not perform Nails."


@pytest.mark.sweep
def test_a_booking_looks_for_no_free_times_beyond_its_own(salon, client, django_assert_num_queries):
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    asked = booking(salon, date=f"{days_ahead(5):%Y-%m-%d}", time="")
    (first, _), *_, (second, _) = slots_of(judge(client, ADD, **asked, look="1"))
    client.post(ADD, asked | {"slot": first, "once": "a page's"})
    with django_assert_num_queries(29):
        answer = client.post(ADD, asked | {"slot": second, "once": "another page's"})
    assert answer.status_code == 302
