"""The page that books coming visits from a file: shown first, booked when agreed to."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.tests.pages import errors_of, tell
from clientline.tests.rendering import unrendered

URL = "/admin/visits/import/"


@pytest.fixture(autouse=True)
def ada(salon):
    always_at_work(salon.staff, salon.colleague)
    return UserFactory(
        organization=salon.organization, role="client", name="Ada Stone", contact_email="ada@example.com"
    )


def file_of(*lines):
    return "\n".join(["client,email,service,staff,date,time", *lines]).encode()


def line(days, time="14:30"):
    return f"Ada Stone,ada@example.com,Salon service,Salon staff,{days_ahead(days).date()},{time}"


def send(client, content, **fields):
    return client.post(URL, {"file": SimpleUploadedFile("visits.csv", content)} | fields)


def check(client, content, **fields):
    """What the page is made of that shows the file, without its text."""
    with unrendered():
        return send(client, content, **fields)


def test_visits_are_shown_and_then_booked_once(salon, ada, client):
    client.force_login(salon.manager)
    content = file_of(line(5), line(6))
    page = send(client, content)
    assert "2 new, 0 booked already, 0 in conflict" in page.content.decode()
    assert not Appointment.objects.filter(client=ada).exists()
    for _ in range(2):
        answer = send(client, content, shown=page.context["digest"], **{"import": "all"})
    assert answer["Location"] == "/admin/appointments/appointment/"
    assert tell(answer) == ["Booked 2 visits.", "Booked 0 visits."]
    assert [visit.created_by for visit in Appointment.objects.filter(client=ada)] == [salon.manager] * 2


def test_with_a_conflict_nothing_or_the_good_ones_are_booked(salon, ada, client):
    client.force_login(salon.manager)
    content = file_of(line(5), line(6, "25"))
    page = send(client, content)
    assert "1 new, 0 booked already, 1 in conflict" in page.content.decode()
    assert "is no time of day." in page.content.decode()
    assert check(client, content, shown=page.context["digest"], **{"import": "all"}).status_code == 200
    assert not Appointment.objects.filter(client=ada).exists()
    assert send(client, content, shown=page.context["digest"], **{"import": "good"}).status_code == 302
    assert Appointment.objects.filter(client=ada).count() == 1


def test_a_file_that_was_not_shown_is_shown_first(salon, ada, client):
    client.force_login(salon.manager)
    for digest in (check(client, file_of(line(5))).context["digest"], "x", "\0"):
        assert check(client, file_of(line(6)), shown=digest, **{"import": "all"}).status_code == 200
    assert not Appointment.objects.filter(client=ada).exists()


def test_what_cannot_be_read_is_said_beside_the_field(salon, client):
    client.force_login(salon.manager)
    (told,) = errors_of(send(client, b"a,b\nc,d\n"))
    assert told.startswith("The first line has to name the columns")
    assert errors_of(client.post(URL, {})) == ["Choose a file."]


def test_the_template_is_read_but_for_its_client(salon, client):
    client.force_login(salon.manager)
    content = b"".join(client.get("/admin/visits/template/").streaming_content)
    assert check(client, content).context["conflict_count"] == 1


def test_staff_and_clients_import_no_visits(salon, client):
    for who, status in ((salon.staff, 403), (salon.client, 302)):
        client.force_login(who)
        assert (send(client, file_of()).status_code, client.get(URL).status_code) == (status, status)
        assert client.get("/admin/visits/template/").status_code == status


def test_managers_find_the_page_beside_the_list(salon, client):
    for who, linked in (("manager", True), ("staff", False)):
        client.force_login(getattr(salon, who))
        assert (URL in client.get("/admin/appointments/appointment/").content.decode()) is linked


def test_operators_say_for_whom(operator, client):
    client.force_login(operator)
    assert client.get(URL)["Location"] == "/admin/organizations/organization/"
