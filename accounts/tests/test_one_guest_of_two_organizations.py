"""One guest's address at two organizations: no answer, count or number of statements tells either of the other."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import UserFactory
from clientline.tests.pages import booking, typed

pytestmark = pytest.mark.django_db
GUEST, PHONE = "guest@somewhere.example", "+49 170 5500003"
CLIENT = {"name": "Mia Lange", "role": "client", "contact_email": GUEST, "phone": PHONE, "birthday": "1985-12-01"}
ADD, BOOK = "/admin/accounts/user/add/?kind=clients", "/admin/appointments/appointment/add/"
SUGGEST = "/admin/autocomplete/?app_label=appointments&model_name=appointment&field_name=client&term="


@pytest.fixture
def forms(salon, client):
    """What is typed about the guest into each form, by its address."""
    client.force_login(salon.manager)
    guest = {"name": "Mia Lange", "contact_email": GUEST, "phone": PHONE, "birthday": "1985-12-01"}
    booked = booking(salon, client="", name="Mia", email=GUEST, phone=PHONE)
    return {url: typed(client.get(url), **values) for url, values in ((ADD, guest), (BOOK, booked))}


def sent(salon, api, client, forms):
    """What the salon's manager can ask about the guest, through each door."""
    program, page = api(salon.manager), client
    file = SimpleUploadedFile("clients.csv", f"name,email,phone\nMia Lange,{GUEST},{PHONE}\n".encode())
    return {
        "search": lambda: program.get(f"/users?search={GUEST}&count=true"),
        "search alone": lambda: program.get(f"/users?search={GUEST}"),
        "telephone": lambda: program.get("/users?search=5500003&count=true"),
        "visits": lambda: program.get(f"/appointments?search={GUEST}&count=true"),
        "suggestions": lambda: page.get(f"{SUGGEST}{GUEST}"),
        "box": lambda: page.get("/admin/search/", {"q": GUEST}),
        "list": lambda: page.get("/admin/accounts/user/", {"q": "5500003", "kind": "clients"}),
        "create": lambda: program.post("/users", CLIENT),
        "change": lambda: program.patch(f"/users/{salon.client.pk}", {"contact_email": GUEST, "phone": PHONE}),
        "form": lambda: page.post(ADD, forms[ADD]),
        "booking": lambda: page.post(BOOK, forms[BOOK]),
        "import": lambda: page.post("/admin/clients/import/", {"file": file}),
    }


def answer_of(door):
    """Status, text without what differs from one request to the next, and how many statements it took."""
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        answer = door()
        transaction.set_rollback(True)
    text = answer.content.decode()
    text = re.sub(
        r'name="(?:csrfmiddlewaretoken|once)" value="[\w-]+"|nonce="[^"]+"|\d{4}-\d\d-\d\dT[\d:.+]+', "", text
    )
    return (
        answer.status_code,
        re.sub(r"\b\d+\b", "N", text),
        re.sub(r"\d+", "N", answer.get("Location", "")),
        len(captured),
    )


# With all walls up, less can be told: the gate asks what the first one hides by itself.
@pytest.mark.sweep
@pytest.mark.parametrize("walls", [pytest.param("all walls", marks=pytest.mark.whole), "the first wall alone"])
def test_nothing_tells_whether_another_organization_knows_the_guest(salon, clinic, api, client, forms, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    for door in sent(salon, api, client, forms).values():
        answer_of(door)  # what is made on first use
    unknown = {name: answer_of(door) for name, door in sent(salon, api, client, forms).items()}
    known = UserFactory(
        organization=clinic.organization, name="Mia Lange", contact_email=GUEST, phone=PHONE, birthday="1985-12-01"
    )
    assert known.phone_e164 == "+491705500003"
    for name, door in sent(salon, api, client, forms).items():
        assert answer_of(door) == unknown[name], name
    assert unknown["create"][0] == 201


def test_both_have_the_guest_and_neither_sees_the_others(salon, clinic, api):
    theirs = [api(cast.manager).post("/users", CLIENT).json() for cast in (salon, clinic)]
    assert [each["possible_duplicates"] for each in theirs] == [[], []]
    for cast, own in zip((salon, clinic), theirs, strict=True):
        listed = api(cast.manager).get(f"/users?search={GUEST}&count=true").json()
        assert ([row["id"] for row in listed["results"]], listed["count"]) == ([own["id"]], 1)
    assert User.objects.filter(contact_email=GUEST).count() == 2
