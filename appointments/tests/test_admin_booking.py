from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from clientline.tests.pages import Page, errors_of, submit
from services.models import Service

LIST = "/admin/appointments/appointment/"
ADD = f"{LIST}add/"


def page(visit, name="change"):
    return f"{LIST}{visit.pk}/{name}/"


def booking(cast, **values):
    """What is typed into the form: 10:00 in Berlin is 09:00 UTC in winter."""
    return {
        "client": cast.client.pk,
        "staff": cast.staff.pk,
        "service": cast.service.pk,
        "appointment_date_0": "2027-01-11",
        "appointment_date_1": "10:00",
    } | values


def test_adding_a_visit_books_it_in_the_organizations_time(salon, client):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **booking(salon, notes="window seat"))
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    visit = Appointment.objects.latest("id")
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
    assert (entry.user, entry.object_id, entry.object_repr) == (
        salon.manager,
        str(visit.pk),
        "2027-01-11 10:00 scheduled",
    )
    assert "2027-01-11 10:00" in client.get(LIST).content.decode()


def test_the_booking_form_deletes_nothing(salon, client):
    client.force_login(salon.admin)
    assert "deletelink" not in client.get(ADD).content.decode()
    assert "delete_id_service" not in client.get(ADD).content.decode()


def test_length_and_price_can_be_typed(salon, client):
    client.force_login(salon.staff)
    assert submit(client, ADD, **booking(salon, duration="75", price="0")).status_code == 302
    visit = Appointment.objects.latest("id")
    assert visit.ends_at == datetime(2027, 1, 11, 10, 15, tzinfo=UTC)
    assert visit.price == Decimal("0.00")


def test_a_double_booking_is_an_error_that_keeps_what_was_typed(salon, client):
    client.force_login(salon.manager)
    submit(client, ADD, **booking(salon))
    visits, entries = Appointment.objects.count(), LogEntry.objects.count()
    typed = booking(salon, client=salon.stranger.pk, appointment_date_1="10:15", notes="please", price="12.50")
    answer = submit(client, ADD, **typed)
    assert answer.status_code == 200
    assert errors_of(answer) == ["This time is taken."]
    kept = Page(answer).fields
    assert {name: kept[name] for name in typed} == {
        "client": [str(salon.stranger.pk)],
        "staff": [str(salon.staff.pk)],
        "service": [str(salon.service.pk)],
        "appointment_date_0": ["2027-01-11"],
        "appointment_date_1": ["10:15"],
        "notes": "please",
        "price": ["12.50"],
    }
    assert (Appointment.objects.count(), LogEntry.objects.count()) == (visits, entries)


def test_what_the_domain_refuses_stands_beside_its_field(salon, client):
    client.force_login(salon.manager)
    Service.objects.filter(pk=salon.service.pk).update(duration=None)
    answer = submit(client, ADD, **booking(salon))
    assert answer.context["adminform"].form.errors == {
        "duration": ["Salon service has no duration of its own: say how many minutes."]
    }


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"appointment_date_0": "9999-12-31", "appointment_date_1": "23:59"}, "Choose a date between 2000 and 2100."),
        ({"appointment_date_0": "0001-01-01"}, "Choose a date between 2000 and 2100."),
        ({"appointment_date_0": "2027-02-30"}, "Enter a valid date."),
        ({"appointment_date_1": "10:00:30"}, "Visits start at a whole minute."),
        ({"duration": "1441"}, "Ensure this value is less than or equal to 1440."),
        ({"price": "1e400"}, "Ensure that there are no more than 10 digits in total."),
        ({"price": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"notes": "a\0b"}, "Null characters are not allowed."),
        # 02:30 is skipped on this night in Berlin
        (
            {"appointment_date_0": "2027-03-28", "appointment_date_1": "02:30"},
            "2027-03-28 02:30:00 couldn’t be interpreted in time zone Europe/Berlin;"
            " it may be ambiguous or it may not exist.",
        ),
    ],
)
def test_nonsense_is_said_and_not_saved(salon, client, typed, problem):
    client.force_login(salon.manager)
    before = Appointment.objects.count()
    assert problem in errors_of(submit(client, ADD, **booking(salon, **typed)))
    assert Appointment.objects.count() == before


@pytest.mark.parametrize("walls", ["with", "without"])
@pytest.mark.parametrize("field", ["client", "staff", "service"])
def test_rows_of_another_organization_do_not_exist_for_the_form(salon, clinic, client, request, walls, field):
    if walls == "without":
        request.getfixturevalue("without_row_security")
    client.force_login(salon.admin)
    before = Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, **{field: getattr(clinic, field).pk}))
    assert answer.context["adminform"].form.errors == {
        field: ["Select a valid choice. That choice is not one of the available choices."]
    }
    assert Appointment.objects.count() == before


@pytest.mark.parametrize(("field", "who"), [("client", "colleague"), ("staff", "stranger")])
def test_clients_and_staff_cannot_change_places(salon, client, field, who):
    client.force_login(salon.admin)
    answer = submit(client, ADD, **booking(salon, **{field: getattr(salon, who).pk}))
    assert list(answer.context["adminform"].form.errors) == [field]


def test_staff_book_themselves_with_clients_they_know(salon, client):
    client.force_login(salon.staff)
    assert Page(client.get(ADD)).fields["staff"] == [str(salon.staff.pk)]
    for typed in ({"staff": salon.colleague.pk}, {"client": salon.stranger.pk}):
        assert list(submit(client, ADD, **booking(salon, **typed)).context["adminform"].form.errors) == list(typed)
    assert submit(client, ADD, **booking(salon)).status_code == 302


def test_the_deactivated_are_not_offered(salon, client):
    client.force_login(salon.manager)
    User.objects.filter(pk=salon.client.pk).update(is_active=False)
    assert list(submit(client, ADD, **booking(salon)).context["adminform"].form.errors) == ["client"]


def test_an_operator_cannot_mix_organizations(salon, clinic, operator, client):
    client.force_login(operator)
    before = Appointment.objects.count()
    answer = submit(client, ADD, **booking(salon, staff=clinic.staff.pk))
    assert answer.context["adminform"].form.errors == {"staff": ["Clinic staff does not perform Salon service."]}
    assert Appointment.objects.count() == before
    assert submit(client, ADD, **booking(salon)).status_code == 302


def test_of_a_visit_only_the_notes_are_changed(salon, client):
    client.force_login(salon.staff)
    assert set(Page(client.get(page(salon.visit))).fields) == {
        "csrfmiddlewaretoken",
        "notes",
        "initial-notes",
        "internal_notes",
        "initial-internal_notes",
        "shown_version",
    }
    crafted = {"status": "completed", "price": "0", "appointment_date_0": "2027-01-01", "staff": salon.colleague.pk}
    assert submit(client, page(salon.visit), notes="called", **crafted).status_code == 302
    visit = Appointment.objects.get(pk=salon.visit.pk)
    assert (visit.notes, visit.version, visit.status, visit.price, visit.staff) == (
        "called",
        2,
        "scheduled",
        Decimal("45.00"),
        salon.staff,
    )
    assert visit.appointment_date == salon.visit.appointment_date


@pytest.mark.parametrize("who", ["admin", "manager", "staff", "operator"])
def test_nobody_deletes_a_visit(salon, operator, client, who):
    client.force_login(operator if who == "operator" else getattr(salon, who))
    assert client.get(page(salon.visit, "delete")).status_code == 403
    assert client.post(page(salon.visit, "delete"), {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [salon.visit.pk], "post": "yes", "index": "0"})
    assert Appointment.objects.filter(pk=salon.visit.pk).exists()


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
