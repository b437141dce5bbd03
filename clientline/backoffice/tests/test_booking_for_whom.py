"""For whom a visit is booked: a client who is known, a new one, a walk-in; and what the desk knows of them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline import wording
from clientline.backoffice.tests.test_booking_page import ADD, LIST, NEW, errors_of
from clientline.tests.pages import booking, judge, kept, submit, typed


def test_a_new_client_is_registered_with_the_booking(salon, client):
    client.force_login(salon.staff)
    assert judge(client, ADD, **booking(salon, **NEW)).status_code == 302
    person = User.objects.get(contact_email="nina@new.example")
    assert (person.name, person.role, person.phone, person.organization) == (
        "Nina Neu",
        "client",
        "0170 1",
        salon.organization,
    )
    assert (person.created_by, person.has_usable_password()) == (salon.staff, False)
    assert Appointment.objects.latest("id").client == person


@pytest.mark.sweep
def test_a_refused_booking_leaves_no_new_client_behind(salon, client):
    client.force_login(salon.manager)
    start = datetime(2027, 1, 11, 9, tzinfo=UTC)
    AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
    people, visits = User.objects.count(), Appointment.objects.count()
    answer = client.post(ADD, booking(salon, **NEW))
    assert errors_of(answer) == {"__all__": ["This time is taken."]}
    assert kept(answer, "name", "email") == {"name": ["Nina Neu"], "email": ["Nina@New.example"]}
    assert (User.objects.count(), Appointment.objects.count()) == (people, visits)


@pytest.mark.sweep
def test_who_comes_is_one_client_known_or_new(salon, client):
    client.force_login(salon.manager)
    people = User.objects.count()
    for values, expected in (
        ({"client": ""}, {"client": ["Choose a client, or write the name of a new one."]}),
        ({"name": "Nina", "email": "n@new.example"}, {"client": ["Choose a client or write a new one, not both."]}),
        ({"phone": "+49 30 1"}, {"client": ["Choose a client or write a new one, not both."]}),
        ({"walk_in": "on"}, {"client": ["Choose a client or write a new one, not both."]}),
        (NEW | {"name": ""}, {"name": ["A new client needs a name."]}),
        (NEW | {"email": "nina"}, {"email": ["Enter a valid email address."]}),
    ):
        assert errors_of(judge(client, ADD, **booking(salon) | values)) == expected, values
    assert User.objects.count() == people


def test_a_telephone_alone_makes_a_new_client(salon, client):
    client.force_login(salon.manager)
    answer = judge(client, ADD, **booking(salon, client="", name="Mia Lange", phone="0170 5500003"))
    assert answer.status_code == 302
    mia = Appointment.objects.latest("id").client
    assert (mia.name, mia.phone, mia.sign_in_address, mia.contact_email) == ("Mia Lange", "0170 5500003", "", "")


@pytest.mark.sweep
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


@pytest.mark.sweep
def test_a_new_client_who_looks_known_is_asked_about_first(salon, clinic, client):
    for cast in (salon, clinic):
        cast.mia = UserFactory(
            organization=cast.organization, name="Mía Lange", phone="030 1", contact_email="mia@lange.example"
        )
    before = datetime(2026, 1, 5, 9, tzinfo=UTC)
    AppointmentFactory(client=salon.mia, staff=salon.staff, service=salon.service, appointment_date=before)
    new = booking(salon, client="", name="Mia", email="MIA@lange.example")
    client.force_login(salon.manager)
    asked = client.post(ADD, new)
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
    other_name = judge(client, ADD, **other)
    assert other_name.status_code == 200  # said of Mia, not of Tom
    again = typed(asked, new_client=anyway, time="11:00", once="another page's")
    assert client.post(ADD, again).status_code == 302
    assert Appointment.objects.latest("id").client.name == "Mia"


def test_adding_a_client_who_looks_known_asks_and_shows_who(salon, client):
    mia = UserFactory(organization=salon.organization, name="Mía Lange", contact_email="mia@lange.example")
    client.force_login(salon.manager)
    url = "/admin/accounts/user/add/?kind=clients"
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


@pytest.mark.sweep
def test_notes_about_the_client_are_seen_before_the_visit_is_booked_and_on_its_page(salon, client, noted):
    client.force_login(salon.staff)
    told = "See first: notes about Salon client Allergic to latex"
    assert notes_on(client.get(ADD)) == ""
    assert notes_on(client.post(ADD, {"look": "1", "client": salon.client.pk})) == told
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
