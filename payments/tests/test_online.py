"""Online payment from the request to its callbacks: lost, repeated, reordered and forged ones."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory
from organizations.models import IdempotencyKey
from payments import callbacks, gateway
from payments.gateways.simulator import HEADER, SimulatorGateway
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory

CALLBACK = "/payments/callbacks/simulator"


@pytest.fixture
def visit(salon):
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)


@pytest.fixture
def ask(api, salon, visit):
    """Record an online payment: the answer's body."""

    def record(amount="45.00"):
        body = {"appointment": visit.pk, "amount": amount, "payment_method": "online", "allow_overpayment": True}
        answer = api(salon.staff).post("/payments", body)
        assert answer.status_code == 201, answer.json()
        return answer.json()

    return record


@pytest.fixture
def call_back(api):
    def send(callback):
        body, headers = callback
        answer = api().generic("POST", CALLBACK, body, content_type="application/json", headers=headers)
        assert answer.status_code == 204, answer.content

    return send


@pytest.fixture
def paid(ask, call_back, simulator):
    payment = ask()
    call_back(simulator.finish(payment["reference"]))
    return Payment.objects.get(pk=payment["id"])


def test_an_online_payment_is_pending_and_says_where_to_pay(api, salon, ask):
    payment = ask()
    assert (payment["status"], payment["settled_at"], payment["version"]) == ("pending", None, 1)
    assert payment["checkout_url"] == f"http://127.0.0.1:8000/payments/simulator/{payment['reference']}"
    assert api(salon.client).get(f"/payments/{payment['id']}").json() == payment
    card = api(salon.client).get(f"/payments/{salon.payment.pk}").json()
    assert "checkout_url" not in card


@pytest.mark.sweep
def test_its_callback_settles_it_however_often_it_comes(api, salon, ask, call_back, simulator):
    payment = ask()
    callback = simulator.finish(payment["reference"])
    for _ in range(3):
        call_back(callback)
    settled = api(salon.staff).get(f"/payments/{payment['id']}").json()
    assert (settled["status"], settled["version"]) == ("completed", 2)
    assert settled["settled_at"] is not None


def test_by_hand_it_is_neither_completed_nor_failed(api, salon, ask):
    payment = ask()
    for action in ("complete", "fail"):
        answer = api(salon.admin).post(f"/payments/{payment['id']}/{action}")
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
        assert answer.json()["allowed"] == []


def test_a_declined_payment_fails_and_a_later_success_cannot_be(api, salon, ask, call_back, simulator):
    payment = ask()
    call_back(simulator.finish(payment["reference"], gateway.FAILED))
    call_back(simulator.finish(payment["reference"]))
    assert api(salon.staff).get(f"/payments/{payment['id']}").json()["status"] == "failed"


def test_a_refund_is_completed_when_the_provider_answers(api, salon, paid):
    answer = api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"amount": "5.00", "reason": "late"})
    assert (answer.status_code, answer.json()["status"]) == (201, "completed")
    paid.refresh_from_db()
    assert (paid.refunded_amount, paid.version) == (Decimal("5.00"), 3)


@pytest.mark.sweep
def test_a_delayed_refund_waits_for_its_callback_and_counts_meanwhile(api, salon, visit, paid, call_back, simulator):
    simulator.script("refund", "delay")
    refund = api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"reason": "late"}).json()
    assert (refund["status"], refund["settled_at"], refund["amount"]) == ("pending", None, "45.00")
    balance = api(salon.admin).get(f"/appointments/{visit.pk}/balance").json()
    assert (balance["refunded"], balance["due"]) == ("45.00", "45.00")
    callback = simulator.finish_refund(Refund.objects.get().key)
    for _ in range(2):
        call_back(callback)
    paid.refresh_from_db()
    assert (paid.status, paid.refunded_amount, paid.version) == ("refunded", Decimal("45.00"), 3)


@pytest.mark.sweep
def test_a_declined_refund_fails_and_leaves_the_money_refundable(api, salon, paid, simulator):
    simulator.script("refund", "decline")
    refund = api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"reason": "x"})
    assert (refund.status_code, refund.json()["status"], refund.json()["settled_at"]) == (201, "failed", None)
    again = api(salon.admin).post(f"/payments/{paid.pk}/refunds", {"reason": "x"})
    assert (again.json()["status"], again.json()["amount"]) == ("completed", "45.00")


@pytest.mark.sweep
def test_callbacks_out_of_order_lead_to_the_same_end(api, salon, ask, call_back, simulator):
    payment = ask()
    done = simulator.finish(payment["reference"])
    row = Payment.objects.get(pk=payment["id"])
    simulator.script("refund", "time_out_afterwards")
    call_back(done)
    api(salon.admin).post(f"/payments/{row.pk}/refunds", {"amount": "5.00", "reason": "x"})
    refund = Refund.objects.get()
    assert (refund.status, refund.reference) == ("pending", "")
    call_back(simulator.finish_refund(refund.key))
    call_back(done)
    row.refresh_from_db()
    refund.refresh_from_db()
    assert (row.status, row.refunded_amount, refund.status) == ("completed", Decimal("5.00"), "completed")


