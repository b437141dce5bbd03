from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry

from clientline.tests.pages import errors_of, judge, submit
from clientline.tests.rendering import unrendered
from payments.models import Payment

LIST = "/admin/payments/payment/"
ADD = f"{LIST}add/"


@pytest.mark.sweep
@pytest.mark.only("staff")  # by the others test_ledger.py and test_recording.py record and settle
@pytest.mark.parametrize("who", ["admin", "manager", "staff"])
def test_adding_a_payment_asks_for_its_visit_and_goes_there(salon, client, who):
    client.force_login(getattr(salon, who))
    answer = judge(client, ADD, appointment=salon.visit.pk)
    page = f"/admin/appointments/appointment/{salon.visit.pk}/payment/"
    assert (answer.status_code, answer["Location"]) == (302, page)
    before = Payment.objects.count()
    answer = submit(client, page, amount="20.50", allow_overpayment="on")
    payment = Payment.objects.latest("id")
    assert (Payment.objects.count(), payment.appointment, payment.amount) == (before + 1, salon.visit, Decimal("20.50"))
    assert (payment.organization, payment.created_by) == (salon.organization, getattr(salon, who))
    assert (payment.status, payment.settled_at is None) == ("completed", False)
    assert LogEntry.objects.get().object_id == str(salon.visit.pk)


@pytest.mark.only("without", "manager", "staff")  # the first wall alone
@pytest.mark.parametrize("walls", ["with", "without"])
@pytest.mark.parametrize("who", ["manager", "staff"])
def test_payments_are_only_for_visits_in_scope(salon, clinic, client, request, walls, who):
    if walls == "without":
        request.getfixturevalue("without_row_security")
    client.force_login(getattr(salon, who))
    visit = clinic.visit if who == "manager" else salon.strangers_visit
    before = Payment.objects.count()
    answer = judge(client, ADD, appointment=visit.pk)
    assert list(answer.context["form"].errors) == ["appointment"]
    assert Payment.objects.count() == before


@pytest.mark.sweep
def test_nobody_changes_or_deletes_a_payment(salon, operator, client):
    for who in (salon.admin, salon.manager, salon.staff, operator):
        assert not who.may("payments", "update") and not who.may("payments", "destroy"), who
    page = f"{LIST}{salon.payment.pk}"
    client.force_login(salon.admin)
    with unrendered():
        shown = client.get(f"{page}/change/")
        assert (shown.status_code, list(shown.context["adminform"].form.fields)) == (200, ["shown_version"])
        assert client.post(f"{page}/change/", {"amount": "1"}).status_code == 403
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
    assert errors_of(client.post(ADD, {"appointment": ""}))[0] == "This field is required."
