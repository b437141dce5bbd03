"""The page on which a visit is booked: what it refuses with everything kept, and what it saves."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline import wording
from clientline.tests.pages import Page, booking, kept, submit, typed
from services.models import Service
from services.tests.factories import ServiceFactory

LIST = "/admin/appointments/appointment/"
ADD = f"{LIST}add/"
NOT_OFFERED = "Select a valid choice. That choice is not one of the available choices."


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
    assert submit(client, ADD, **booking(salon, duration="75", price="0")).status_code == 302
    visit = Appointment.objects.latest("id")
    assert visit.ends_at == datetime(2027, 1, 11, 10, 15, tzinfo=UTC)
    assert visit.price == Decimal("0.00")


def test_a_double_booking_keeps_what_was_typed_and_a_manager_may_insist(salon, client):
    client.force_login(salon.manager)
    submit(client, ADD, **booking(salon))
    visits, entries = Appointment.objects.count(), LogEntry.objects.count()
    values = booking(salon, client=salon.stranger.pk, time="10:15", notes="please", price="12.50")
    answer = submit(client, ADD, **values)
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


def test_staff_are_offered_no_overbooking_and_cannot_craft_it(salon, client):
    client.force_login(salon.staff)
    submit(client, ADD, **booking(salon))
    UserFactory(organization=salon.organization, role="client", created_by=salon.staff)
    other = User.objects.latest("id").pk
    crafted = f"2027-01-11T10:00:00+01:00 {salon.staff.pk}"
    answer = submit(client, ADD, **booking(salon, client=other, overbook=crafted))
    assert errors_of(answer) == {"__all__": ["This time is taken."]}
    assert answer.context["form"].anyway is None


def test_anyone_free_is_chosen_by_the_domain(salon, client):
    always_at_work(salon.colleague)
    salon.working_hours.delete()
    client.force_login(salon.manager)
    assert submit(client, ADD, **booking(salon, staff="")).status_code == 302
    assert Appointment.objects.latest("id").staff == salon.colleague


def test_the_same_booking_from_two_pages_is_booked_once_unless_it_is_meant(salon, client):
    always_at_work(salon.colleague, salon.staff)
    client.force_login(salon.manager)
    sent = typed(client.get(ADD), **booking(salon, staff=""))
    assert client.post(ADD, sent).status_code == 302
    before = Appointment.objects.count()
    answer = client.post(ADD, sent | {"once": "another page's"})
    [problem] = errors_of(answer)["__all__"]
    assert re.fullmatch("Salon client already has a visit at this time: Salon service with Salon .*", problem)
    assert Appointment.objects.count() == before
    meant = client.post(ADD, typed(answer, twice=answer.context["form"].anyway.value))
    assert (meant.status_code, Appointment.objects.count()) == (302, before + 1)


NEW = {"client": "", "name": "Nina Neu", "email": "Nina@New.example", "phone": "0170 1"}


@pytest.mark.parametrize("who", ["admin", "manager", "staff"])
def test_a_new_client_is_registered_with_the_booking(salon, client, who):
    client.force_login(getattr(salon, who))
    assert submit(client, ADD, **booking(salon, **NEW)).status_code == 302
    person = User.objects.get(contact_email="nina@new.example")
    assert (person.name, person.role, person.phone, person.organization) == (
        "Nina Neu",
        "client",
        "0170 1",
        salon.organization,
    )
    assert (person.created_by, person.has_usable_password()) == (getattr(salon, who), False)
    assert Appointment.objects.latest("id").client == person


def test_a_refused_booking_leaves_no_new_client_behind(salon, client):
    client.force_login(salon.manager)
    submit(client, ADD, **booking(salon))
    people, visits = User.objects.count(), Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, **NEW))
    assert errors_of(answer) == {"__all__": ["This time is taken."]}
    assert kept(answer, "name", "email") == {"name": ["Nina Neu"], "email": ["Nina@New.example"]}
    assert (User.objects.count(), Appointment.objects.count()) == (people, visits)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"client": ""}, {"client": ["Choose a client, or write the name of a new one."]}),
        ({"name": "Nina", "email": "n@new.example"}, {"client": ["Choose a client or write a new one, not both."]}),
        ({"phone": "+49 30 1"}, {"client": ["Choose a client or write a new one, not both."]}),
        ({"walk_in": "on"}, {"client": ["Choose a client or write a new one, not both."]}),
        (NEW | {"name": ""}, {"name": ["A new client needs a name."]}),
        (NEW | {"email": "nina"}, {"email": ["Enter a valid email address."]}),
    ],
)
def test_who_comes_is_one_client_known_or_new(salon, client, values, expected):
    client.force_login(salon.manager)
    people = User.objects.count()
    answer = submit(client, ADD, **booking(salon, **values))
    assert errors_of(answer) == expected
    assert User.objects.count() == people


def test_what_is_wrong_is_never_folded_away(salon, client):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **booking(salon, every="99", client="", phone="1" * 60))
    assert {"every", "phone"} <= errors_of(answer).keys()
    assert answer.content.decode().count("<details open>") == 2


def test_anyone_free_outside_working_hours_is_asked_for_by_name(salon, client):
    client.force_login(salon.manager)
    salon.staff.working_hours.all().delete()
    answer = submit(client, ADD, **booking(salon, staff=""))
    assert errors_of(answer) == {
        "__all__": ["This time is outside working hours."],
        "staff": ["Say who: outside working hours, nobody is chosen for you."],
    }


def test_what_the_domain_refuses_stands_beside_its_field(salon, client):
    client.force_login(salon.manager)
    Service.objects.filter(pk=salon.service.pk).update(duration=None)
    answer = submit(client, ADD, **booking(salon))
    assert errors_of(answer) == {"duration": ["Salon service has no duration of its own: say how many minutes."]}


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ({"date": "9999-12-31", "time": "23:59"}, "date", "Choose a real date between 2000 and 2100."),
        ({"date": "2027-02-30"}, "date", "Choose a real date between 2000 and 2100."),
        ({"time": "10:00:30"}, "time", "Write hours and minutes only."),
        ({"time": ""}, "slot", "Choose a free time, or type another one."),
        ({"duration": "1441"}, "duration", "Ensure this value is less than or equal to 1440."),
        ({"price": "9" * 11}, "price", "Ensure that there are no more than 10 digits in total."),
        ({"price": "1e4"}, "price", "Write the amount in digits alone, like 39.50, without letters or currency."),
        ({"notes": "a\0b"}, "notes", "Null characters are not allowed."),
        # 02:30 is skipped on this night in Berlin
        ({"date": "2027-03-28", "time": "02:30"}, "slot", "The clocks skip this time on that day."),
    ],
)
def test_nonsense_is_said_and_not_saved(salon, client, values, field, problem):
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    assert errors_of(submit(client, ADD, **booking(salon, **values))) == {field: [problem]}
    assert Appointment.objects.count() == before


@pytest.mark.parametrize("walls", ["with", "without"])
@pytest.mark.parametrize("field", ["client", "staff", "service"])
def test_rows_of_another_organization_do_not_exist_for_the_form(salon, clinic, client, request, walls, field):
    if walls == "without":
        request.getfixturevalue("without_row_security")
    client.force_login(salon.admin)
    before = Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, **{field: getattr(clinic, field).pk}))
    assert errors_of(answer) == {field: [NOT_OFFERED]}
    assert Appointment.objects.count() == before
    assert "Clinic" not in answer.content.decode()


@pytest.mark.parametrize(("field", "who"), [("client", "colleague"), ("staff", "stranger")])
def test_clients_and_staff_cannot_change_places(salon, client, field, who):
    client.force_login(salon.admin)
    answer = submit(client, ADD, **booking(salon, **{field: getattr(salon, who).pk}))
    assert errors_of(answer) == {field: [NOT_OFFERED]}


def test_staff_book_themselves_with_clients_they_know(salon, client):
    client.force_login(salon.staff)
    assert Page(client.get(ADD)).fields["staff"] == [str(salon.staff.pk)]
    for values in ({"staff": salon.colleague.pk}, {"client": salon.stranger.pk}):
        assert list(errors_of(submit(client, ADD, **booking(salon, **values)))) == list(values)
    always_at_work(salon.colleague)  # who would be free
    salon.working_hours.delete()
    assert submit(client, ADD, **booking(salon, staff="")).status_code == 302
    assert Appointment.objects.latest("id").staff == salon.staff


def test_the_deactivated_are_not_offered(salon, client):
    client.force_login(salon.manager)
    User.objects.filter(pk=salon.client.pk).update(is_active=False)
    assert errors_of(submit(client, ADD, **booking(salon))) == {"client": [NOT_OFFERED]}


def test_an_operator_cannot_mix_organizations(salon, clinic, operator, client):
    client.force_login(operator)
    before = Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, staff=clinic.staff.pk))
    assert errors_of(answer) == {"staff": ["Clinic staff does not perform Salon service."]}
    assert Appointment.objects.count() == before
    assert submit(client, ADD, **booking(salon, **NEW)).status_code == 302
    looked = submit(client, ADD, **booking(salon, look="1"))
    assert "Times are those of Europe/Berlin." in looked.content.decode()
    visit = Appointment.objects.latest("id")
    assert (visit.appointment_date.hour, visit.client.organization) == (9, salon.organization)


def test_a_series_is_booked_whole_or_without_what_is_taken(salon, client):
    taken = AppointmentFactory(
        client=salon.stranger,
        staff=salon.staff,
        service=salon.service,
        appointment_date=datetime(2027, 1, 18, 9, tzinfo=UTC),
    )
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, count="3", every="1"))
    assert errors_of(answer) == {"__all__": ["2027-01-18: This time is taken."]}
    assert "Book anyway" not in answer.content.decode()
    assert Appointment.objects.count() == before
    answer = client.post(ADD, typed(answer, skip="on"))
    visits = Appointment.objects.filter(pk__gt=taken.pk).order_by("id")
    assert [str(visit.appointment_date.date()) for visit in visits] == ["2027-01-11", "2027-01-25"]
    assert answer["Location"] == f"{LIST}{visits[0].pk}/change/"
    assert "2 visits in all, the last on Mon 25 Jan 2027. Left out: Mon 18 Jan 2027 10:00." in (
        client.get(answer["Location"]).content.decode()
    )


@pytest.mark.parametrize("who", ["client", None])
def test_the_form_is_for_the_team(salon, client, who):
    if who:
        client.force_login(getattr(salon, who))
    assert client.get(ADD).status_code == 302
    assert client.post(ADD, booking(salon)).status_code == 302
    assert Appointment.objects.count() == 4


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("client", ["Salon client · client@salon.example", "Salon stranger · stranger@salon.example"]),
        (
            "staff",
            [
                "Salon admin · admin@salon.example",
                "Salon colleague · colleague@salon.example",
                "Salon manager · manager@salon.example",
                "Salon staff · staff@salon.example",
            ],
        ),
        ("service", ["Salon service"]),
    ],
)
def test_suggestions_are_what_the_form_accepts(salon, client, field, names):
    UserFactory(organization=salon.organization, name="Salon gone", is_active=False)
    client.force_login(salon.manager)
    asked = {"app_label": "appointments", "model_name": "appointment", "field_name": field, "term": "salon"}
    suggested = client.get("/admin/autocomplete/", asked).json()["results"]
    assert [each["text"] for each in suggested] == names


@pytest.mark.parametrize("day", ["today", "tomorrow", "week", "last-week", "garbage"])
def test_visits_are_filtered_by_day(salon, client, day):
    client.force_login(salon.manager)
    shown = client.get(LIST, {"day": day})
    assert shown.context["cl"].result_count == (2 if day == "garbage" else 0)


def test_the_form_costs_the_same_with_more_people_and_visits(salon, client, django_assert_num_queries):
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    asked = {"service": salon.service.pk, "date": f"{days_ahead(5):%Y-%m-%d}", "client": salon.client.pk}
    client.get(ADD, asked)
    with django_assert_num_queries(22):
        client.get(ADD, asked)
    for _ in range(3):
        UserFactory(organization=salon.organization, role="staff")
        ServiceFactory(organization=salon.organization)
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)
    with django_assert_num_queries(22):
        client.get(ADD, asked)


def test_a_long_list_of_services_is_searched_instead(salon, client):
    for number in range(30):
        ServiceFactory(organization=salon.organization, name=f"Service {number}")
    client.force_login(salon.manager)
    text = client.get(ADD).content.decode()
    assert text.count("Service 29") == 2  # in the two lists of what may follow
    assert submit(client, ADD, **booking(salon)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_at_once_by_two_connections_books_once(salon):
    always_at_work(salon.staff, salon.colleague)
    first, second = Client(), Client()
    for each in (first, second):
        each.force_login(salon.manager)
    sent = typed(first.get(ADD), **booking(salon, staff=""))

    def send(client):
        try:
            return client.post(ADD, sent).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(send, (first, second)))
    assert statuses == [302, 302]
    assert Appointment.objects.filter(appointment_date=datetime(2027, 1, 11, 9, tzinfo=UTC)).count() == 1


def test_a_telephone_alone_makes_a_new_client(salon, client):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **booking(salon, client="", name="Mia Lange", phone="0170 5500003"))
    assert answer.status_code == 302
    mia = Appointment.objects.latest("id").client
    assert (mia.name, mia.phone, mia.sign_in_address, mia.contact_email) == ("Mia Lange", "0170 5500003", "", "")


def test_a_walk_in_is_booked_in_two_clicks(salon, client):
    always_at_work(salon.staff)
    client.force_login(salon.staff)
    shown = client.get(ADD)
    walked_in = client.post(ADD, typed(shown, look="walk_in"))
    answer = client.post(ADD, typed(walked_in))
    assert answer.status_code == 302
    visit = Appointment.objects.latest("id")
    start = visit.appointment_date
    assert timedelta(minutes=-1) <= start - timezone.now() <= timedelta(minutes=5)
    with timezone.override(salon.organization.zone):
        assert visit.client.name == f"Walk-in {wording.write_moment(start)}"
    assert (visit.service, visit.staff, visit.client.created_by) == (salon.service, salon.staff, salon.staff)


def test_a_new_client_who_looks_known_is_asked_about_first(salon, clinic, client):
    for cast in (salon, clinic):
        cast.mia = UserFactory(
            organization=cast.organization, name="Mía Lange", phone="030 1", contact_email="mia@lange.example"
        )
    before = datetime(2026, 1, 5, 9, tzinfo=UTC)
    AppointmentFactory(client=salon.mia, staff=salon.staff, service=salon.service, appointment_date=before)
    new = booking(salon, client="", name="Mia", email="MIA@lange.example")
    client.force_login(salon.manager)
    asked = submit(client, ADD, **new)
    assert asked.status_code == 200
    assert not User.objects.filter(name="Mia").exists()
    text = asked.content.decode()
    described = "Mía Lange · 030 1 · last visit Mon 5 Jan 2026"
    assert f'name="same_as" value="{salon.mia.pk}">Book for {described}</button>' in text
    assert str(clinic.mia.pk) not in re.findall(r'name="same_as" value="(\d+)"', text)

    assert client.post(ADD, typed(asked, same_as=salon.mia.pk)).status_code == 302
    assert Appointment.objects.latest("id").client == salon.mia
    anyway = re.search(r'name="new_client" value="([^"]*)">Book for a new client', text)[1]
    other = typed(asked, new_client=anyway, name="Tom", time="11:00", once="another page's")
    other_name = client.post(ADD, other)
    assert other_name.status_code == 200  # said of Mia, not of Tom
    again = typed(asked, new_client=anyway, time="11:00", once="another page's")
    assert client.post(ADD, again).status_code == 302
    assert Appointment.objects.latest("id").client.name == "Mia"


def test_adding_a_client_who_looks_known_asks_and_shows_who(salon, client):
    mia = UserFactory(organization=salon.organization, name="Mía Lange", contact_email="mia@lange.example")
    client.force_login(salon.manager)
    url = "/admin/accounts/user/add/?_changelist_filters=kind%3Dclients"
    asked = submit(client, url, name="Mia", contact_email="mia@lange.example")
    assert asked.status_code == 200
    text = asked.content.decode()
    assert f'<a href="/admin/accounts/user/{mia.pk}/change/">Mía Lange · mia@lange.example</a>' in text
    assert '<input type="checkbox" name="somebody_else"' in text
    assert client.post(url, typed(asked, somebody_else="on")).status_code == 302
    assert User.objects.filter(contact_email="mia@lange.example").count() == 2


@pytest.fixture
def noted(salon):
    """The salon's client, of whom the desk has to know something first."""
    User.objects.filter(pk=salon.client.pk).update(client_notes="Allergic to\nlatex", is_flagged=True)


