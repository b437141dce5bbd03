"""What each resource looks like in answers, to the last key, for each role."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from appointments.models import Appointment, SpecialHours, TimeOff
from appointments.tests.factories import always_at_work, days_ahead
from organizations import policy
from organizations.models import Organization
from payments.models import Payment
from payments.tests.factories import PaymentFactory

CREATED = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
NINE, TEN = (datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (8, 9))  # in Berlin


@pytest.fixture
def home(salon):
    """The salon in Berlin, with every row made at a known time."""
    for row in vars(salon).values():
        if isinstance(row, Payment):  # made below: its time is final
            continue
        type(row).objects.filter(pk=row.pk).update(created_at=CREATED)
    half = NINE.replace(minute=30)
    Appointment.objects.filter(pk=salon.visit.pk).update(
        appointment_date=NINE, ends_at=half, busy_from=NINE, busy_until=half, internal_notes="Talks a lot."
    )
    salon.payment = PaymentFactory(appointment=salon.visit, status="completed", settled_at=half, created_at=CREATED)
    SpecialHours.objects.filter(pk=salon.special_hours.pk).update(date=date(2026, 12, 24))
    TimeOff.objects.filter(pk=salon.time_off.pk).update(starts_at=TEN, ends_at=TEN + timedelta(hours=2))
    salon.service.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    return salon


def ids(home):
    return {name: row.pk for name, row in vars(home).items()}


def expected(home):
    """Every resource as an insider sees it, each key in its place."""
    pk = ids(home)
    return {
        f"/organizations/{pk['organization']}": {
            "id": pk["organization"],
            "name": "Salon",
            "email": "office@salon.example",
            "phone": "",
            "address": "",
            "tax_number": "",
            "country": "",
            "region": "",
            "language": "",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "datev_consultant": None,
            "datev_client": None,
            "fiscal_year_starts": 1,
            "bookkeeping_accounts": "",
            "slot_interval": 15,
            "min_notice": 60,
            "max_advance_days": 90,
            "max_visits_ahead": 0,
            "cancellation_notice": 1440,
            "cancellation_grace": 15,
            "late_cancellation_fee": "0.00",
            "no_show_fee": "0.00",
            "team_calendar": False,
            "require_second_factor": False,
            "forget_after_months": 0,
            "slug": "",
            "guest_page": False,
            "brand_color": "",
            "embed_origins": "",
            "booking_terms": "",
            "privacy_notice": "",
            "confirms_visits": True,
            "reminds_clients": True,
            "sends_receipts": True,
            "is_active": True,
            "version": 1,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/users/{pk['client']}": {
            "id": pk["client"],
            "organization": pk["organization"],
            "name": "Salon client",
            "email": "client@salon.example",
            "contact_email": "",
            "phone": "",
            "phone_e164": "",
            "role": "client",
            "is_active": True,
            "birthday": None,
            "client_notes": "",
            "is_flagged": False,
            "language": "",
            "marketing_consent_at": None,
            "external_source": "",
            "external_id": "",
            "merged_into": None,
            "works_until": None,
            "bookable_online": True,
            "version": 1,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/services/{pk['service']}": {
            "id": pk["service"],
            "organization": pk["organization"],
            "name": "Salon service",
            "description": "",
            "duration": 30,
            "price": "45.00",
            "tax_rate": None,
            "buffer_before": 0,
            "buffer_after": 0,
            "staff": [pk["staff"]],
            "bookable_online": True,
            "is_active": True,
            "version": 1,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/working-hours/{pk['working_hours']}": {
            "id": pk["working_hours"],
            "organization": pk["organization"],
            "staff": pk["staff"],
            "weekday": 0,
            "starts": "09:00",
            "ends": "17:00",
            "every_second_week": None,
            "valid_from": None,
            "valid_until": None,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/special-hours/{pk['special_hours']}": {
            "id": pk["special_hours"],
            "organization": pk["organization"],
            "staff": pk["staff"],
            "date": "2026-12-24",
            "starts": None,
            "ends": None,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/time-off/{pk['time_off']}": {
            "id": pk["time_off"],
            "organization": pk["organization"],
            "staff": pk["staff"],
            "whole_days": False,
            "from_date": None,
            "to_date": None,
            "starts_at": "2026-12-01T10:00:00+01:00",
            "ends_at": "2026-12-01T12:00:00+01:00",
            "reason": "",
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/appointments/{pk['visit']}": {
            "id": pk["visit"],
            "organization": pk["organization"],
            "client": pk["client"],
            "client_name": "Salon client",
            "staff": pk["staff"],
            "staff_name": "Salon staff",
            "service": pk["service"],
            "service_name": "Salon service",
            "appointment_date": "2026-12-01T09:00:00+01:00",
            "ends_at": "2026-12-01T09:30:00+01:00",
            "status": "scheduled",
            "notes": "",
            "internal_notes": "Talks a lot.",
            "price": "45.00",
            "overbooked": False,
            "series": None,
            "group": None,
            "arrived_at": None,
            "in_service_at": None,
            "cancelled_at": None,
            "cancellation_reason": "",
            "cancelled_by": None,
            "cancelled_on_behalf_of": "",
            "fee_waived": False,
            "tax_rate": None,
            "version": 1,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
        f"/payments/{pk['payment']}": {
            "id": pk["payment"],
            "organization": pk["organization"],
            "appointment": pk["visit"],
            "amount": "45.00",
            "tip": "0.00",
            "rounding": "0.00",
            "payment_method": "card",
            "status": "completed",
            "refunded_amount": "0.00",
            "receipt_number": 1,
            "former_number": None,
            "reference": "",
            "given_up_at": None,
            "instead_of": None,
            "settled_at": "2026-12-01T09:30:00+01:00",
            "voided_at": None,
            "void_reason": "",
            "version": 1,
            "created_at": "2026-11-22T12:30:00+01:00",
        },
    }


def seen_by_clients(path, row):
    hidden = {"/appointments": ("internal_notes", "overbooked"), "/users": policy.OF_PEOPLE}.get(
        path.rpartition("/")[0]
    )
    return {key: value for key, value in row.items() if key not in (hidden or ())}


# A manager's rows are an admin's: who is no client has one serializer.
@pytest.mark.sweep
@pytest.mark.parametrize("role", ["admin", pytest.param("manager", marks=pytest.mark.whole), "staff", "client"])
def test_a_row_has_exactly_these_keys_in_this_order_alone_and_in_lists(home, api, role):
    client = api(getattr(home, role))
    for path, row in expected(home).items():
        if role == "client":
            row = seen_by_clients(path, row)
        answer = client.get(path)
        if role == "client" and answer.status_code == 403:
            assert path.split("/")[1] in ("working-hours", "special-hours", "time-off")
            continue
        assert list(answer.json().items()) == list(row.items())
        resource, pk = path.rsplit("/", 1)
        listed = client.get(resource, {"limit": "1000"}).json()
        assert list(listed) == ["next", "previous", "results"]
        assert [each for each in listed["results"] if each["id"] == int(pk)] == [row]


@pytest.mark.sweep
def test_an_answer_to_a_write_is_what_a_get_would_answer(home, api):
    client = api(home.admin)
    for path, row in expected(home).items():
        if path.startswith("/payments"):
            continue
        assert (client.patch(path, {}).json(), client.get(path).json()) == (row, row)


# zone → winter, summer
OFFSETS = {
    "Europe/Berlin": ("2026-12-01T13:00:00+01:00", "2026-07-01T14:00:00+02:00"),
    "America/New_York": ("2026-12-01T07:00:00-05:00", "2026-07-01T08:00:00-04:00"),
    "Asia/Kolkata": ("2026-12-01T17:30:00+05:30", "2026-07-01T17:30:00+05:30"),
    "Australia/Lord_Howe": ("2026-12-01T23:00:00+11:00", "2026-07-01T22:30:00+10:30"),
    "UTC": ("2026-12-01T12:00:00+00:00", "2026-07-01T12:00:00+00:00"),
}


@pytest.mark.sweep
def test_instants_carry_the_numeric_offset_of_the_callers_organization(salon, api):
    client = api(salon.admin)
    body = {"staff": salon.staff.pk, "starts_at": "2026-07-01T12:00:00Z", "ends_at": "2026-12-01T12:00:00.123456z"}
    for zone, (winter, summer) in OFFSETS.items():
        Organization.objects.filter(pk=salon.organization.pk).update(timezone=zone)
        for row in (client.post("/time-off", body).json(), client.get("/time-off").json()["results"][-1]):
            assert (row["starts_at"], row["ends_at"]) == (summer, winter), zone


@pytest.mark.sweep
def test_no_answer_writes_z(home, operator, api):
    for client in (api(home.admin), api(operator)):
        for resource in {path.rsplit("/", 1)[0] for path in expected(home)}:
            assert not re.search(rb"\d{2}Z", client.get(resource).content)


def test_an_organization_in_an_unreadable_zone_is_shown_in_utc(home, api):
    Organization.objects.filter(pk=home.organization.pk).update(timezone="Atlantis/Capital")
    answer = api(home.admin).get(f"/users/{home.client.pk}").json()
    assert answer["created_at"] == "2026-11-22T11:30:00+00:00"


@pytest.mark.sweep
def test_secrets_are_in_no_answer(home, operator, api):
    for client in (api(home.admin), api(operator)):
        for path in ("/users", "/auth/me", "/auth/tokens", "/organizations", f"/users/{home.admin.pk}"):
            text = client.get(path).content
            assert b"password" not in text and b"is_superuser" not in text and b"digest" not in text
            assert b"pbkdf2" not in text and b"scrypt" not in text


def test_midnight_ends_a_day_as_00_00(home, api):
    body = {"staff": home.staff.pk, "weekday": 6, "starts": "22:00", "ends": "00:00"}
    answer = api(home.admin).post("/working-hours", body)
    assert (answer.status_code, answer.json()["starts"], answer.json()["ends"]) == (201, "22:00", "00:00")


def test_clients_never_see_internal_notes_not_even_of_a_booking_they_make(home, api):
    always_at_work(home.staff)
    start = days_ahead(10).isoformat()
    body = {"service": home.service.pk, "staff": home.staff.pk, "appointment_date": start}
    answer = api(home.client).post("/appointments", body).json()
    assert "internal_notes" not in answer and "overbooked" not in answer
    assert answer["client"] == home.client.pk


def test_a_row_without_price_or_duration_says_null(home, api):
    answer = api(home.admin).post("/services", {"name": "Talk"}).json()
    assert (answer["price"], answer["duration"], answer["staff"]) == (None, None, [])