def test_a_callback_before_our_own_record_of_the_answer_settles_too(ask, call_back, simulator):
    simulator.script("begin", "time_out_afterwards")
    payment = ask()
    assert (payment["reference"], payment["checkout_url"], payment["status"]) == ("", "", "pending")
    row = Payment.objects.get(pk=payment["id"])
    answer = simulator.begin(gateway.Request(row.key, row.amount, "EUR"))
    call_back(simulator.finish(answer.reference))
    row.refresh_from_db()
    assert (row.status, row.reference) == ("completed", answer.reference)


def test_a_provider_that_declines_at_once_leaves_a_failed_payment(ask, simulator):
    simulator.script("begin", "decline")
    payment = ask()
    assert (payment["status"], payment["checkout_url"]) == ("failed", "")


@pytest.mark.sweep
def test_a_forged_callback_changes_nothing(api, salon, ask, simulator, monkeypatch):
    payment = ask()
    with monkeypatch.context() as long_ago:
        long_ago.setattr("payments.gateways.simulator.time.time", lambda: 1_000_000)
        old, old_headers = simulator.finish(payment["reference"])
    body, headers = simulator.finish(payment["reference"])
    stamp, _, signature = headers[HEADER].partition(".")
    for forgery, sent, header in (
        ("signature", body, f"{stamp}.{signature[::-1]}"),
        ("stamp", body, f"{int(stamp) + 1}.{signature}"),
        ("body", body.replace(b"completed", b"failed"), headers[HEADER]),
        ("missing", body, ""),
        ("old", old, old_headers[HEADER]),
    ):
        answer = api().generic("POST", CALLBACK, sent, headers={HEADER: header})
        assert (answer.status_code, answer.json()["code"]) == (400, "validation_error"), forgery
        assert Payment.objects.get(pk=payment["id"]).status == "pending", forgery


