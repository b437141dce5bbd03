"""The page on which a visit is booked: what it refuses with everything kept, and what it saves."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.pages import booking, judge, kept, see, submit, typed
from services.models import Service
from services.tests.factories import ServiceFactory

LIST = "/admin/appointments/appointment/"
ADD = f"{LIST}add/"
NOT_OFFERED = "Select a valid choice. That choice is not one of the available choices."
NEW = {"client": "", "name": "Nina Neu", "email": "Nina@New.example", "phone": "0170 1"}


def errors_of(answer):
    return answer.context["form"].errors


def test_booking_saves_the_visit_in_the_organizations_time_and_leads_to_it(salon, client):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **booking(salon, notes="window seat"))
    visit = Appointment.objects.latest("id")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{visit.pk}/change/")
    assert (visit.organization, visit.client, visit.staff, visit.service, visit.created_by) == (
        salon.organization,
        salon.client,
        salon.staff,
        salon.service,
        salon.manager,
    )
    assert visit.appointment_date == datetime(2027, 1, 11, 9, tzinfo=UTC)
    assert visit.ends_at == datetime(2027, 1, 11, 9, 30, tzinfo=UTC)
    assert (visit.price, visit.status, visit.notes) == (Decimal("45.00"), "scheduled", "window seat")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (salon.manager, str(visit.pk))
    shown = client.get(answer["Location"]).content.decode()
    assert "Booked: Salon client, Salon service, Mon 11 Jan 2027 10:00 with Salon staff." in shown


def test_length_and_price_can_be_typed(salon, client):
    client.force_login(salon.staff)
    assert judge(client, ADD, **booking(salon, duration="75", price="0")).status_code == 302
    visit = Appointment.objects.latest("id")
    assert visit.ends_at == datetime(2027, 1, 11, 10, 15, tzinfo=UTC)
    assert visit.price == Decimal("0.00")


@pytest.fixture
def taken(salon):
    """The time of a booking."""
    start = datetime(2027, 1, 11, 9, tzinfo=UTC)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def test_a_double_booking_keeps_what_was_typed_and_a_manager_may_insist(salon, client, taken):
    client.force_login(salon.manager)
    visits, entries = Appointment.objects.count(), LogEntry.objects.count()
    values = booking(salon, client=salon.stranger.pk, time="10:15", notes="please", price="12.50")
    answer = client.post(ADD, values)
    assert (answer.status_code, errors_of(answer)) == (200, {"__all__": ["This time is taken."]})
    assert kept(answer, *values.keys() - {"slot"}) == {
        "client": [str(salon.stranger.pk)],
        "staff": [str(salon.staff.pk)],
        "service": [str(salon.service.pk)],
        "date": ["2027-01-11"],
        "time": ["10:15"],
        "notes": "please",
        "price": ["12.50"],
    }
    assert (Appointment.objects.count(), LogEntry.objects.count()) == (visits, entries)
    assert "Salon staff has another visit then. Both will stand in the calendar." in answer.content.decode()
    answer = client.post(ADD, typed(answer, overbook=answer.context["form"].anyway.value))
    assert answer.status_code == 302
    assert Appointment.objects.latest("id").overbooked is True


def test_staff_are_offered_no_overbooking_and_cannot_craft_it(salon, client, taken):
    UserFactory(organization=salon.organization, role="client", created_by=salon.staff)
    client.force_login(salon.staff)
    other = User.objects.latest("id").pk
    crafted = f"2027-01-11T10:00:00+01:00 {salon.staff.pk}"
    answer = judge(client, ADD, **booking(salon, client=other, overbook=crafted))
    assert errors_of(answer) == {"__all__": ["This time is taken."]}
    assert answer.context["form"].anyway is None


def test_anyone_free_is_chosen_by_the_domain(salon, client):
    always_at_work(salon.colleague)
    salon.working_hours.delete()
    client.force_login(salon.manager)
    assert judge(client, ADD, **booking(salon, staff="")).status_code == 302
    assert Appointment.objects.latest("id").staff == salon.colleague


@pytest.mark.sweep
def test_the_same_booking_from_two_pages_is_booked_once_unless_it_is_meant(salon, client):
    always_at_work(salon.colleague, salon.staff)
    client.force_login(salon.manager)
    sent = booking(salon, staff="")
    assert judge(client, ADD, **sent, once="a page's").status_code == 302
    before = Appointment.objects.count()
    answer = judge(client, ADD, **sent, once="another page's")
    [problem] = errors_of(answer)["__all__"]
    assert re.fullmatch("Salon client already has a visit at this time: Salon service with Salon .*", problem)
    assert Appointment.objects.count() == before
    meant = judge(client, ADD, **sent, once="its answer's", twice=answer.context["form"].anyway.value)
    assert (meant.status_code, Appointment.objects.count()) == (302, before + 1)


def test_whose_visit_stands_at_the_same_time_is_told_as_far_as_it_may_be_seen(salon, client):
    sent = booking(salon)
    AppointmentFactory(
        client=salon.client,
        staff=salon.colleague,
        service=ServiceFactory(organization=salon.organization, name="Secret"),
        appointment_date=datetime(2027, 1, 11, 9, tzinfo=UTC),
    )
    told = {}
    for caller in (salon.staff, salon.manager):
        client.force_login(caller)
        [told[caller.role]] = errors_of(judge(client, ADD, **sent))["__all__"]
    assert told == {
        "staff": "Salon client already has a visit at this time.",
        "manager": "Salon client already has a visit at this time: Secret with Salon colleague.",
    }


def test_what_is_wrong_is_never_folded_away(salon, client):
    client.force_login(salon.manager)
    answer = client.post(ADD, booking(salon, every="99", client="", phone="1" * 60))
    assert {"every", "phone"} <= errors_of(answer).keys()
    assert answer.content.decode().count("<details open>") == 2


def test_anyone_free_outside_working_hours_is_asked_for_by_name(salon, client):
    client.force_login(salon.manager)
    salon.staff.working_hours.all().delete()
    answer = judge(client, ADD, **booking(salon, staff=""))
    assert errors_of(answer) == {
        "__all__": ["This time is outside working hours."],
        "staff": ["Say who: outside working hours, nobody is chosen for you."],
    }


def test_what_the_domain_refuses_stands_beside_its_field(salon, client):
    client.force_login(salon.manager)
    Service.objects.filter(pk=salon.service.pk).update(duration=None)
    answer = judge(client, ADD, **booking(salon))
    assert errors_of(answer) == {"duration": ["Salon service has no duration of its own: say how many minutes."]}


# What is sent beside a booking that could be, and what stands beside each field.
NONSENSE = [
    (
        {"date": "2027-02-30", "time": "10:00:30", "duration": "1441", "price": "9" * 11, "notes": "a\0b"},
        {
            "date": ["There is no such day."],
            "time": ["Write hours and minutes only."],
            "duration": ["Ensure this value is less than or equal to 1440."],
            "price": ["Ensure that there are no more than 8 digits before the decimal point."],
            "notes": ["Null characters are not allowed."],
        },
    ),
    (
        {"date": "9999-12-31", "time": "23:59", "price": "1e4"},
        {
            "date": ["Choose a date between 2000 and 2100."],
            "price": ["Write the amount in digits alone, like 39.50, without letters or currency."],
        },
    ),
    ({"time": ""}, {"slot": ["Choose a free time, or type another one."]}),
    # 02:30 is skipped on this night in Berlin
    ({"date": "2027-03-28", "time": "02:30"}, {"slot": ["The clocks skip this time on that day."]}),
]


@pytest.mark.sweep
def test_nonsense_is_said_and_not_saved(salon, client):
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    for values, problems in NONSENSE:
        assert errors_of(judge(client, ADD, **booking(salon) | values)) == problems, values
    assert Appointment.objects.count() == before


def test_rows_of_another_organization_do_not_exist_for_the_form(salon, clinic, client, without_row_security):
    """With row security up, there is nothing that the form could find."""
    client.force_login(salon.admin)
    before, fields = Appointment.objects.count(), ("client", "staff", "service")
    answer = client.post(ADD, booking(salon) | {field: getattr(clinic, field).pk for field in fields})
    assert errors_of(answer) == {field: [NOT_OFFERED] for field in fields}
    assert "Clinic" not in answer.content.decode()
    assert Appointment.objects.count() == before


def test_clients_and_staff_cannot_change_places(salon, client):
    client.force_login(salon.admin)
    answer = judge(client, ADD, **booking(salon, client=salon.colleague.pk, staff=salon.stranger.pk))
    assert errors_of(answer) == {"client": [NOT_OFFERED], "staff": [NOT_OFFERED]}


@pytest.mark.sweep
def test_staff_book_themselves_with_clients_they_know(salon, client):
    client.force_login(salon.staff)
    assert see(client, ADD)["form"]["staff"].value() == salon.staff.pk
    for values in ({"staff": salon.colleague.pk}, {"client": salon.stranger.pk}):
        assert list(errors_of(judge(client, ADD, **booking(salon, **values)))) == list(values)
    always_at_work(salon.colleague)  # who would be free
    salon.working_hours.delete()
    assert judge(client, ADD, **booking(salon, staff="")).status_code == 302
    assert Appointment.objects.latest("id").staff == salon.staff


@pytest.mark.sweep
def test_an_operator_cannot_mix_organizations(salon, clinic, operator, client):
    client.force_login(operator)
    before = Appointment.objects.count()
    answer = judge(client, ADD, **booking(salon, staff=clinic.staff.pk))
    assert errors_of(answer) == {"staff": ["Clinic staff does not perform Salon service."]}
    assert Appointment.objects.count() == before
    assert judge(client, ADD, **booking(salon, **NEW)).status_code == 302
    looked = client.post(ADD, booking(salon, look="1"))
    assert "Times are those of Europe/Berlin." in looked.content.decode()
    visit = Appointment.objects.latest("id")
    assert (visit.appointment_date.hour, visit.client.organization) == (9, salon.organization)


@pytest.mark.sweep
def test_a_series_is_booked_whole_or_without_what_is_taken(salon, client, taken):
    Appointment.objects.filter(pk=taken.pk).update(client=salon.stranger)
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    answer = client.post(ADD, booking(salon, date="2027-01-04", count="3", every="1"))
    assert errors_of(answer) == {"__all__": ["2027-01-11: This time is taken."]}
    assert "Book anyway" not in answer.content.decode()
    assert Appointment.objects.count() == before
    answer = client.post(ADD, typed(answer, skip="on"))
    visits = Appointment.objects.filter(pk__gt=taken.pk).order_by("id")
    assert [str(visit.appointment_date.date()) for visit in visits] == ["2027-01-04", "2027-01-18"]
    assert answer["Location"] == f"{LIST}{visits[0].pk}/change/"
    assert "2 visits in all, the last on Mon 18 Jan 2027. Left out: Mon 11 Jan 2027 10:00." in (
        client.get(answer["Location"]).content.decode()
    )


def test_the_form_is_for_the_team(salon, client):
    for sign_in in (lambda: None, lambda: client.force_login(salon.client)):
        sign_in()
        assert client.get(ADD).status_code == 302
        assert client.post(ADD, booking(salon)).status_code == 302
    assert Appointment.objects.count() == 4


SUGGESTED = {
    "client": ["Salon client · client@salon.example", "Salon stranger · stranger@salon.example"],
    "staff": [
        "Salon admin · admin@salon.example",
        "Salon colleague · colleague@salon.example",
        "Salon manager · manager@salon.example",
        "Salon staff · staff@salon.example",
    ],
    "service": ["Salon service"],
}


def test_suggestions_are_what_the_form_accepts(salon, client):
    UserFactory(organization=salon.organization, name="Salon gone", is_active=False)
    client.force_login(salon.manager)
    asked = {"app_label": "appointments", "model_name": "appointment", "term": "salon"}
    found = {
        field: client.get("/admin/autocomplete/", asked | {"field_name": field}).json()["results"]
        for field in SUGGESTED
    }
    assert {field: [each["text"] for each in rows] for field, rows in found.items()} == SUGGESTED


@pytest.mark.sweep
def test_visits_are_filtered_by_day(salon, client):
    client.force_login(salon.manager)
    days = ("today", "tomorrow", "week", "last-week", "garbage")
    found = {day: see(client, LIST, {"day": day})["cl"].result_count for day in days}
    assert found == dict.fromkeys(days, 0) | {"garbage": 2}


@pytest.mark.sweep
def test_the_form_costs_so_many_queries_however_many_there_are(salon, client, django_assert_num_queries):
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    asked = {"service": salon.service.pk, "date": f"{days_ahead(5):%Y-%m-%d}", "client": salon.client.pk}
    see(client, ADD, asked)
    for _ in range(3):
        UserFactory(organization=salon.organization, role="staff")
        ServiceFactory(organization=salon.organization)
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)
    with django_assert_num_queries(22):
        client.get(ADD, asked)


@pytest.mark.sweep
def test_a_long_list_of_services_is_searched_instead(salon, client):
    for number in range(30):
        ServiceFactory(organization=salon.organization, name=f"Service {number}")
    client.force_login(salon.manager)
    text = client.get(ADD).content.decode()
    assert text.count("Service 29") == 2  # in the two lists of what may follow
    assert judge(client, ADD, **booking(salon)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_at_once_by_two_connections_books_once(salon):
    always_at_work(salon.staff, salon.colleague)
    first, second = Client(), Client()
    for each in (first, second):
        each.force_login(salon.manager)
    sent = booking(salon, staff="", once="a page's")

    def send(client):
        try:
            return client.post(ADD, sent).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(send, (first, second)))
    assert statuses == [302, 302]
    assert Appointment.objects.filter(appointment_date=datetime(2027, 1, 11, 9, tzinfo=UTC)).count() == 1
