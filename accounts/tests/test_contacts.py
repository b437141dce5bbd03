"""Clients are reached in their own ways, apart from how people sign in; who looks known is shown, never merged."""

import json
from datetime import date, timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import contacts, people
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from appointments.amendments import merging
from clientline.made_addresses import SUFFIX, make_address
from clientline.privacy import personal_data
from clientline.tests.emptying import empty_database
from clientline.tests.problems import fields, problem
from organizations.models import Audit

pytestmark = pytest.mark.django_db
OLD_CLIENTS = import_module("accounts.migrations.0016_contacts_of_old_clients")
MIA = {"name": "Mia Lange", "role": "client"}


@pytest.fixture
def salon(salon):
    salon.organization.country = "DE"
    salon.organization.save(update_fields=["country"])
    return salon


def add(client, **values):
    answer = client.post("/users", MIA | values)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_name_alone_is_enough_for_a_client(salon, api):
    told = add(api(salon.staff), phone="0170 5500003")
    assert (told["email"], told["contact_email"], told["phone_e164"]) == ("", "", "+491705500003")
    assert (told["birthday"], told["client_notes"], told["is_flagged"], told["language"]) == (None, "", False, "")
    assert (told["marketing_consent_at"], told["external_source"], told["external_id"]) == (None, "", "")
    assert (told["merged_into"], told["possible_duplicates"]) == (None, [])
    stored = User.objects.get(pk=told["id"])
    assert (stored.email.endswith(SUFFIX), stored.mail_address, stored.signs_in) == (True, "", False)


UNSEEN = ("\u200b", "\u200b \u2060", "\ufeff", "\u3164", "\u2800", "\u0301")
UNSEEN_SAID = "Write a name that can be seen."
TURNING = ("Mia \u202eegnaL", "\u2066Mia", "Mia\u202a")
TURNING_SAID = "Leave out the hidden signs that turn the direction of writing around."
NAMES = ("مریم می\u200cخواهد", "שרה\u200f", "山田", "क्\u200dष", "4711", "?", "☂", "O'Neill")


def test_a_name_can_be_seen_and_turns_nothing_around(salon, api):
    desk = api(salon.manager)
    mia = add(desk)
    for names, said in ((UNSEEN, UNSEEN_SAID), (TURNING, TURNING_SAID)):
        for name in names:
            wrong = {"field": "name", "code": "invalid", "detail": said}
            assert desk.post("/users", MIA | {"name": name}).json()["errors"] == [wrong], ascii(name)
            assert desk.patch(f"/users/{mia['id']}", {"name": name}).json()["errors"] == [wrong], ascii(name)
    assert [add(desk, name=name)["name"] for name in NAMES] == list(NAMES)


def test_who_has_an_unseen_name_already_is_changed_otherwise(salon, api):
    mia = User.objects.get(pk=add(api(salon.staff))["id"])
    User.objects.filter(pk=mia.pk).update(name="\u200b")
    mia.refresh_from_db()
    people.change_person(by=None, person=mia, changes={"name": "\u200b", "client_notes": "x"})
    assert User.objects.get(pk=mia.pk).client_notes == "x"


def test_an_address_alone_is_the_contact_address_too(salon, api):
    client = api(salon.manager)
    told = add(client, email="MIA@Lange.example")
    assert (told["email"], told["contact_email"]) == ("mia@lange.example", "mia@lange.example")
    moved = client.patch(f"/users/{told['id']}", {"email": "new@lange.example"}).json()
    assert (moved["email"], moved["contact_email"]) == ("new@lange.example", "new@lange.example")
    apart = client.patch(f"/users/{told['id']}", {"contact_email": "Family@lange.example"}).json()
    assert (apart["email"], apart["contact_email"]) == ("new@lange.example", "family@lange.example")
    stays = client.patch(f"/users/{told['id']}", {"email": "mia@lange.example"}).json()
    assert stays["contact_email"] == "family@lange.example"


def test_a_family_shares_an_address_also_with_clients_of_elsewhere(salon, clinic, api):
    add(api(clinic.manager), contact_email="family@lange.example")
    first = add(api(salon.manager), contact_email="family@lange.example")
    second = add(api(salon.manager), name="Tom Lange", contact_email="family@lange.example")
    assert (first["possible_duplicates"], second["possible_duplicates"]) == ([], [first["id"]])


