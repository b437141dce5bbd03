"""Prices in a currency without a smaller unit are whole, or what is due could never be paid."""

import pytest

from appointments.models import Appointment
from clientline.tests.problems import fields
from services.tests.factories import ServiceFactory


@pytest.fixture
def in_yen(salon):
    salon.organization.currency = "JPY"
    salon.organization.save()


@pytest.mark.sweep
def test_prices_are_whole_where_the_currency_has_no_smaller_unit(in_yen, salon, api):
    admin = api(salon.admin)
    body = {"client": salon.client.pk, "service": salon.service.pk, "appointment_date": "2026-05-01T09:00:00Z"}
    half, whole = {"price": "50.50"}, {"price": "50.00"}
    for send, path, more in (
        (admin.post, "/services", {"name": "Cut"}),
        (admin.patch, f"/services/{salon.service.pk}", {}),
        (admin.post, "/appointments", body | {"staff": salon.staff.pk}),
        (admin.patch, f"/appointments/{salon.visit.pk}", {}),
    ):
        assert (path, fields(send(path, more | half))) == (path, {"price": "invalid"})
        assert (path, send(path, more | whole).json()["price"]) == (path, "50.00")
    assert not Appointment.objects.filter(price="50.50").exists()


def test_a_visit_booked_in_another_currency_can_be_sent_back(salon, api):
    Appointment.objects.filter(pk=salon.visit.pk).update(price="45.50")
    type(salon.organization).objects.filter(pk=salon.organization.pk).update(currency="JPY")
    admin, path = api(salon.admin), f"/appointments/{salon.visit.pk}"
    assert admin.patch(path, admin.get(path).json()).status_code == 200


def test_a_currency_without_a_smaller_unit_comes_only_when_all_prices_are_whole(operator, api):
    service = ServiceFactory(price="9.50")
    path = f"/organizations/{service.organization_id}"
    assert fields(api(operator).patch(path, {"currency": "JPY"})) == {"currency": "protected"}
    assert api(operator).patch(f"/services/{service.pk}", {"price": "9.00"}).status_code == 200
    assert api(operator).patch(path, {"currency": "JPY"}).json()["currency"] == "JPY"
