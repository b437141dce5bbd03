"""The command `seed_demo`: as many rows as asked for, the same for the same seed and day, or none."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.demo.diaries import Absence, Diary
from clientline.demo.trades import SALON
from clientline.demo.visits import Calendar, draw_guests, join_groups
from clientline.reach.models import WebhookEndpoint
from organizations.models import Organization
from payments.models import Payment
from services.models import Service, ServiceStaff

TODAY = date(2026, 4, 8)  # clocks changed ten days before in Europe, and a month before in America
MODELS = (
    Organization,
    User,
    Service,
    ServiceStaff,
    WorkingHours,
    SpecialHours,
    TimeOff,
    Appointment,
    Payment,
    WebhookEndpoint,
)


def seed(organizations=3, appointments=300, **options):
    output = StringIO()
    options = {"seed": 1, "today": TODAY} | options
    call_command("seed_demo", organizations=organizations, appointments=appointments, stdout=output, **options)
    return output.getvalue()


def snapshot():
    """All rows but what is random, with each key replaced by its place in the order of keys."""
    places = {model: {pk: place for place, pk in enumerate(pks(model))} for model in MODELS}

    def told(field, value):
        model = field.model if field.primary_key else field.related_model
        return places[model].get(value) if model else value

    return {
        model.__name__: [
            [
                told(field, getattr(row, field.attname))
                for field in row._meta.concrete_fields
                if field.name not in ("password", "calendar_uid")
            ]
            for row in model.objects.order_by("pk")
        ]
        for model in MODELS
    }


def pks(model):
    return model.objects.order_by("pk").values_list("pk", flat=True)


def seeded_snapshot(**options):
    """What a run leaves; afterwards nothing of it is left."""
    with transaction.atomic():
        seed(**options)
        rows = snapshot()
        transaction.set_rollback(True)
    return rows


@pytest.mark.sweep
@pytest.mark.django_db
def test_the_same_seed_and_day_make_the_same_rows_and_another_seed_others():
    few = {"organizations": 2, "appointments": 20}
    first = seeded_snapshot(**few)
    assert first["Organization"][0][1:3] == ["Salon Sonnig", "hello@sonnig.example"]
    assert len(first["Appointment"]) == 20
    assert seeded_snapshot(**few) == first
    second = seeded_snapshot(**few, seed=2)
    assert first["Appointment"] != second["Appointment"]
    assert first["Organization"][1][1] != second["Organization"][1][1]


@pytest.mark.sweep
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("organizations", "appointments"),  # many are counted in test_demo_world.py
    [(2, 1), pytest.param(4, 2, marks=pytest.mark.whole), pytest.param(2, 31, marks=pytest.mark.whole)],
)
def test_exactly_as_many_are_made_as_asked_for(organizations, appointments):
    seed(organizations=organizations, appointments=appointments)
    assert (Organization.objects.count(), Appointment.objects.count()) == (organizations, appointments)


def test_a_visit_begins_on_the_grid_after_the_time_off_that_it_would_meet():
    away, closed = Absence(TODAY, "Doctor", hours=(600, 700)), Absence(TODAY, "Training", hours=(800, 820))
    diary = Diary(None, UTC, week={}, special={}, absences=[away], closures=[closed])
    calendar = Calendar(Random(1), Organization(slot_interval=15), [], diary, today=TODAY, now=None)
    starts = [calendar.place(TODAY, 540, earliest, 60) for earliest in (540, 541, 600, 741)]
    assert starts == [540, 705, 705, 825]


def test_whoever_is_squeezed_in_is_not_who_sits_there_already():
    visits = [Appointment(overbooked=overbooked) for overbooked in [False, True] * 20]
    guests = draw_guests(Random(1), visits, clients=2)
    assert all(first != second for first, second in zip(guests[::2], guests[1::2], strict=True))


def test_nobody_stays_for_a_visit_beside_which_they_are_squeezed_in():
    noon = datetime(2026, 4, 8, 12, tzinfo=UTC)
    starts = [noon + timedelta(hours=hour) for hour in (0, 1, 2, 3, 3)]
    visits = [Appointment(appointment_date=start, ends_at=start + timedelta(hours=1)) for start in starts]
    visits[4].overbooked, guests = True, [0, 0, 1, 0, 1]
    join_groups(Random(1), visits, guests)
    assert guests == [0, 0, 1, 0, 1]


@pytest.mark.sweep
def test_at_the_weekend_somebody_is_at_work_too(db):
    saturday, sunday = datetime(2026, 4, 11, tzinfo=UTC), datetime(2026, 4, 12, tzinfo=UTC)
    seed(organizations=1, appointments=100, today=sunday.date())
    visits = Appointment.objects.filter(organization__name="Salon Sonnig")
    assert visits.filter(appointment_date__gte=sunday, appointment_date__lt=sunday + timedelta(days=1)).exists()
    assert visits.filter(appointment_date__lt=saturday).exists()


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2026-11-29 23:30", 30),
        pytest.param("2026-11-30 22:30", 30, marks=pytest.mark.whole),  # the date of UTC: only the other tells places
    ],
)
def test_without_a_day_each_place_has_its_own(db, monkeypatch, now, today):
    monkeypatch.setattr(timezone, "now", lambda: datetime.fromisoformat(f"{now}+00:00"))
    seed(organizations=1, appointments=60, today=None)
    midnight = datetime(2026, 11, today, tzinfo=ZoneInfo("Europe/Berlin"))
    visits = Appointment.objects.filter(appointment_date__gte=midnight)
    assert visits.filter(appointment_date__lt=midnight + timedelta(days=1)).count() >= 10
    assert not visits.filter(status="completed").exists()


@pytest.mark.sweep
def test_with_logins_the_printed_people_can_sign_in(db, api):
    lines = seed(organizations=1, appointments=2, logins=True).splitlines()
    assert lines[0] == "Saved 1 organization with 2 visits."
    assert lines[1] == "Sign in with the password let-the-sun-in as"
    assert lines[-1] == "Guests book at http://127.0.0.1:8000/b/sonnig"
    logins = [line.split() for line in lines[2:-1]]
    assert logins == [
        ["admin@sonnig.example", "admin"],
        ["manager@sonnig.example", "manager"],
        ["sofie@sonnig.example", "staff"],
        ["mia@sonnig.example", "client"],
    ]
    for email, role in logins:
        answer = api().post("/auth/login", {"email": email, "password": "let-the-sun-in"})
        assert answer.json()["user"]["role"] == role


def test_without_logins_nobody_can_sign_in(db):
    assert seed(organizations=1, appointments=1).splitlines() == ["Saved 1 organization with 1 visit."]
    assert not any(person.has_usable_password() for person in User.objects.all())


def test_a_failure_in_the_middle_leaves_nothing(db):
    taken = UserFactory(email="mia@sonnig.example")
    with pytest.raises(CommandError, match=r"\(mia@sonnig.example\) already exists"):
        seed()
    assert User.objects.get() == taken
    assert Organization.objects.get() == taken.organization
    assert not WorkingHours.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"organizations": 0}, "--organizations has to lie between 1 and 10000."),
        ({"organizations": 10_001}, "--organizations has to lie between 1 and 10000."),
        ({"appointments": -1}, "--appointments has to lie between 1 and 10000000."),
        ({"appointments": 10_000_001}, "--appointments has to lie between 1 and 10000000."),
        ({"today": date(1999, 1, 1)}, "--today has to lie between 2015-01-01 and 2095-01-01."),
    ],
)
def test_absurd_arguments_are_refused(options, sentence):
    with pytest.raises(CommandError) as refusal:
        seed(**options)
    assert str(refusal.value) == sentence
    assert not Organization.objects.exists()


def test_each_service_of_the_salon_has_a_german_name():
    assert [offer.name for offer in SALON.offers if not offer.german] == []
