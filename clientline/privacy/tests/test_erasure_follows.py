"""Erasure follows the person: through merged records, logs, stored answers, failed sign-ins and visits to come.

It is looked for in every column of every table, as `pg_dump` would write it.
"""

from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.records import select_records
from accounts.tests.factories import PASSWORD, UserFactory
from appointments.amendments import merging
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.privacy import personal_data
from clientline.tests.pages import submit
from clientline.tests.problems import problem
from clientline.tests.rehearsals import undone
from organizations.models import Audit, IdempotencyKey
from organizations.tenancy import confine_transaction
from payments.balances import sum_balances

ADA = ("Ada Quist", "ada@quist.example", "0301111222", "limps badly", "sent a rude letter", "Ada Former")
ZOE = ("Zoe Vanderbilt", "zoe@vanderbilt.example", "0309999888", "fears needles", "forgot her keys", "Zoe Former")


def dump():
    """All rows of all tables as text, what is binary in letters too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = [table for (table,) in cursor.fetchall()]
        text = []
        for table in tables:
            with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                text += [bytes(block).decode() for block in copy]
    return "".join(text).lower()


def find_words(words):
    stored = dump()
    return [
        word
        for word in words
        if word.lower() in stored or word.lower().encode().hex() in stored or word.encode().hex() in stored
    ]


def write_about(salon, api, operator, client, words):
    """A client with a word of theirs wherever one can stand: rows, history, audit, log, answers, failed sign-ins."""
    name, email, phone, notes, reason, former = words
    manager, key = api(salon.manager), {"Idempotency-Key": f"made-{phone[-4:]}"}
    person = {"name": former, "email": email, "phone": phone, "role": "client", "password": PASSWORD}
    made = manager.post("/users", person, headers=key)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    browser = client
    browser.force_login(salon.admin)
    assert submit(browser, f"/admin/accounts/user/{pk}/change/", name=name).status_code == 302
    booking = {"client": pk, "staff": salon.staff.pk, "service": salon.service.pk, "notes": notes, "overbook": True}
    for day, (caller, home) in enumerate(((manager, {}), (api(operator), {"organization": salon.organization.pk}))):
        when = {"appointment_date": days_ahead(20 + day + len(name), hour=11).isoformat()}
        key = {"Idempotency-Key": f"booked-{phone[-4:]}-{day}"}
        booked = caller.post("/appointments", booking | when | home, headers=key)
        assert booked.status_code == 201, booked.content
    cancelled = manager.post(f"/appointments/{booked.json()['id']}/cancel", {"reason": reason})
    assert cancelled.status_code == 200
    for typed in (email.upper(), name, former):
        assert api().post("/auth/login", {"email": typed, "password": "wrong-password"}).status_code == 401
    assert Client().post("/admin/forgotten/", {"email": email}).status_code == 302
    assert find_words(words) == list(words)
    return User.objects.get(pk=pk)


@pytest.fixture
def one(salon, operator, api, client, settings):
    """A person with all their words."""
    settings.AXES_FAILURE_LIMIT = 1000
    return write_about(salon, api, operator, client, ADA)


@pytest.fixture
def other(salon, one):
    """Another record of the same person, which says no more of them than its own row and a visit do."""
    name, email, phone, notes, reason, _ = ZOE
    other = UserFactory(organization=salon.organization, name=name, email=email, phone=phone)
    cancelled = {"status": "cancelled", "cancelled_at": timezone.now(), "cancellation_reason": reason}
    AppointmentFactory(client=other, staff=salon.staff, service=salon.service, notes=notes, **cancelled)
    return other


def merge(salon, kept, duplicate):
    client = Client()
    client.force_login(salon.admin)
    answer = client.post(f"/admin/accounts/user/{kept.pk}/merge/", {"duplicate": duplicate.pk})
    assert answer.status_code == 302, answer.content


def erase(salon, api, person):
    answer = api(salon.admin, anew=True).post(f"/users/{person.pk}/erase")  # the last one's token is undone, perhaps
    assert (answer.status_code, answer.json()["name"]) == (200, f"Erased client {person.pk}")


@pytest.mark.sweep
def test_no_word_of_either_record_is_left_whether_they_are_erased_before_or_after_they_are_merged(
    salon, clinic, api, one, other, everything
):
    """The gate merges in one direction: that erasure finds records in both, test_it_follows_a_chain asks."""
    with undone():  # to write about a person is dear
        made = leave_traces_of_others(salon, clinic, api)
        erase(salon, api, one)
        assert find_words(ADA + ZOE) == [*ZOE[:-1]]
        assert_no_kept_answer_is_given_again_but_those_of_others(salon, clinic, api, made)
        merge(salon, other, one)
        erase(salon, api, other)
        assert find_words(ADA + ZOE) == []
    for kept, duplicate in ((one, other), (other, one)) if everything else ((one, other),):
        with undone():
            merge(salon, kept, duplicate)
            assert find_words(ADA + ZOE) == [*ADA, *ZOE[:-1]]
            erase(salon, api, other)
            assert find_words(ADA + ZOE) == []
            names = User.objects.filter(pk__in=(one.pk, other.pk)).order_by("pk").values_list("name", flat=True)
            assert list(names) == [f"Erased client {one.pk}", f"Erased client {other.pk}"]
            events = Audit.objects.filter(action="erase").order_by("id")
            assert [(entry.row, entry.actor) for entry in events] == [(each.pk, salon.admin) for each in (one, other)]
            assert not IdempotencyKey.objects.exclude(body=b"").filter(organization=salon.organization).exists()


def leave_traces_of_others(salon, clinic, api):
    """What the clinic was answered for its key; and somebody of the salon mistypes their password."""
    api().post("/auth/login", {"email": salon.staff.email, "password": "wrong-password"})
    return make_service(clinic, api).json()


def make_service(clinic, api):
    return api(clinic.manager).post("/services", {"name": "X-ray"}, headers={"Idempotency-Key": "k"})


def assert_no_kept_answer_is_given_again_but_those_of_others(salon, clinic, api, made):
    before = User.objects.count()
    again = {"name": ADA[5], "email": ADA[1], "phone": ADA[2], "role": "client", "password": PASSWORD}
    answer = api(salon.manager).post("/users", again, headers={"Idempotency-Key": f"made-{ADA[2][-4:]}"})
    assert problem(answer) == (409, "answer_erased")
    assert User.objects.count() == before, "it is not done again either"
    again = make_service(clinic, api)
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (201, made, "true")
    assert salon.staff.email in set(AccessAttempt.objects.values_list("username", flat=True))
    assert not AccessAttempt.objects.filter(username__in=[ADA[1], ADA[0].lower(), ADA[5].lower()]).exists()


@pytest.mark.sweep
def test_it_follows_a_chain_of_mergers_and_nobody_else(salon, api):
    first, second, third = (UserFactory(organization=salon.organization, name=f"{name} Quist") for name in "ABC")
    now = timezone.now()
    merging.merge_clients(by=salon.admin, kept=second, duplicate=first, now=now)
    merging.merge_clients(by=salon.admin, kept=third, duplicate=User.objects.get(pk=second.pk), now=now)
    User.objects.filter(pk=first.pk).update(merged_into=second)  # as mergers of version 0.1 are found
    for each in (first, third):  # from either end
        assert {record.pk for record in select_records(each.pk)} == {first.pk, second.pk, third.pk}
    erase(salon, api, first)
    assert find_words(["A Quist", "B Quist", "C Quist", "Salon client", "Salon stranger"]) == [
        "Salon client",
        "Salon stranger",
    ]


@pytest.mark.sweep
def test_the_log_names_people_by_number(salon, client):
    client.force_login(salon.admin)
    page = "/admin/accounts/user/"
    assert submit(client, f"{page}{salon.client.pk}/change/", name="Renamed").status_code == 302
    twin = UserFactory(organization=salon.organization, name="Twin")
    merge(salon, salon.client, twin)
    deleted = UserFactory(organization=salon.organization, name="Gone", role="staff")
    assert client.post(f"{page}{deleted.pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "deactivate", "_selected_action": [salon.stranger.pk]}
    client.post(page, chosen)
    told = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.order_by("id")]
    assert f"person {deleted.pk}" in {entry.object_repr for entry in LogEntry.objects.all()}
    assert f"person {twin.pk} Merged into person {salon.client.pk}." in told
    assert [line for line in told for name in ("Renamed", "Twin", "Gone", "Salon") if name in line] == []


# Visits to come


@pytest.fixture
def with_visits(salon):
    """The salon's client, with a visit ahead by each of two records, one under way and one that was cancelled."""
    twin = UserFactory(organization=salon.organization, name="Twin", is_active=False, merged_into=salon.client)
    now = days_ahead(5)
    made = {"staff": salon.staff, "service": salon.service}
    salon.ahead = [
        AppointmentFactory(client=person, **made, appointment_date=now + timedelta(minutes=minutes), overbooked=True)
        for person, minutes in ((salon.client, 1), (twin, 2 * 24 * 60))
    ]
    salon.begun = AppointmentFactory(client=salon.client, **made, appointment_date=now, overbooked=True)
    Appointment.objects.filter(pk=salon.visit.pk).update(status="cancelled", cancelled_at=now)
    Appointment.objects.filter(pk__in=[each.pk for each in salon.ahead]).update(late_cancellation_fee=50)
    return now