@pytest.mark.sweep
def test_an_empty_sign_in_address_is_taken_back_and_removes_a_real_one(salon, api):
    client = api(salon.manager)
    told = add(client, email="mia@lange.example", contact_email="desk@lange.example")
    path = f"/users/{told['id']}"
    removed = client.patch(path, {"email": ""}).json()
    assert (removed["email"], removed["contact_email"]) == ("", "desk@lange.example")
    assert client.patch(path, {"email": ""}).json()["version"] == removed["version"]
    put = client.put(path, removed | {"possible_duplicates": told["possible_duplicates"]})
    assert (put.status_code, put.json()) == (200, removed)
    again = client.put(path, MIA | {"email": "mia@lange.example"}).json()
    assert (again["email"], again["contact_email"]) == ("mia@lange.example", "mia@lange.example")
    without = client.put(path, MIA).json()
    assert (without["email"], without["contact_email"]) == ("", "")


@pytest.mark.sweep
def test_whoever_signs_in_needs_an_address(salon, api):
    client = api(salon.manager)
    bodies = ({"role": "staff"}, {"password": "a-long-password-1"}, {"role": "staff", "email": ""})
    for number, body in enumerate(bodies):
        told = add(client)
        for answer in (client.post("/users", MIA | body), client.patch(f"/users/{told['id']}", body)):
            assert (answer.status_code, fields(answer)) == (400, {"email": "required"}), body
        given = client.patch(f"/users/{told['id']}", body | {"email": f"mia{number}@lange.example"})
        assert given.status_code == 200, body


def test_who_signs_in_keeps_an_address(salon, api):
    client = api(salon.manager)
    for person in (salon.client, salon.staff):
        path, put = f"/users/{person.pk}", {"name": "X", "role": person.role}
        for answer in (client.patch(path, {"email": ""}), client.put(path, put)):
            assert (answer.status_code, fields(answer)) == (400, {"email": "required"}), person


def test_nobody_types_an_address_that_is_made_nor_gives_a_password_to_one(salon, api):
    answer = api(salon.manager).post("/users", MIA | {"email": "A@client.invalid"})
    assert (answer.status_code, fields(answer)) == (400, {"email": "invalid"})
    for wrong in ({"role": "staff", "password": "!"}, {"role": "client", "password": "pbkdf2"}):
        with pytest.raises(IntegrityError, match="user_made_address_is_no_sign_in"), transaction.atomic():
            UserFactory(organization=salon.organization, email=make_address(), **wrong)


@pytest.mark.sweep
def test_what_is_no_contact_is_refused(salon, api):
    client = api(salon.manager)
    for key, value, code in (
        ("birthday", "1899-12-31", "invalid"),
        ("birthday", str(timezone.localdate() + timedelta(days=2)), "invalid"),
        ("birthday", "1985-02-29", "invalid"),
        ("birthday", "", "invalid"),
        ("language", "xx", "invalid"),
        ("contact_email", "nobody", "invalid"),
        ("marketing_consent_at", "yes", "invalid"),
        ("phone_e164", "+491705500003", "read_only"),
        ("merged_into", 1, "read_only"),
        ("possible_duplicates", [], "unknown"),
    ):
        answer = client.post("/users", MIA | {key: value})
        assert (answer.status_code, fields(answer)) == (400, {key: code}), value


def test_everything_about_a_contact_comes_back_as_sent(salon, api):
    sent = {
        "birthday": "1958-02-03",
        "client_notes": "Allergic to nuts",
        "is_flagged": True,
        "language": "de",
        "marketing_consent_at": "2026-01-02T10:00:00+01:00",
        "external_source": "Square",
        "external_id": "AB12",
    }
    told = add(api(salon.manager), **sent)
    assert {name: told[name] for name in sent} == sent
    answer = api(salon.manager).post("/users", MIA | sent)
    assert (answer.status_code, fields(answer)) == (400, {"external_id": "unique"})


