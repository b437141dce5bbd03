"""Every write after a provider has spoken is made behind the third wall again, and the audit says whose it was."""

import pytest
from django.core.handlers import exception
from django.core.management import call_command
from django.db import connection
from django.test import Client

from appointments.tests.factories import AppointmentFactory
from clientline.tests.confirming import assert_is_confirmed
from clientline.tests.pages import submit
from organizations.models import Audit
from organizations.tenancy import TENANT_ROLE
from organizations.tests.watching import watched
from payments import arrivals, gateway
from payments.gateways.simulator import SimulatorGateway
from payments.models import Payment, Refund

CALLBACK = "/payments/callbacks/simulator"


@pytest.fixture
def visit(salon, clinic):
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)


@pytest.fixture
def written():
    """What is written from here on: see `watched`. Nobody is confined, as at the begin of a request."""
    with watched("payments", "refunds") as rows:
        yield rows


@pytest.fixture
def told(written):
    """A function: what the audit has noted meanwhile, as (table, action, source, request id, actor's id)."""
    latest = Audit.objects.order_by("-id").values_list("id", flat=True).first()
    rows = Audit.objects.filter(id__gt=latest, table__in=("payments", "refunds")).order_by("id")
    return lambda: list(rows.values_list("table", "action", "source", "request_id", "actor"))


def walls(cast, by=None):
    return TENANT_ROLE, str(cast.organization.pk), str(by.pk) if by else ""


def call_back(api, callback, request_id="callback-1"):
    body, headers = callback
    headers = headers | {"X-Request-ID": request_id}
    answer = api().generic("POST", CALLBACK, body, content_type="application/json", headers=headers)
    assert answer.status_code == 204, answer.content


def online_payment(api, person, visit, **headers):
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online"}
    answer = api(person).post("/payments", body, headers={"X-Request-ID": "request-1"} | headers)
    assert answer.status_code == 201, answer.json()
    return Payment.objects.get(pk=answer.json()["id"])


@pytest.fixture
def paid(api, salon, visit, simulator):
    payment = online_payment(api, salon.staff, visit)
    call_back(api, simulator.finish(payment.reference))
    payment.refresh_from_db()
    return payment


def test_a_callback_that_comes_again_is_answered_once_its_payment_lasts(api, paid, simulator):
    with assert_is_confirmed():
        call_back(api, simulator.finish(paid.reference), "callback-2")


def test_what_the_provider_says_of_a_payment_is_noted_behind_the_wall(api, salon, visit, simulator, written, told):
    payment = online_payment(api, salon.staff, visit)
    assert written == [
        ("payments", "insert", *walls(salon, salon.staff)),
        ("payments", "update", *walls(salon, salon.staff)),
    ]
    assert told() == [
        ("payments", "insert", "api", "request-1", salon.staff.pk),
        ("payments", "update", "api", "request-1", salon.staff.pk),
    ]
    del written[:]
    call_back(api, simulator.finish(payment.reference))
    assert written == [("payments", "update", *walls(salon))]
    assert told()[2:] == [("payments", "update", "api", "callback-1", None)]
    assert Payment.objects.get(pk=payment.pk).status == "completed"


def test_what_the_provider_answers_to_a_refund_is_noted_behind_the_wall(api, salon, paid, written, told):
    refunds = f"/payments/{paid.pk}/refunds"
    answer = api(salon.manager).post(refunds, {"reason": "x"}, headers={"X-Request-ID": "refund-1"})
    assert answer.json()["status"] == "completed"
    assert {row[2:] for row in written} == {walls(salon, salon.manager)}
    assert [row[:2] for row in written] == [
        ("refunds", "insert"),
        ("refunds", "update"),
        ("refunds", "update"),
        ("payments", "update"),
    ]
    assert {entry[2:] for entry in told()} == {("api", "refund-1", salon.manager.pk)}


