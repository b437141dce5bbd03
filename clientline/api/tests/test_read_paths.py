"""Answers are compiled from rows; DRF's own way is the reference, and both give the same bytes."""

import gc
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.serializers import TokenSerializer, UserSerializer
from appointments.models import Appointment, TimeOff
from appointments.serializers import (
    AppointmentForClientSerializer,
    AppointmentSerializer,
    SpecialHoursSerializer,
    TimeOffSerializer,
    WorkingHoursSerializer,
)
from appointments.tests.factories import SpecialHoursFactory, TimeOffFactory
from clientline import gunicorn_conf
from clientline.api.reading import Reader, find_statement
from clientline.api.serializers import ClientLineSerializer
from organizations.serializers import AuditSerializer, OrganizationSerializer
from payments import ledger
from payments.serializers import PaymentSerializer, RefundSerializer
from payments.tests.factories import PaymentFactory, RefundFactory
from services.serializers import ServiceSerializer
from services.tests.factories import ServiceFactory

PATHS = {
    "/organizations": "organization",
    "/users": "client",
    "/services": "service",
    "/working-hours": "working_hours",
    "/special-hours": "special_hours",
    "/time-off": "time_off",
    "/appointments": "visit",
    "/payments": "payment",
}


@pytest.fixture
def home(salon, api):
    """The salon, with every optional column once empty and once full."""
    now = salon.visit.appointment_date
    ServiceFactory(organization=salon.organization, duration=None, price=None)
    salon.service.staff.add(salon.colleague, salon.staff, through_defaults={"organization": salon.organization})
    SpecialHoursFactory(staff=salon.staff, starts="09:00", ends="00:00")
    TimeOffFactory(staff=None, organization=salon.organization)
    TimeOff.objects.filter(pk=salon.time_off.pk).update(starts_at=now.replace(year=2025, microsecond=123456))
    Appointment.objects.filter(pk=salon.visit.pk).update(
        status="cancelled",
        cancelled_at=now,
        cancelled_by=salon.admin,
        cancellation_reason="Ill “today”",
        series="7b9c2d5e-0000-4000-8000-000000000000",
        internal_notes='\u2028 \\ " é 💇',
        price="1234567.80",
    )
    salon.payment = PaymentFactory(appointment=salon.visit, completed=True, amount=Decimal("45.00"))
    ledger.refund_payment(
        by=salon.admin, payment=salon.payment, amount=Decimal("0.10"), reason="“Sorry”", now=timezone.now()
    )
    RefundFactory(payment=salon.payment)
    PaymentFactory(appointment=salon.visit, payment_method="online", checkout_url="https://pay.example/?a=1&b=é")
    api(salon.admin).post("/auth/tokens", {"name": "Calendar", "expires_at": "2099-01-01T00:00:00Z"})
    return salon


def test_every_answer_is_compiled():
    for serializer in (
        OrganizationSerializer,
        UserSerializer,
        TokenSerializer,
        ServiceSerializer,
        WorkingHoursSerializer,
        SpecialHoursSerializer,
        TimeOffSerializer,
        AppointmentSerializer,
        AppointmentForClientSerializer,
        PaymentSerializer,
        RefundSerializer,
        AuditSerializer,
    ):
        assert isinstance(serializer.reader(), Reader)


@pytest.mark.sweep
def test_both_read_paths_give_the_same_bytes(home, operator, api, monkeypatch):
    clients = [api(person) for person in (home.admin, home.client, operator)]
    urls = [f"{path}?limit=1000&ordering=-id" for path in (*PATHS, "/auth/tokens")]
    urls += [f"{path}/{getattr(home, name).pk}" for path, name in PATHS.items()]
    urls.append(f"/payments/{home.payment.pk}/refunds?ordering=-id")
    compiled = [{url: client.get(url).content for url in urls} for client in clients]
    monkeypatch.setattr(ClientLineSerializer, "reader", classmethod(lambda cls: None))
    for client, answers in zip(clients, compiled, strict=True):
        assert {url: client.get(url).content for url in urls} == answers
        assert sum(b'"results":[{' in content for content in answers.values()) >= 5


@pytest.mark.sweep
def test_both_read_paths_give_the_same_pages(home, api, monkeypatch):
    client = api(home.admin)
    urls = ["/users?limit=2&ordering=-name", "/appointments?limit=1&ordering=created_at"]
    compiled = [client.get(client.get(url).json()["next"]).content for url in urls]
    monkeypatch.setattr(ClientLineSerializer, "reader", classmethod(lambda cls: None))
    assert [client.get(client.get(url).json()["next"]).content for url in urls] == compiled


@pytest.mark.sweep
def test_what_reads_are_made_of_is_there_before_the_first_whatever_is_served(salon, api, settings, monkeypatch):
    """Workers are forked afterwards, and share it; benchmarks serve views of their own beside ours."""
    monkeypatch.setattr(gc, "collect", lambda: 0)  # all that the tests hold, which is dear
    find_statement.cache_clear()
    settings.ROOT_URLCONF = "benchmarks.ceilings"
    gunicorn_conf.keep_what_is_loaded()
    settings.ROOT_URLCONF = "clientline.urls"
    for path in ("/services", f"/services/{salon.service.pk}"):
        made = find_statement.cache_info()
        assert api(salon.admin).get(path).status_code == 200
        asked = find_statement.cache_info()
        assert (path, asked.hits - made.hits, asked.misses - made.misses) == (path, 1, 0)
