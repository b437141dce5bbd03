"""What `seed_demo` leaves: one world, made once, at which all tests of this file look."""

from collections import defaultdict
from datetime import datetime, time, timedelta
from functools import reduce
from io import StringIO
from operator import or_
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q

from accounts.models import User
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.currencies import WHOLE
from clientline.demo.tests.test_seed_demo import MODELS, TODAY, seed
from clientline.reach.models import WebhookEndpoint
from clientline.tests.pages import Page
from organizations.models import Organization
from payments.models import Payment
from services.models import Service, ServiceStaff

pytestmark = [pytest.mark.sweep, pytest.mark.xdist_group("demo_world")]
VISITS = 400


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """In a transaction around those of the tests, which see it and undo what they do themselves."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed(organizations=5, appointments=VISITS, language="de")
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


def test_salon_sonnig_is_german_for_who_chooses_it(world):
    sonnig, *others = Organization.objects.order_by("pk")
    names = Service.objects.filter(organization=sonnig).order_by("pk").values_list("name", flat=True)
    assert list(names)[:3] == ["Haarschnitt", "Waschen, Schneiden, Föhnen", "Kinderhaarschnitt"]
    assert (sonnig.language, {other.language for other in others}) == ("de", {""})
    assert sonnig.booking_terms.startswith("Wenn Sie nicht kommen können, ")
    assert names.count() == 8


def test_a_second_run_is_refused_and_changes_nothing(world):
    before = digest_rows()
    with pytest.raises(CommandError) as refusal:
        seed(organizations=1, appointments=1, seed=2)
    assert str(refusal.value) == "The demo data is here already: Key (email)=(hello@sonnig.example) already exists."
    assert digest_rows() == before


def digest_rows():
    digest = 'SELECT md5(string_agg("row"::text, NULL ORDER BY id)) FROM {} "row"'
    with connection.cursor() as cursor:
        return [cursor.execute(digest.format(model._meta.db_table)).fetchone() for model in MODELS]


def test_the_planner_knows_how_many_visits_there_are(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'appointments'::regclass")
        assert cursor.fetchone() == (VISITS,)


def test_visits_are_on_the_grid_inside_hours_and_outside_time_off(world):
    visits = Appointment.objects.select_related("organization")
    hours, closed = hours_by_date(), absences()
    for visit in visits:
        zone = ZoneInfo(visit.organization.timezone)
        starts, ends = visit.appointment_date.astimezone(zone), visit.ends_at.astimezone(zone)
        [opens] = [
            opens
            for opens, closes in hours(visit.staff_id, starts.date())
            if opens <= starts.time() < ends.time() <= closes
        ]
        assert (minutes(starts.time()) - minutes(opens)) % visit.organization.slot_interval == 0
        away = closed[visit.organization_id, None] + closed[visit.organization_id, visit.staff_id]
        assert not any(visit.appointment_date < end and start < visit.ends_at for start, end in away)


def hours_by_date():
    weekly, special = defaultdict(list), defaultdict(list)
    for row in WorkingHours.objects.all():
        weekly[row.staff_id, row.weekday].append((row.starts, row.ends))
    for row in SpecialHours.objects.all():
        special[row.staff_id, row.date].append((row.starts, row.ends))

    def hours(staff, day):
        intervals = special.get((staff, day)) or weekly[staff, day.weekday()]
        return [(opens, closes) for opens, closes in intervals if opens is not None]

    return hours


def absences():
    closed = defaultdict(list)
    for row in TimeOff.objects.all():
        closed[row.organization_id, row.staff_id].append((row.starts_at, row.ends_at))
    return closed


def minutes(clock: time):
    return clock.hour * 60 + clock.minute
