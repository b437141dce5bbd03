"""Changes that exclude each other, at once: one of the two sees the other, and neither deadlocks."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import StringIO
from time import sleep
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import people
from accounts.models import User
from accounts.tests.factories import UserFactory, token_for
from appointments import booking
from appointments.amendments import merging
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.privacy import forgetting, personal_data
from clientline.zones import read_wall_clock
from organizations import changing
from organizations.models import Organization
from services import offering
from services.models import Service, ServiceStaff
from services.tests.factories import ServiceFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"


@pytest.fixture(scope="module")
def somebody():
    """A thread with a connection of its own, which is dear to open."""
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.submit(connections.close_all).result()


@pytest.fixture
def meanwhile(somebody):
    """`meanwhile(function, …)`: its future, once it waits for a lock of ours."""

    def start(function, *arguments):
        future = somebody.submit(function, *arguments)
        while not waiting():
            assert not future.done(), future.result()
            sleep(0.01)  # to look is dear, and takes the processor from whom we wait for
        return future

    return start


def waiting():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]


@pytest.fixture
def regular(salon):
    """A client without any visit, in a salon whose team is always there."""
    always_at_work(salon.staff, salon.colleague)
    return UserFactory(organization=salon.organization)


@pytest.fixture
def novice(salon):
    """One of the team without any visit."""
    novice = UserFactory(organization=salon.organization, role="staff")
    always_at_work(novice)
    return novice


@pytest.fixture
def ask(salon):
    return asker(salon.admin)


def asker(user):
    """`ask("PATCH", path, body)` by the user: the answer's status, and the code of what it refuses."""
    caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {token_for(user)}", HTTP_IDEMPOTENCY_KEY=secrets.token_hex(8))

    def ask(method, path, body):
        answer = caller.generic(method, path, json.dumps(body), content_type="application/json")
        told = answer.json()
        return answer.status_code, told.get("errors", [{}])[0].get("code") or told.get("code")

    return ask


def visit_of(salon, client, staff=None):
    named = {"staff": staff.pk} if staff else {}
    start = f"{days_ahead(5):%FT%TZ}"
    return {"client": client.pk, "service": salon.service.pk, "appointment_date": start, "notes": "Allergic"} | named


def book(salon, client, staff):
    return booking.book(
        by=salon.admin,
        client=client,
        service=salon.service,
        staff=staff,
        appointment_date=days_ahead(5),
        now=timezone.now(),
        notes="Allergic",
    )


def erase(client, *, by):
    personal_data.erase(by=by, client=client, now=timezone.now())


def change_role(person, role):
    people.change_person(
        by=None, person=User.objects.select_for_update(no_key=True).get(pk=person.pk), changes={"role": role}
    )


def test_a_client_who_joins_the_team_is_not_booked_meanwhile(salon, regular, ask, meanwhile):
    with transaction.atomic():
        change_role(regular, "staff")
        booked = meanwhile(ask, "POST", "/appointments", visit_of(salon, regular, salon.staff))
    assert booked.result() == (400, "invalid")
    assert not Appointment.objects.filter(client=regular).exists()


def test_a_colleague_who_becomes_a_client_is_not_booked_meanwhile(salon, regular, novice, ask, meanwhile):
    with transaction.atomic():
        change_role(novice, "client")
        booked = meanwhile(ask, "POST", "/appointments", visit_of(salon, regular, novice))
    assert booked.result() == (400, "invalid")
    assert not Appointment.objects.filter(staff=novice).exists()


def test_anyone_free_is_nobody_who_becomes_a_client_meanwhile(salon, regular, novice, ask, meanwhile):
    ServiceStaff.objects.bulk_create(
        ServiceStaff(organization=salon.organization, service=salon.service, staff=each)
        for each in (novice, salon.colleague)
    )
    with transaction.atomic():
        book(salon, salon.client, salon.colleague)  # so that the novice would be chosen, or nobody
        change_role(novice, "client")
        booked = meanwhile(ask, "POST", "/appointments", visit_of(salon, regular))
    assert booked.result() == (409, "slot_taken")
    assert not Appointment.objects.filter(staff=novice).exists()