def test_the_wall_stands_again_where_the_provider_failed(api, salon, visit, written, monkeypatch):
    seen = []

    def fail(*arguments):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            seen.append(cursor.fetchone())
        raise MemoryError

    def answered(*arguments, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('clientline.organization_id')")
            seen.append(cursor.fetchone())
        return respond(*arguments, **options)

    respond = exception.response_for_exception
    monkeypatch.setattr(SimulatorGateway, "begin", fail)
    monkeypatch.setattr(exception, "response_for_exception", answered)
    client = api(salon.staff)
    client.raise_request_exception = False
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online"}
    assert client.post("/payments", body).status_code == 500
    assert seen == [("none",), (TENANT_ROLE, str(salon.organization.pk))]


@pytest.mark.sweep
def test_the_back_office_notes_answers_behind_the_wall_too(client, salon, visit, written, told, simulator):
    client.force_login(salon.manager)
    path = f"/admin/appointments/appointment/{visit.pk}/payment/"
    assert submit(client, path, payment_method="online").status_code == 302
    payment = Payment.objects.get(appointment=visit)
    assert (payment.reference != "", len(written)) == (True, 2)
    simulator.finish(payment.reference)
    arrivals.settle_payment(payment=payment, answer=gateway.Answer(outcome=gateway.COMPLETED), now=payment.created_at)
    del written[:]
    before = len(told())
    path = f"/admin/payments/payment/{payment.pk}/refund/"
    assert submit(client, path, amount="5", reason="x").status_code == 302
    assert Refund.objects.get().status == "completed"
    assert {row[2:] for row in written} == {walls(salon, salon.manager)}
    assert {(entry[2], entry[4]) for entry in told()[before:]} == {("admin", salon.manager.pk)}
    assert {row[:2] for row in written} >= {("refunds", "insert"), ("refunds", "update"), ("payments", "update")}


def test_an_operators_payment_is_noted_without_a_wall_and_in_their_name(api, salon, operator, visit, written, told):
    online_payment(api, operator, visit)
    assert [role != TENANT_ROLE for _, _, role, *_ in written] == [True, True]
    assert {(entry[2], entry[4]) for entry in told()} == {("api", operator.pk)}


def test_a_callback_settles_a_refund_behind_the_wall_of_its_organization(api, salon, paid, simulator, written, told):
    simulator.script("refund", "delay")
    api(salon.manager).post(f"/payments/{paid.pk}/refunds", {"reason": "x"})
    refund = Refund.objects.get()
    del written[:]
    before = len(told())
    call_back(api, simulator.finish_refund(refund.key), "callback-2")
    assert written == [("refunds", "update", *walls(salon)), ("payments", "update", *walls(salon))]
    assert told()[before:] == [
        ("refunds", "update", "api", "callback-2", None),
        ("payments", "update", "api", "callback-2", None),
    ]


def test_a_callback_reaches_only_its_own_organizations_row(api, salon, clinic, visit, simulator, written):
    """Two organizations, one callback: the other's payment stays as it is, and nobody is confined afterwards."""
    theirs = online_payment(
        api, clinic.staff, AppointmentFactory(client=clinic.client, staff=clinic.staff, service=clinic.service)
    )
    ours = online_payment(api, salon.staff, visit)
    del written[:]
    call_back(api, simulator.finish(theirs.reference))
    assert written == [("payments", "update", *walls(clinic))]
    assert Payment.objects.get(pk=ours.pk).status == "pending"
    assert unconfined()


def unconfined():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        return cursor.fetchone() == ("none",)


def test_the_simulators_page_settles_behind_the_wall(api, salon, visit, written, told):
    payment = online_payment(api, salon.staff, visit)
    del written[:]
    path = payment.checkout_url.removeprefix("http://127.0.0.1:8000")
    Client().post(path, {"outcome": "completed"}, headers={"X-Request-ID": "page-1"})
    assert written == [("payments", "update", *walls(salon))]
    assert told()[-1] == ("payments", "update", "api", "page-1", None)


@pytest.mark.sweep
def test_reconciling_settles_each_row_behind_its_organizations_wall(api, salon, clinic, paid, simulator, written):
    theirs = online_payment(
        api, clinic.staff, AppointmentFactory(client=clinic.client, staff=clinic.staff, service=clinic.service)
    )
    simulator.script("refund", "delay")
    api(salon.manager).post(f"/payments/{paid.pk}/refunds", {"reason": "x"})
    simulator.finish(theirs.reference)
    simulator.finish_refund(Refund.objects.get().key)
    del written[:]
    call_command("reconcile_payments", older_than=0, verbosity=0)
    assert written == [
        ("payments", "update", *walls(clinic)),
        ("refunds", "update", *walls(salon)),
        ("payments", "update", *walls(salon)),
    ]
    assert unconfined()