@pytest.mark.sweep
def test_what_the_desk_writes_clients_neither_see_nor_send(salon, api):
    User.objects.filter(pk=salon.client.pk).update(client_notes="pays late", is_flagged=True)
    client, path = api(salon.client), f"/users/{salon.client.pk}"
    told = client.get(path)
    assert "pays late" not in told.content.decode() + client.get("/auth/me").content.decode()
    assert not {"client_notes", "is_flagged", "external_source", "external_id"} & set(told.json())
    for key in ("client_notes", "is_flagged", "external_id"):
        assert problem(client.patch(path, {key: ""})) == (403, "permission_denied")
    # Sending back what was answered leaves what was not answered alone.
    assert client.put(path, told.json() | {"birthday": "1990-05-06"}).status_code == 200
    salon.client.refresh_from_db()
    assert (salon.client.client_notes, salon.client.is_flagged) == ("pays late", True)
    assert salon.client.birthday == date(1990, 5, 6)
    assert api(salon.staff).get(path).json()["client_notes"] == "pays late"


@pytest.mark.sweep
def test_who_looks_known_is_told_to_those_who_may_list_them(salon, clinic, api):
    for cast in (salon, clinic):
        cast.organization.country = "DE"
        cast.organization.save(update_fields=["country"])
        cast.by_phone = UserFactory(organization=cast.organization, phone="0170/55 00 003")
        cast.by_address = UserFactory(organization=cast.organization, contact_email="mia@lange.example")
        cast.by_birthday = UserFactory(
            organization=cast.organization, name="lange  MÍA", birthday=date(1985, 12, 1), created_by=cast.staff
        )
        UserFactory(organization=cast.organization, name="Mia Lange", birthday=date(1985, 12, 2))
        UserFactory(organization=cast.organization, name="Tom Lange", birthday=date(1985, 12, 1))
    body = {"phone": "+49 170 5500003", "contact_email": "MIA@lange.example", "birthday": "1985-12-01"}
    all_three = [salon.by_phone.pk, salon.by_address.pk, salon.by_birthday.pk]
    told = add(api(salon.manager), **body)
    assert told["possible_duplicates"] == all_three
    assert add(api(salon.staff), **body)["possible_duplicates"] == [salon.by_birthday.pk]
    assert add(api(salon.staff), name="Somebody")["possible_duplicates"] == []
    colleague = api(salon.manager).post("/users", body | {"name": "C", "role": "staff", "email": "c@salon.example"})
    assert colleague.json()["possible_duplicates"] == []


@pytest.mark.sweep
def test_a_merged_record_is_no_duplicate_leads_to_the_last_one_and_gives_it_what_it_lacks(salon, api):
    first, second, third = (
        UserFactory(organization=salon.organization, phone="0170 5500003", client_notes=notes, is_flagged=flagged)
        for notes, flagged in (("a", False), ("", True), ("c", False))
    )
    User.objects.filter(pk=first.pk).update(
        birthday=date(1985, 12, 1), contact_email="mia@lange.example", marketing_consent_at=timezone.now()
    )
    for kept, duplicate in ((second, first), (third, second)):
        merging.merge_clients(by=salon.manager, kept=kept, duplicate=duplicate, now=timezone.now())
    reader = api(salon.manager)
    told = [reader.get(f"/users/{each.pk}").json() for each in (first, second, third)]
    assert [each["merged_into"] for each in told] == [third.pk, third.pk, None]
    kept = told[2]
    assert (kept["birthday"], kept["contact_email"], kept["client_notes"], kept["is_flagged"]) == (
        "1985-12-01",
        "mia@lange.example",
        "c\n\na",
        True,
    )
    assert kept["marketing_consent_at"] is None  # the record that stays decides
    newcomer = User.objects.get(pk=add(reader, phone="0170 5500003")["id"])
    assert [each.pk for each in contacts.find_duplicates(newcomer)] == [third.pk]