def test_no_visit_moves_to_a_colleague_who_becomes_a_client_meanwhile(salon, regular, novice, ask, meanwhile):
    path = f"/appointments/{book(salon, regular, salon.staff).pk}/reschedule"
    with transaction.atomic():
        change_role(novice, "client")
        body = {"appointment_date": f"{days_ahead(6):%FT%TZ}", "staff": novice.pk}
        moved = meanwhile(ask, "POST", path, body)
    assert moved.result() == (400, "invalid")
    assert not Appointment.objects.filter(staff=novice).exists()


@pytest.mark.parametrize("role", ["client", "staff"])
def test_nobody_changes_sides_while_they_are_booked(salon, regular, novice, ask, meanwhile, role):
    turned = {"client": novice, "staff": regular}[role]
    with transaction.atomic():
        book(salon, regular, novice)
        changed = meanwhile(ask, "PATCH", f"/users/{turned.pk}", {"role": role})
    assert changed.result() == (409, "protected")


def test_an_erasure_blanks_the_notes_of_a_visit_that_comes_meanwhile(salon, regular, ask, meanwhile):
    with transaction.atomic():
        visit = book(salon, regular, salon.staff)
        erased = meanwhile(ask, "POST", f"/users/{regular.pk}/erase", {})
    assert erased.result() == (200, None)
    assert Appointment.objects.get(pk=visit.pk).notes == ""


def test_an_erasure_blanks_the_notes_that_are_written_meanwhile(salon, regular, ask, meanwhile):
    visit = book(salon, regular, salon.staff)
    Appointment.objects.filter(pk=visit.pk).update(notes="")
    with transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(notes="Allergic")
        erased = meanwhile(ask, "POST", f"/users/{regular.pk}/erase", {})
    assert erased.result() == (200, None)
    assert Appointment.objects.get(pk=visit.pk).notes == ""


def test_nobody_is_booked_who_is_erased_meanwhile(salon, regular, ask, meanwhile):
    with transaction.atomic():
        erase(regular, by=salon.admin)
        booked = meanwhile(ask, "POST", "/appointments", visit_of(salon, regular, salon.staff))
    assert booked.result() == (400, "inactive")


def test_a_client_who_cancels_while_they_are_erased_meets_no_deadlock(salon, regular, ask, meanwhile):
    visit = book(salon, regular, salon.staff)
    with transaction.atomic():
        locked = Appointment.objects.select_for_update(no_key=True).get(pk=visit.pk)
        erased = meanwhile(ask, "POST", f"/users/{regular.pk}/erase", {})
        booking.cancel(by=regular, visit=locked, now=timezone.now())
    assert erased.result() == (200, None)
    assert Appointment.objects.get(pk=visit.pk).status == "cancelled"


def test_the_visits_of_a_tail_are_held_in_the_order_of_their_ids(salon, regular, ask, meanwhile):
    """Those moved to the end have lower ones than those before them: by their dates, two would wait for each other."""
    series = {"client": regular, "staff": salon.staff, "service": salon.service, "series": uuid4()}
    last, first = (AppointmentFactory(**series, appointment_date=days_ahead(days)) for days in (20, 10))
    with transaction.atomic():
        Appointment.objects.select_for_update(no_key=True).get(pk=last.pk)
        cancelling = {"reason": "x", "scope": "following"}
        cancelled = meanwhile(ask, "POST", f"/appointments/{first.pk}/cancel", cancelling)
        Appointment.objects.select_for_update(no_key=True, nowait=True).get(pk=first.pk)
    assert cancelled.result() == (200, None)
    assert not Appointment.objects.filter(pk__in=(first.pk, last.pk), status="scheduled").exists()