def notes_on(page):
    shown = re.search(
        r'<div id="client-notes"[^>]*>\s*<div class="card[^>]*>(.*?)</div>', page.content.decode(), re.DOTALL
    )
    return " ".join(re.sub("<.*?>", " ", shown[1]).split()) if shown else ""


def test_notes_about_the_client_are_seen_before_the_visit_is_booked_and_on_its_page(salon, client, noted):
    client.force_login(salon.staff)
    told = "See first: notes about Salon client Allergic to latex"
    assert notes_on(client.get(ADD)) == ""
    assert notes_on(client.get(f"{ADD}?client={salon.client.pk}")) == told
    assert notes_on(submit(client, ADD, look="1", client=salon.client.pk)) == told
    assert notes_on(client.get(f"{LIST}{salon.visit.pk}/change/")) == told
    User.objects.filter(pk=salon.client.pk).update(is_flagged=False)
    assert notes_on(client.get(f"{ADD}?client={salon.client.pk}")) == "Notes about Salon client Allergic to latex"


def test_a_flag_is_seen_where_clients_are_suggested(salon, client, noted):
    client.force_login(salon.manager)
    asked = {"app_label": "appointments", "model_name": "appointment", "field_name": "client", "term": "salon client"}
    suggested = client.get("/admin/autocomplete/", asked).json()["results"]
    assert [each["text"].endswith("· see notes") for each in suggested if each["id"] == str(salon.client.pk)] == [True]


def test_a_colleague_who_does_not_know_the_client_reads_no_notes(salon, client, noted):
    User.objects.filter(pk=salon.stranger.pk).update(client_notes="pays late", is_flagged=True)
    client.force_login(salon.staff)
    assert b"pays late" not in client.get(f"{ADD}?client={salon.stranger.pk}").content
