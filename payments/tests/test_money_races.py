"""Six at once: refunds never exceed the payment, a callback settles once, and what is due is paid once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Sum
from rest_framework.test import APIClient

from accounts.tests.factories import token_for
from appointments.tests.factories import AppointmentFactory
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory

pytestmark = pytest.mark.races

MANY = 6
INSERT = "INSERT INTO refunds (organization_id, payment_id, amount, status) VALUES (%s, %s, 20, 'pending')"


def at_once(perform):
    """What so many threads that start together return."""
    barrier = Barrier(MANY)

    def one(n):
        try:
            barrier.wait(timeout=30)
            return perform(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


@pytest.fixture
def visit(transactional_db, salon):
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, price="100.00")


def clients_of(user):
    """A client for each thread: tokens are made before, so that the threads do nothing else."""
    token = token_for(user)
    return [APIClient(HTTP_AUTHORIZATION=f"Bearer {token}") for _ in range(MANY)]


def test_many_refunds_at_once_never_exceed_the_payment(salon, visit):
    payment = PaymentFactory(appointment=visit, amount="100.00", completed=True)
    clients = clients_of(salon.admin)
    path, body = f"/payments/{payment.pk}/refunds", {"amount": "18.00", "reason": "race"}
    answers = at_once(lambda n: clients[n].post(path, body))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"refund_exceeds_payment"}
    payment.refresh_from_db()
    assert (payment.refunded_amount, payment.status, payment.version) == (Decimal("90.00"), "completed", 6)
    assert payment.refunds.aggregate(total=Sum("amount"))["total"] == Decimal("90.00")


def test_many_inserts_at_once_by_psql_never_exceed_the_payment(salon, visit):
    payment = PaymentFactory(appointment=visit, amount="100.00", completed=True)

    def insert(n):
        try:
            with connection.cursor() as cursor:
                cursor.execute(INSERT, [salon.organization.pk, payment.pk])
        except Exception as error:
            return error.__cause__.diag.constraint_name
        return "inserted"

    found = at_once(insert)
    assert sorted(found) == ["inserted"] * 5 + ["refunds_never_exceed_payment"]


def test_what_is_due_is_paid_once(salon, visit):
    clients = clients_of(salon.staff)
    body = {"appointment": visit.pk, "amount": "100.00", "payment_method": "cash", "status": "completed"}
    answers = at_once(lambda n: clients[n].post("/payments", body))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"overpayment"}
    assert visit.payments.count() == 1


def test_many_identical_callbacks_settle_once(salon, visit, simulator):
    [client, *_] = clients_of(salon.staff)
    payment = client.post("/payments", {"appointment": visit.pk, "amount": "100.00", "payment_method": "online"}).json()
    body, headers = simulator.finish(payment["reference"])
    answers = at_once(lambda n: APIClient().generic("POST", "/payments/callbacks/simulator", body, headers=headers))
    assert {answer.status_code for answer in answers} == {204}
    settled = Payment.objects.get(pk=payment["id"])
    assert (settled.status, settled.version) == ("completed", 2)


def test_many_identical_callbacks_of_a_refund_settle_once(salon, visit, simulator):
    [client, *_] = clients_of(salon.admin)
    payment = client.post("/payments", {"appointment": visit.pk, "amount": "100.00", "payment_method": "online"}).json()
    body, headers = simulator.finish(payment["reference"])
    client.generic("POST", "/payments/callbacks/simulator", body, headers=headers)
    simulator.script("refund", "delay")
    refund = client.post(f"/payments/{payment['id']}/refunds", {"amount": "60.00", "reason": "race"}).json()
    assert refund["status"] == "pending"
    body, headers = simulator.finish_refund(Refund.objects.get(pk=refund["id"]).key)
    answers = at_once(lambda n: APIClient().generic("POST", "/payments/callbacks/simulator", body, headers=headers))
    assert {answer.status_code for answer in answers} == {204}
    settled = Payment.objects.get(pk=payment["id"])
    assert (settled.status, settled.version, settled.refunded_amount) == ("completed", 3, Decimal("60.00"))


def test_cashiers_at_once_number_receipts_without_gap_or_double(salon, clinic, visit):
    """Each takes, gives back and makes void, of visits of their own and of one that all share."""
    visits = [AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service) for _ in range(MANY)]
    clients = clients_of(salon.admin)

    def take(client, of, **more):
        body = {"appointment": of.pk, "amount": "2.00", "payment_method": "cash", "status": "completed"}
        return client.post("/payments", body | more)

    def work(n):
        first, second, shared = take(clients[n], visits[n]), take(clients[n], visits[n]), take(clients[n], visit)
        path = f"/payments/{first.json()['id']}/refunds"
        refund = clients[n].post(path, {"amount": "1.00", "reason": "race"})
        void = clients[n].post(f"/payments/{second.json()['id']}/void", {"reason": "race"})
        return [answer.status_code for answer in (first, second, shared, refund, void)]

    assert at_once(work) == [[201, 201, 201, 201, 200]] * MANY
    rows = [*Payment.objects.filter(organization=salon.organization), *Refund.objects.all()]
    assert sorted(row.receipt_number for row in rows if row.settled_at) == list(range(1, 4 * MANY + 1))
    assert not Payment.objects.filter(organization=clinic.organization, receipt_number__isnull=False).exists()
