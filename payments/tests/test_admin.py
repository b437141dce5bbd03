from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry

from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import Page, errors_of, submit
from payments.models import Payment

LIST = "/admin/payments/payment/"
ADD = f"{LIST}add/"


def recording(visit, **values):
    return {"appointment": visit.pk, "amount": "20.50", "payment_method": "cash", "status": "completed"} | values


@pytest.mark.parametrize("who", ["admin", "manager", "staff"])
def test_a_payment_is_recorded(salon, client, who):
    client.force_login(getattr(salon, who))
    visit = AppointmentFactory(client=salon.client, staff=salon.staff)
    assert submit(client, ADD, **recording(visit)).status_code == 302
    payment = Payment.objects.latest("id")
    assert (payment.organization, payment.appointment, payment.amount, payment.status, payment.created_by) == (
        salon.organization,
        visit,
        Decimal("20.50"),
        "completed",
        getattr(salon, who),
    )
    assert payment.settled_at is not None
    assert LogEntry.objects.get().object_id == str(payment.pk)


def test_more_than_is_due_is_refused_and_what_was_typed_stays(salon, client):
    client.force_login(salon.manager)
    before = Payment.objects.count()
    answer = submit(client, ADD, **recording(salon.visit, amount="0.01"))
    [error] = answer.context["adminform"].form.non_field_errors().as_data()
    assert error.code == "overpayment"
    assert Page(answer).fields["amount"] == ["0.01"]
    assert (Payment.objects.count(), LogEntry.objects.count()) == (before, 0)
    assert submit(client, ADD, **recording(salon.visit, amount="0.01", allow_overpayment="on")).status_code == 302
    assert Payment.objects.latest("id").amount == Decimal("0.01")


def test_an_online_payment_is_never_recorded_as_completed(salon, client):
    client.force_login(salon.manager)
    before = Payment.objects.count()
    answer = submit(client, ADD, **recording(salon.visit, payment_method="online"))
    assert answer.context["adminform"].form.errors == {
        "status": ["Only cash and card payments can be recorded as completed."]
    }
    assert Page(answer).fields["amount"] == ["20.50"]
    assert (Payment.objects.count(), LogEntry.objects.count()) == (before, 0)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1e400", "1e9", "ten", ""])
def test_an_impossible_amount_is_an_error_beside_its_field(salon, client, amount):
    client.force_login(salon.manager)
    before = Payment.objects.count()
    answer = submit(client, ADD, **recording(salon.visit, amount=amount))
    assert list(answer.context["adminform"].form.errors) == ["amount"]
    assert Payment.objects.count() == before


@pytest.mark.parametrize("status", ["refunded", "failed", ""])
def test_no_other_status_is_typed(salon, client, status):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **recording(salon.visit, status=status))
    assert list(answer.context["adminform"].form.errors) == ["status"]


@pytest.mark.parametrize("walls", ["with", "without"])
@pytest.mark.parametrize("who", ["manager", "staff"])
def test_payments_are_only_for_visits_in_scope(salon, clinic, client, request, walls, who):
    if walls == "without":
        request.getfixturevalue("without_row_security")
    client.force_login(getattr(salon, who))
    visit = clinic.visit if who == "manager" else salon.strangers_visit
    before = Payment.objects.count()
    answer = submit(client, ADD, **recording(visit))
    assert list(answer.context["adminform"].form.errors) == ["appointment"]
    assert Payment.objects.count() == before


@pytest.mark.parametrize("who", ["admin", "manager", "staff", "operator"])
def test_nobody_changes_or_deletes_a_payment(salon, operator, client, who):
    client.force_login(operator if who == "operator" else getattr(salon, who))
    page = f"{LIST}{salon.payment.pk}"
    shown = client.get(f"{page}/change/")
    assert shown.status_code == 200
    assert "amount" not in Page(shown).fields
    assert client.post(f"{page}/change/", recording(salon.visit)).status_code == 403
    assert client.get(f"{page}/delete/").status_code == 403
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [salon.payment.pk], "post": "yes"})
    payment = Payment.objects.get(pk=salon.payment.pk)
    assert (payment.amount, payment.status, payment.version) == (Decimal("45.00"), "pending", 1)


def test_visits_are_suggested_by_their_client(salon, client):
    client.force_login(salon.staff)
    asked = {"app_label": "payments", "model_name": "payment", "field_name": "appointment", "term": "salon"}
    suggested = client.get("/admin/autocomplete/", asked).json()["results"]
    local = salon.visit.appointment_date.astimezone(salon.organization.zone)
    assert suggested == [
        {"id": str(salon.visit.pk), "text": f"{local:%a} {local.day} {local:%b %Y %H:%M} · Salon client"}
    ]
    assert errors_of(client.post(ADD, {}))[0] == "This field is required."
