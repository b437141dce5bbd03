"""An organization that is elsewhere is answered with where, and nothing of it changes here, by whichever door."""

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory, token_for
from appointments.amendments import rezoning
from appointments.models import Appointment, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, days_ahead
from clientline.command_line import _write_sentence
from clientline.database.refusals import read_refusal
from clientline.reach.jobs import confined
from clientline.reach.messages.delivery.sending import list_due
from clientline.reach.messages.models import Message
from clientline.reach.tests.guests import open_page
from clientline.refusals import Moved, Moving
from clientline.tests.rehearsals import undone
from organizations.relocations import RelocatedRow, Relocation
from payments.models import Refund
from services.models import Service

pytestmark = pytest.mark.django_db
ELSEWHERE = "https://two.example"


def relocate(organization, state, **columns):
    Relocation.objects.update_or_create(
        organization=organization.pk, defaults={"state": state, "address": ELSEWHERE, **columns}
    )


def guard(organization, table, owner="organization_id"):
    with connection.cursor() as cursor:
        for event, row in (("INSERT OR UPDATE", "NEW"), ("DELETE", "OLD")):
            cursor.execute(
                f"CREATE TRIGGER a_guard_{row} BEFORE {event} ON {table} FOR EACH ROW"
                f" WHEN ({row}.{owner} = {organization.pk})"
                f" EXECUTE FUNCTION guard_home({organization.pk}, id)"
            )


@pytest.mark.sweep
def test_callers_are_told_the_new_address(salon, clinic, api):
    relocate(salon.organization, "moved")
    for path in ("/services", "/users", "/auth/me", "/reports/revenue"):
        answer = api(salon.admin).get(f"{path}?page=2")
        assert (answer.status_code, answer.json()["code"]) == (421, "moved"), path
        assert answer.json()["address"] == ELSEWHERE
        assert answer.headers["Location"] == f"{ELSEWHERE}{path}?page=2"
    assert api(clinic.admin).get("/services").status_code == 200


def test_reads_go_on_where_it_is_at_home(salon, api):
    for state in ("leaving", "frozen", "arrived"):
        relocate(salon.organization, state)
        assert api(salon.admin).get("/services").status_code == 200, state


def test_where_it_arrives_it_is_not_at_home_yet(salon, api):
    relocate(salon.organization, "arriving")
    answer = api(salon.admin).get("/services")
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "moving", "1")


def test_browsers_get_a_page_that_names_the_address(salon):
    browser = Client()
    browser.force_login(salon.admin, backend="accounts.authentication.EmailBackend")
    relocate(salon.organization, "moved")
    page = browser.get("/admin/")
    assert page.status_code == 421
    assert [p.strip() for p in re.findall("<p>(.*?)</p>", page.content.decode())] == [
        f"The organization has moved to {ELSEWHERE}. Ask there.",
        "Sign in there anew, with the same password. What you were about to do here was not saved.",
    ]


def test_guests_get_a_link_to_the_same_page_there(salon):
    open_page(salon)
    relocate(salon.organization, "moved")
    place, browser = f"/b/{salon.organization.slug}", Client(raise_request_exception=False)
    for answer, link in (
        (browser.get(f"{place}/people?service=1"), f"{ELSEWHERE}{place}/people?service=1"),
        (browser.post(f"{place}/details", {"name": "Kim"}), f"{ELSEWHERE}{place}"),
    ):
        assert answer.status_code == 421
        assert f'<a href="{link}">{link}</a>' in answer.content.decode()


def test_nobody_signs_in_where_it_is_not_at_home(salon, api):
    guard(salon.organization, "tokens")
    for state, status, code in (("frozen", 503, "moving"), ("moved", 421, "moved"), ("arriving", 503, "moving")):
        with undone():  # a statement that the database refuses ends the test's transaction
            relocate(salon.organization, state)
            answer = api().post("/auth/login", {"email": salon.admin.email, "password": PASSWORD})
        assert (state, answer.status_code, answer.json()["code"]) == (state, status, code)


def test_while_it_is_frozen_changes_are_refused_and_may_be_repeated(salon, clinic, api):
    guard(salon.organization, "services")
    body = {"name": "Beard", "duration": 15, "price": "10.00"}
    relocate(salon.organization, "frozen")
    answer = api(salon.admin).post("/services", body, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "moving", "1")
    assert api(clinic.admin).post("/services", body).status_code == 201
    relocate(salon.organization, "leaving")
    assert api(salon.admin).post("/services", body, headers={"Idempotency-Key": "one"}).status_code == 201


def test_the_database_refuses_what_no_request_asked_about(salon):
    guard(salon.organization, "services")
    for state, refusal in (("frozen", Moving), ("moved", Moved), ("arriving", Moving)):
        relocate(salon.organization, state)
        with pytest.raises(Exception) as refused, transaction.atomic():
            Service.objects.create(organization=salon.organization, name="X", duration=5, price=1)
        found = read_refusal(refused.value)
        assert (state, type(found)) == (state, refusal)
        assert found.extra == ({"address": ELSEWHERE} if refusal is Moved else {})


def test_rounds_through_all_organizations_pass_by(salon, clinic):
    guard(salon.organization, "services")
    relocate(salon.organization, "moved")
    assert Service.objects.update(name="Swept") == 1
    assert set(Service.objects.filter(name="Swept")) == {clinic.service}