def test_callbacks_are_only_heard_from_the_configured_provider(api, salon, settings, ask, simulator):
    payment = ask()
    body, headers = simulator.finish(payment["reference"])
    settings.PAYMENT_PROVIDER = "stripe"
    for provider in ("simulator", "nobody"):
        answer = api().generic("POST", f"/payments/callbacks/{provider}", body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api().get(payment["checkout_url"]).status_code == 404


def test_a_callback_about_somebody_elses_payment_is_acknowledged(db, call_back, simulator, caplog):
    request = gateway.Request("7d4b4a3e-8d8c-4b5e-9a53-58f2e6f6e9a1", Decimal("1.00"), "EUR")
    call_back(simulator.finish(simulator.begin(request).reference))
    assert "is not ours" in caplog.text


def test_without_a_provider_there_is_no_online_payment(api, salon, visit, settings):
    settings.PAYMENT_PROVIDER = ""
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online", "allow_overpayment": True}
    answer = api(salon.staff).post("/payments", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "payment_method")


def test_the_provider_is_never_called_in_a_transaction_and_finds_the_row_committed(
    transactional_db, api, salon, visit, monkeypatch
):
    seen = []

    class Watched(SimulatorGateway):
        def begin(self, request):
            seen.append((connection.in_atomic_block, Payment.objects.filter(key=request.key).count()))
            return super().begin(request)

        def refund(self, request, reference):
            seen.append((connection.in_atomic_block, Refund.objects.filter(key=request.key).count()))
            return super().refund(request, reference)

    monkeypatch.setattr(gateway, "open_gateway", lambda name: Watched())
    admin = api(salon.admin)
    payment = admin.post(
        "/payments", {"appointment": visit.pk, "amount": "45.00", "payment_method": "online", "allow_overpayment": True}
    ).json()
    callbacks.receive_callback("simulator", *Watched().finish(payment["reference"]))
    refund = admin.post(f"/payments/{payment['id']}/refunds", {"reason": "x"}).json()
    assert (refund["status"], seen) == ("completed", [(False, 1), (False, 1)])
    assert admin.get(f"/payments/{payment['id']}").json()["status"] == "refunded"


@pytest.mark.sweep
def test_the_simulators_page_pays_or_declines(ask):
    client = Client(enforce_csrf_checks=True)
    for outcome, status in (("completed", "completed"), ("failed", "failed")):
        payment = ask("5.00")
        path = payment["checkout_url"].removeprefix("http://127.0.0.1:8000")
        page = client.get(path)
        assert "no money moves" in page.content.decode()
        assert "5.00 EUR" in page.content.decode()
        assert client.post(path, {"outcome": outcome}).status_code == 403
        client.post(path, {"outcome": outcome, "csrfmiddlewaretoken": client.cookies["csrftoken"].value})
        assert Payment.objects.get(pk=payment["id"]).status == status
        assert f"This payment is {status}." in client.get(path).content.decode()
    assert client.get("/payments/thanks").status_code == 200


def reconcile():
    output = StringIO()
    call_command("reconcile_payments", older_than=0, stdout=output)
    return output.getvalue()


@pytest.mark.sweep
def test_reconciling_settles_what_callbacks_missed(api, salon, visit, ask, paid, simulator):
    first = ask("0.50")
    PaymentFactory(appointment=visit, payment_method="card")  # by hand, hence none of the provider's
    simulator.script("refund", "delay", "time_out", "time_out_afterwards")
    admin = api(salon.admin)
    refunds = [
        admin.post(f"/payments/{paid.pk}/refunds", {"amount": amount, "reason": "x"}).json()
        for amount in ("10.00", "11.00", "12.00")
    ]
    assert [refund["status"] for refund in refunds] == ["pending"] * 3
    assert reconcile() == "Settled 0 payments and 2 refunds.\n"
    simulator.finish(first["reference"])
    simulator.finish_refund(Refund.objects.get(pk=refunds[0]["id"]).key)
    assert reconcile() == "Settled 1 payments and 1 refunds.\n"
    assert reconcile() == "Settled 0 payments and 0 refunds.\n"
    paid.refresh_from_db()
    assert (paid.refunded_amount, Payment.objects.get(pk=first["id"]).status) == (Decimal("33.00"), "completed")
    assert simulator.sum_refunded(paid.reference) == Decimal("33.00")


def test_reconciling_finds_a_page_for_a_payment_that_got_none(ask, simulator):
    simulator.script("begin", "time_out", "time_out_afterwards")
    for payment in (ask("1.00"), ask("2.00")):
        assert payment["checkout_url"] == ""
    assert reconcile() == "Settled 0 payments and 0 refunds.\n"
    urls = Payment.objects.filter(provider="simulator").values_list("checkout_url", flat=True)
    assert all(url.startswith("http://127.0.0.1:8000/payments/simulator/sim_") for url in urls)
    assert len(set(urls)) == 2


def test_a_body_that_is_no_callback_is_refused_before_it_is_read(db, api):
    for body in (b"", b"[]", b"\xff", json.dumps({"kind": "payment"}).encode()):
        assert api().generic("POST", CALLBACK, body).status_code == 400


@pytest.fixture
def crash(monkeypatch):
    """`crash("begin")`: the next call to the provider is the last thing that happens in its request."""

    def arrange(operation):
        def die(*arguments):
            monkeypatch.undo()
            raise MemoryError

        monkeypatch.setattr(SimulatorGateway, operation, die)

    return arrange


@pytest.fixture
def keyed(api, salon):
    """`keyed(path, body)`: POSTs with the same key each time."""
    client = api(salon.admin)
    client.raise_request_exception = False
    return lambda path, body: client.post(path, body, headers={"Idempotency-Key": "k"})


def test_a_repeated_online_payment_is_one_payment_with_one_page(keyed, visit):
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online"}
    first, again = keyed("/payments", body), keyed("/payments", body)
    assert (again.status_code, again.content) == (201, first.content)
    assert (again["Idempotent-Replayed"], again["ETag"]) == ("true", '"1"')
    assert again.json()["checkout_url"]
    assert Payment.objects.filter(appointment=visit).count() == 1


def test_a_crash_while_the_provider_is_asked_does_not_lead_to_a_second_payment(keyed, visit, crash):
    body = {"appointment": visit.pk, "amount": "45.00", "payment_method": "online"}
    crash("begin")
    assert keyed("/payments", body).status_code == 500
    running = keyed("/payments", body)
    assert (running.status_code, running.json()["code"], running["Retry-After"]) == (409, "request_in_progress", "1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    again = keyed("/payments", body)
    payment = Payment.objects.get(appointment=visit)
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert (again.json()["id"], again.json()["status"], again.json()["checkout_url"]) == (payment.pk, "pending", "")
    reconcile()
    payment.refresh_from_db()
    assert payment.checkout_url


@pytest.mark.sweep
def test_a_crash_while_a_refund_is_asked_for_does_not_lead_to_a_second_one(keyed, paid, crash):
    path, body = f"/payments/{paid.pk}/refunds", {"amount": "10.00", "reason": "x"}
    crash("refund")
    assert keyed(path, body).status_code == 500
    assert keyed(path, body).status_code == 409
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    again = keyed(path, body)
    refund = Refund.objects.get()
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (201, refund.pk, "pending")
    reconcile()
    refund.refresh_from_db()
    assert refund.status == "completed"