@pytest.fixture
def records(salon, regular):
    """Three records of one person, by id: the first and the last were merged into the second."""
    last = UserFactory(organization=salon.organization, name="Last")
    others = [salon.client, last]
    User.objects.filter(pk__in=[each.pk for each in others]).update(is_active=False, merged_into=regular)
    return sorted((regular, *others), key=lambda each: each.pk)


def erase_by_api(person, ask, admin):
    return ask("POST", f"/users/{person.pk}/erase", {})[0]


def erase_by_page(person, ask, admin):
    browser = Client()
    browser.force_login(admin)
    return browser.post(f"/admin/accounts/user/{person.pk}/erase/").status_code


def erase_by_command(person, ask, admin):
    return call_command("erase_client", person.pk, noinput=True, stdout=StringIO())


def forget(person, ask, admin):
    return forgetting.forget(person, months=1, now=timezone.now())


# Page and command call `erase` and no more, as `erase_by_api` does beside its own lock; `forget` holds the records.
@pytest.mark.parametrize(
    "through",
    [
        erase_by_api,
        *(pytest.param(each, marks=pytest.mark.whole) for each in (erase_by_page, erase_by_command)),
        forget,
    ],
)
def test_two_erasures_of_one_person_through_two_records_wait_for_each_other_once(
    salon, records, ask, meanwhile, through
):
    first, *_, last = records
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=first.pk)  # somebody changes it, or began to erase them
        other = meanwhile(through, last, ask, salon.admin)
        erase(first, by=salon.admin)
    assert other.result() in (200, 302, None, False)
    names = [User.objects.get(pk=each.pk).name for each in records]
    assert names == [f"Erased client {each.pk}" for each in records]


def test_an_erasure_takes_along_what_is_merged_while_it_waits(salon, regular, ask, meanwhile):
    with transaction.atomic():
        merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=regular, now=timezone.now())
        erased = meanwhile(ask, "POST", f"/users/{regular.pk}/erase", {})
    assert erased.result() == (200, None)
    for each in (salon.client, regular):
        assert User.objects.get(pk=each.pk).name == f"Erased client {each.pk}"


def test_a_merge_and_an_erasure_of_who_was_merged_before_meet_no_deadlock(salon, regular, ask, meanwhile):
    former, kept = salon.client, UserFactory(organization=salon.organization, name="Kept")
    User.objects.filter(pk=former.pk).update(is_active=False, merged_into=regular)

    def merge():
        return merging.merge_clients(by=salon.admin, kept=kept, duplicate=regular, now=timezone.now())

    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=former.pk)
        merged = meanwhile(merge)
        erase(former, by=salon.admin)
    assert merged.result() == 0
    assert User.objects.get(pk=former.pk).name == f"Erased client {former.pk}"


def test_a_visit_of_the_duplicate_that_comes_during_a_merge_goes_with_the_others(salon, regular, meanwhile):
    def merge():
        return merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=regular, now=timezone.now())

    with transaction.atomic():
        visit = book(salon, regular, salon.staff)
        merged = meanwhile(merge)
    assert merged.result() == 1
    assert Appointment.objects.get(pk=visit.pk).client == salon.client


def test_nobody_is_booked_who_is_merged_into_another_meanwhile(salon, regular, ask, meanwhile):
    with transaction.atomic():
        merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=regular, now=timezone.now())
        booked = meanwhile(ask, "POST", "/appointments", visit_of(salon, regular, salon.staff))
    assert booked.result() == (400, "inactive")


ASKED = {
    "cancel": ("client", "POST", "/cancel", {"reason": "Ill"}),
    "reschedule": ("client", "POST", "/reschedule", {"appointment_date": f"{days_ahead(6):%FT%TZ}"}),
    "change": ("staff", "PATCH", "", {"notes": "Late"}),
}
TOLD = {"merge": (404, "not_found"), "erase": (409, "invalid_transition")}