def test_new_rules_of_time_zones_move_nothing_of_who_is_elsewhere(salon, clinic):
    TimeOff.objects.all().delete()
    both, day = (salon, clinic), days_ahead(20).date()
    told = {"whole_days": True, "from_date": day, "to_date": day, "starts_at": days_ahead(20, 1)}
    off = [TimeOffFactory(staff=each.staff, **told, ends_at=days_ahead(21, 1)) for each in both]
    visits = Appointment.objects.filter(pk__in=[each.visit.pk for each in both])
    visits.update(local_start=F("local_start") + timedelta(minutes=5))
    for table in ("time_off", "appointments"):
        guard(salon.organization, table)
    guard(salon.organization, "organizations", owner="id")
    relocate(salon.organization, "moved")
    call_command("rezone", if_new_rules=True)
    assert [TimeOff.objects.get(pk=each.pk).starts_at == each.starts_at for each in off] == [True, False]
    assert list(rezoning.find_due()) == []
    run("rezone")
    moved = {visit for visit in visits if visit.version > 1}
    assert moved == {clinic.visit}


def run(command, *arguments, **options):
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue()


def test_money_of_who_is_elsewhere_is_reconciled_there(salon, clinic, api, simulator):
    for each in (salon, clinic):
        body = {"appointment": each.visit.pk, "amount": "5.00", "allow_overpayment": True}
        reference = api(each.staff).post("/payments", body | {"payment_method": "online"}).json()["reference"]
        simulator.finish(reference)
        simulator.refund_elsewhere(reference, "1.00")
    relocate(salon.organization, "moved")
    told = run("reconcile_payments", older_than=0)
    assert told == "Settled 1 payments and 0 refunds. Found 1 made in the provider's own pages.\n"
    assert {refund.organization for refund in Refund.objects.all()} == {clinic.organization}


def test_money_of_who_is_elsewhere_is_exported_there(salon, clinic):
    guard(salon.organization, "audit")
    relocate(salon.organization, "moved")
    assert "Clinic" in (everybody := run("export_payments")) and "Salon" not in everybody
    said = []
    for state in ("moved", "frozen"):
        relocate(salon.organization, state)
        with undone(), pytest.raises(DatabaseError) as refused:
            run("export_payments", organization=salon.organization.pk)
        said.append(_write_sentence(refused.value))
    assert said == [
        f"Organization {salon.organization.pk} has moved to {ELSEWHERE}. "
        "Nothing of it is changed here: call the command there.",
        f"Organization {salon.organization.pk} is moving. Nothing of it is changed meanwhile: try again later.",
    ]


def test_a_command_that_names_somebody_who_is_elsewhere_says_so_and_where(salon):
    User.objects.filter(pk=salon.client.pk).update(has_second_factor=True)
    guard(salon.organization, "users")
    relocate(salon.organization, "moved")
    for command, *named in (
        ("erase_client", salon.client.pk),
        ("export_client", salon.client.pk),
        ("reset_second_factor", salon.client.email),
        ("forget", "--organization=Salon"),
        ("import_clients", "Salon", Path("x.csv")),
        ("import_appointments", "Salon", Path("x.csv")),
    ):
        with pytest.raises(Moved) as refused:
            run(command, *named)
        assert _write_sentence(refused.value) == f"The organization has moved to {ELSEWHERE}. Ask there.", command


def test_nobody_who_is_elsewhere_is_closed_or_forgotten(salon, clinic):
    longago = timezone.now() - timedelta(days=800)
    for each in (salon, clinic):
        AppointmentFactory(client=each.client, staff=each.staff, service=each.service, appointment_date=longago)
        UserFactory(organization=each.organization, role="client", created_at=longago)
    guard(salon.organization, "appointments")
    guard(salon.organization, "users")
    relocate(salon.organization, "moved")
    assert run("close_past_visits", older_than=1, outcome="completed") == "Closed 1 visits.\n"
    assert run("forget", inactive_for="24m", noinput=True).endswith("Erased 1.\n")


def test_the_worker_leaves_messages_to_the_new_home(salon):
    due = salon.visit.appointment_date + timedelta(days=1)
    Message.objects.create(
        organization=salon.organization,
        appointment=salon.visit,
        kind="reminder",
        channel="mail",
        start=salon.visit.appointment_date,
        due_at=salon.visit.appointment_date,
        try_at=salon.visit.appointment_date,
    )
    assert [each.organization for each in list_due(due)] == [salon.organization.pk]
    relocate(salon.organization, "moved")
    assert list_due(due) == []
    with pytest.raises(Moved), confined(salon.organization.pk):
        pass


def test_changed_rows_are_noted_once_while_both_ends_are_compared(salon):
    guard(salon.organization, "users")
    relocate(salon.organization, "leaving", notes_rows=True)
    for name in ("A", "B"):
        User.objects.filter(pk=salon.client.pk).update(name=name)
    assert list(RelocatedRow.objects.values_list("organization", "table", "row")) == [
        (salon.organization.pk, "users", salon.client.pk)
    ]


def test_tokens_of_the_moved_find_nobody(salon, api):
    secret = token_for(salon.admin)
    relocate(salon.organization, "moved")
    answer = api().get("/services", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 421