@pytest.mark.sweep
def test_the_house_cancels_visits_to_come_without_a_fee(salon, with_visits):
    personal_data.erase(by=salon.admin, client=salon.client, now=with_visits)
    for visit in salon.ahead:
        visit.refresh_from_db()
        assert (visit.status, visit.cancelled_by, visit.cancelled_on_behalf_of) == (
            "cancelled",
            salon.admin,
            "organization",
        )
        assert (visit.cancellation_reason, [fact.reason for fact in visit.history.all()]) == ("", [""])
    assert sum_balances(Appointment.objects.filter(pk__in=[visit.pk for visit in salon.ahead]))["charge"] == 0
    salon.begun.refresh_from_db()
    assert salon.begun.status == "scheduled"


@pytest.mark.sweep
def test_it_is_said_before_by_every_door(salon, clinic, with_visits, api, client, monkeypatch):
    monkeypatch.setattr("clientline.privacy.views.timezone.now", lambda: with_visits)
    twin, path = User.objects.get(merged_into=salon.client), f"/users/{salon.client.pk}/erase"
    assert api(salon.admin).get(path).json() == {
        "records": [salon.client.pk, twin.pk],
        "coming_visits": [visit.pk for visit in salon.ahead],
        "due": str(personal_data.preview_erasure(client=salon.client, now=with_visits)["due"]),
    }
    assert problem(api(salon.manager).get(path)) == (403, "permission_denied")
    assert problem(api(clinic.admin).get(path)) == (404, "not_found")

    client.force_login(salon.admin)
    page = " ".join(client.get(f"/admin/accounts/user/{salon.client.pk}/erase/").content.decode().split())
    assert "2 visits ahead will be cancelled, without a fee." in page
    assert f'/admin/accounts/user/{twin.pk}/change/">{twin.pk}</a>.' in page

    output = StringIO()
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    call_command("erase_client", salon.client.pk, stdout=output)
    assert f"one person in the merged records {salon.client.pk}, {twin.pk}." in output.getvalue()
    assert "Visits to come, which will be cancelled: 2." in output.getvalue()


# The function


def test_the_database_forgets_own_and_deactivated_clients_only(salon, clinic):
    def forget(person):
        with transaction.atomic(), connection.cursor() as cursor:
            confine_transaction(organization_id=salon.organization.pk)
            cursor.execute("SELECT forget_client(%s)", [person.pk])

    User.objects.filter(pk=clinic.client.pk).update(is_active=False)
    for person in (salon.client, salon.staff, clinic.client):
        with pytest.raises(IntegrityError, match="Only deactivated clients are forgotten"):
            forget(person)
    User.objects.filter(pk=salon.client.pk).update(is_active=False)
    forget(salon.client)