@pytest.mark.pairs("merge")
@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("change", TOLD)
def test_who_waits_for_a_visit_is_not_waited_for_by_the_end_of_its_client(salon, regular, meanwhile, name, change):
    """A merge and an erasure hold the visits, then shut the client off, which waits for all who hold the client."""
    visit, (who, method, path, body) = book(salon, regular, salon.staff), ASKED[name]
    ask = asker(regular if who == "client" else salon.staff)
    with transaction.atomic():
        list(Appointment.objects.filter(client=regular).select_for_update(no_key=True, of=("self",)))
        asked = meanwhile(ask, method, f"/appointments/{visit.pk}{path}", body)
        if change == "merge":
            merging.merge_clients(by=salon.admin, kept=salon.client, duplicate=regular, now=timezone.now())
        else:
            erase(regular, by=salon.admin)
    # The visit is another client's after a merge, and cancelled by an erasure; staff may note something at both.
    assert asked.result() == (TOLD[change] if who == "client" else (200, None))


@pytest.mark.parametrize("wish", [changing.KEEP_LOCAL, changing.KEEP_INSTANT])
def test_a_visit_that_comes_while_the_zone_changes_shows_its_time_there(salon, regular, ask, meanwhile, wish):
    with transaction.atomic():
        pk = book(salon, regular, salon.staff).pk
        path, body = f"/organizations/{salon.organization.pk}", {"timezone": "Asia/Tokyo", "coming_visits": wish}
        changed = meanwhile(ask, "PATCH", path, body)
    assert changed.result() == (200, None)
    visit = Appointment.objects.get(pk=pk)
    assert visit.local_start == read_wall_clock(visit.appointment_date, ZoneInfo("Asia/Tokyo"))


def test_nobody_is_named_for_a_service_who_becomes_a_client_meanwhile(salon, novice, ask, meanwhile):
    with transaction.atomic():
        change_role(novice, "client")
        named = meanwhile(ask, "PATCH", f"/services/{salon.service.pk}", {"staff": [novice.pk]})
    assert named.result() == (400, "invalid")
    assert not ServiceStaff.objects.filter(staff=novice).exists()


def test_whoever_becomes_a_client_while_they_are_named_for_a_service_is_forgotten(salon, novice, ask, meanwhile):
    with transaction.atomic():
        ServiceStaff.objects.create(organization=salon.organization, service=salon.service, staff=novice)
        changed = meanwhile(ask, "PATCH", f"/users/{novice.pk}", {"role": "client"})
    assert changed.result() == (200, None)
    assert not ServiceStaff.objects.filter(staff=novice).exists()


@pytest.fixture
def barber(operator):
    """An organization without payments, whose one service costs a whole amount."""
    return ServiceFactory(price="9.00").organization


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_no_price_with_a_fraction_comes_while_the_currency_loses_its_decimals(barber, operator, meanwhile, method):
    service, ask = Service.objects.get(organization=barber), asker(operator)
    path = {"POST": "/services", "PATCH": f"/services/{service.pk}"}[method]
    body = {"name": "Shave", "price": "9.50"} | ({"organization": barber.pk} if method == "POST" else {})
    with transaction.atomic():
        changing.change_organization(organization=locked(barber), changes={"currency": "JPY"})
        saved = meanwhile(ask, method, path, body)
    assert saved.result() == (400, "invalid")
    assert not Service.objects.filter(organization=barber, price="9.50").exists()


def test_no_currency_loses_its_decimals_while_a_price_with_a_fraction_comes(barber, operator, meanwhile):
    service, ask = Service.objects.get(organization=barber), asker(operator)
    with transaction.atomic():
        offering.change_service(service=service, changes={"price": Decimal("9.50")})
        changed = meanwhile(ask, "PATCH", f"/organizations/{barber.pk}", {"currency": "JPY"})
    assert changed.result() == (400, "protected")


def locked(organization):
    return Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