@pytest.mark.sweep
def test_a_made_address_is_nowhere_to_be_seen(salon, api, client):
    told = add(api(salon.admin), phone="0170 5500003")
    api(salon.admin).patch(f"/users/{told['id']}", {"email": "mia@lange.example"})
    api(salon.admin).patch(f"/users/{told['id']}", {"email": ""})
    mia = User.objects.get(pk=told["id"])
    client.force_login(salon.admin)
    shown = [
        api(salon.admin).get(path).content
        for path in (f"/users/{mia.pk}", "/users?limit=1000", "/users?search=mia", f"/users/{mia.pk}/export", "/audit")
    ]
    shown += [
        b"".join(client.get(path))
        for path in (
            f"/admin/accounts/user/{mia.pk}/change/",
            "/admin/accounts/user/?kind=clients",
            "/admin/accounts/user/export/",
            f"/admin/accounts/user/{mia.pk}/history/",
            f"/admin/accounts/user/{mia.pk}/merge/?duplicate={salon.client.pk}",
            "/admin/organizations/audit/",
        )
    ]
    assert [b"Mia" in page for page in shown].count(True) >= 8
    assert [page for page in shown if b"client.invalid" in page] == []
    changes = [entry["changes"] for entry in json.loads(shown[3])["changes"]]
    assert [each.get("email") for each in changes[:3]] == [
        None,
        [None, "mia@lange.example"],
        ["mia@lange.example", None],
    ]


def test_telephones_are_read_again_when_the_country_changes(salon, clinic, api, operator):
    for cast in (salon, clinic):
        cast.mia = UserFactory(organization=cast.organization, phone="030 1234567")
    User.objects.update(version=7)
    home = f"/organizations/{salon.organization.pk}"
    assert api(salon.admin).patch(home, {"country": "IT"}).status_code == 200
    for cast in (salon, clinic):
        cast.mia.refresh_from_db()
    assert (salon.mia.phone_e164, salon.mia.version, clinic.mia.phone_e164) == ("+390301234567", 7, "")


def test_an_erased_client_has_no_contact_left(salon, api):
    told = add(
        api(salon.admin),
        email="mia@lange.example",
        phone="0170 5500003",
        birthday="1985-12-01",
        client_notes="secret",
        external_source="Square",
        external_id="AB12",
        language="de",
    )
    client = User.objects.get(pk=told["id"])
    personal_data.erase(by=salon.admin, client=client, now=timezone.now())
    after = api(salon.admin).get(f"/users/{client.pk}").json()
    empty = ("email", "contact_email", "phone", "phone_e164", "client_notes", "external_source", "external_id")
    assert [after[name] for name in empty] == [""] * len(empty)
    assert (after["birthday"], after["is_flagged"], after["marketing_consent_at"]) == (None, False, None)
    entries = str(list(Audit.objects.filter(table="users", row=client.pk).values_list("changes", flat=True)))
    for word in ("lange", "5500003", "1985", "secret", "AB12", "Square"):
        assert word not in entries


@pytest.mark.sweep
@pytest.mark.django_db(transaction=True)
def test_a_client_without_an_address_moves_to_another_installation(salon, api, tmp_path):
    told = add(api(salon.manager), phone="0170 5500003", client_notes="x")
    path = tmp_path / "salon.jsonl"
    call_command("export_organization", salon.organization.pk, path, stdout=StringIO(), verbosity=0)
    assert "client.invalid" not in path.read_text()
    empty_database()
    call_command("import_organization", path, stdout=StringIO(), verbosity=0)
    mia = User.objects.get(pk=told["id"])
    assert (mia.sign_in_address, mia.phone_e164, mia.client_notes) == ("", "+491705500003", "x")
    assert mia.email.endswith(SUFFIX)


def test_old_clients_get_their_contact(salon, clinic):
    """The migration's statements and those for files of the first format do the same."""
    for door in ("migration", "import"):
        with_password = UserFactory(organization=salon.organization)
        without = UserFactory(organization=salon.organization, phone="0170 5500003", password="!")
        erased = UserFactory(organization=salon.organization, password="!x")
        User.objects.filter(pk=erased.pk).update(email=f"erased-{erased.pk}@erased.invalid")
        User.objects.update(phone_e164="", contact_email="")
        if door == "import":
            contacts.fill_in_contacts(salon.organization)
        else:
            with connection.cursor() as cursor:
                cursor.execute(OLD_CLIENTS.MAKE_ADDRESSES)
                cursor.execute(OLD_CLIENTS.FILL_CONTACTS)
                OLD_CLIENTS.fill_phones(cursor)
        for each in (with_password, without, erased):
            each.refresh_from_db()
        assert (with_password.contact_email, with_password.check_password(PASSWORD)) == ("", True)
        assert (without.email, without.contact_email) == (without.contact_email, without.email)
        assert without.phone_e164 == "+491705500003"
        assert (erased.sign_in_address, erased.contact_email) == ("", "")
