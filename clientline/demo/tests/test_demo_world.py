"""What `seed_demo` leaves: one world, made once, at which all tests of this file look."""

from datetime import datetime, time, timedelta
from functools import reduce
from io import StringIO
from operator import or_

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Q

from accounts.models import User
from appointments.models import Appointment
from clientline.currencies import WHOLE
from clientline.demo.tests.test_seed_demo import TODAY, seed
from clientline.reach.models import WebhookEndpoint
from clientline.tests.pages import Page
from organizations.models import Organization
from payments.models import Payment
from services.models import ServiceStaff

pytestmark = pytest.mark.xdist_group("demo_world")
VISITS = 700


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """In a transaction around those of the tests, which see it and undo what they do themselves."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed(organizations=5, appointments=VISITS)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def world(seeded, db):
    pass


def happened(column):
    """Whether an instant is not after the beginning of today, where the row's organization is."""
    homes = Organization.objects.all()
    return reduce(or_, (Q(organization=home, **{f"{column}__lte": find_midnight(home)}) for home in homes))


def find_midnight(home):
    return datetime.combine(TODAY, time(), home.zone)


@pytest.mark.sweep
def test_every_status_occurs_where_it_can(world):
    past, future = happened("ends_at"), ~happened("ends_at")
    statuses = Appointment.objects.order_by().values_list("status", flat=True).distinct()
    assert set(statuses.filter(past)) == {"scheduled", "completed", "cancelled", "no_show"}
    assert set(statuses.filter(future)) == {"scheduled", "cancelled"}
    payments = set(Payment.objects.order_by().values_list("status", flat=True).distinct())
    assert payments == {"pending", "completed", "failed", "refunded"}
    assert set(Payment.objects.order_by().values_list("payment_method", flat=True).distinct()) == {
        "cash",
        "card",
        "online",
    }
    assert Payment.objects.filter(status="completed", refunded_amount__gt=0).exists()


def test_each_has_a_receiver_that_went_away_and_is_not_called(world):
    for home in Organization.objects.all():
        [endpoint] = WebhookEndpoint.objects.filter(organization=home)
        assert endpoint.url.endswith(".example/clientline")
        assert (endpoint.is_active, endpoint.disabled_reason) == (False, "failing")
        told = endpoint.deliveries.annotate(tried=Count("attempts")).order_by("id")
        assert [(row.state, row.tried) for row in told] == [("delivered", 1), ("delivered", 2), ("failed", 10)]


def test_the_invariants_hold_afterwards(world):
    output = StringIO()
    call_command("check_invariants", stdout=output)
    assert "BROKEN" not in output.getvalue()


def test_visits_are_given_by_people_who_perform_the_service(world):
    performed = ServiceStaff.objects.values_list("service_id", "staff_id")
    named = {service for service, _ in performed}
    pairs = set(Appointment.objects.order_by().values_list("service_id", "staff_id").distinct())
    assert {pair for pair in pairs if pair[0] in named} <= set(performed)
    assert any(service in named for service, _ in pairs)


def test_visits_agree_with_their_service_policy_and_time_of_booking(world):
    visits = Appointment.objects.filter(
        Q(price=F("service__price")) | Q(price=0, service__price=None),
        cancellation_notice=F("organization__cancellation_notice"),
        late_cancellation_fee=F("organization__late_cancellation_fee"),
        no_show_fee=F("organization__no_show_fee"),
        created_at__lt=F("appointment_date"),
        client__created_at__lte=F("created_at"),
        organization__created_at__lt=F("created_at"),
    ).filter(happened("created_at"))
    assert visits.count() == VISITS
    cancelled = Appointment.objects.filter(status="cancelled")
    assert cancelled.filter(happened("cancelled_at"), cancelled_at__gte=F("created_at")).count() == cancelled.count()
    assert not cancelled.filter(Q(cancelled_by=None) | Q(cancellation_reason="")).exists()


def test_overbooked_visits_stand_beside_another_and_no_client_sits_in_two_chairs(world):
    visits = Appointment.objects.exclude(status="cancelled")
    overbooked = visits.filter(overbooked=True)
    assert overbooked.exists()
    for visit in overbooked:
        meanwhile = visits.filter(appointment_date__lt=visit.ends_at, ends_at__gt=visit.appointment_date)
        assert meanwhile.filter(staff=visit.staff).exclude(pk=visit.pk).exists()
        assert not meanwhile.filter(client=visit.client).exclude(pk=visit.pk).exists()


def test_money_is_in_the_currency_of_the_organization(world):
    whole = Payment.objects.filter(organization__currency__in=WHOLE)
    assert whole.exists()
    assert all(payment.amount % 1 == payment.refunded_amount % 1 == 0 for payment in whole)
    assert not Payment.objects.exclude(happened("created_at")).exists()


def test_salon_sonnig_is_busy_today_and_its_client_is_expected(world):
    sonnig = Organization.objects.get(name="Salon Sonnig")
    assert (sonnig.timezone, sonnig.currency) == ("Europe/Berlin", "EUR")
    staff = User.objects.filter(organization=sonnig, role="staff").order_by("id").values_list("name", flat=True)
    assert [name.split()[0] for name in staff] == ["Sofie", "Tom", "Aylin", "Marco"]
    today = Appointment.objects.filter(
        organization=sonnig,
        appointment_date__gte=find_midnight(sonnig),
        appointment_date__lt=find_midnight(sonnig) + timedelta(days=1),
    )
    assert today.count() >= 10
    assert Appointment.objects.filter(client__email="mia@sonnig.example", status="scheduled").exists()


def test_guests_find_salon_sonnigs_page_and_people_to_book(world, client):
    page = client.get("/b/sonnig")
    assert page.status_code == 200
    times = client.get(next(url for url in Page(page).links if "/people" in url))
    assert "Sofie Brandt" in times.content.decode()
    assert "Anna Sonnig" not in times.content.decode()  # she has no hours


def test_some_clients_stay_for_two_visits_and_who_came_arrived(world):
    groups = (
        Appointment.objects.exclude(group=None)
        .values("group")
        .annotate(visits=Count("id"), clients=Count("client", distinct=True))
    )
    assert groups.exists()
    assert set(groups.values_list("visits", "clients")) == {(2, 1)}
    came = Appointment.objects.filter(status="completed")
    assert not came.filter(arrived_at=None).exists()
    assert not came.filter(in_service_at__lt=F("appointment_date")).exists()
