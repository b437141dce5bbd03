"""Whose doing a cancellation is, and the minutes of grace after booking: what is late, what costs a fee."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import booking
from appointments.models import Appointment
from appointments.periods import Period
from appointments.refusals import TooLate
from appointments.reports import report_no_shows
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.rehearsals import undone
from payments import balances


@pytest.fixture
def late(salon):
    """A visit of 45.00 half a day ahead, with a notice of a day and half the price for what is late."""
    start = timezone.now().replace(second=0, microsecond=0) + timedelta(hours=12)
    return AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=start,
        late_cancellation_fee=50,
        created_at=timezone.now() - timedelta(days=3),
    )


def cancelled(visit):
    row = Appointment.objects.get(pk=visit.pk)
    day = timezone.localdate(row.appointment_date, row.organization.zone)
    counted = report_no_shows(Period(row.organization, day, day, "day"))["total"]["late_cancelled"]
    return row.cancelled_on_behalf_of, str(balances.find_balance(row)["charge"]), counted


# Who cancels, what they say, and what comes of it: on whose behalf, for which fee, and how many are late in the report.
CANCELLED = [
    ("staff", {}, ("organization", "0.00", 0)),
    ("manager", {"on_behalf_of": "organization"}, ("organization", "0.00", 0)),
    ("staff", {"on_behalf_of": "client"}, ("client", "22.50", 1)),
    ("manager", {"on_behalf_of": "client", "waive_fee": True}, ("client", "0.00", 1)),
]


def test_only_what_the_client_cancels_late_costs_a_fee_and_counts(api, salon, late):
    callers = {role: api(getattr(salon, role)) for role in ("staff", "manager")}
    for role, body, expected in CANCELLED:
        with undone():
            answer = callers[role].post(f"/appointments/{late.pk}/cancel", {"reason": "stylist ill"} | body)
            assert answer.status_code == 200, answer.json()
            told = answer.json()["cancelled_on_behalf_of"], *cancelled(late)[1:]
            assert told == expected, (role, body)


def test_clients_cancel_for_themselves_alone(api, salon):
    visit = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(9)
    )
    client = api(salon.client)
    answer = client.post(f"/appointments/{visit.pk}/cancel", {"on_behalf_of": "organization"})
    assert (answer.status_code, answer.json()["detail"]) == (403, "You may not send `on_behalf_of`.")
    answer = client.post(f"/appointments/{visit.pk}/cancel", {"on_behalf_of": "client"})
    assert (answer.status_code, answer.json()["cancelled_on_behalf_of"]) == (200, "client")


def test_nothing_else_is_a_side(api, salon, late):
    answer = api(salon.admin).post(f"/appointments/{late.pk}/cancel", {"reason": "x", "on_behalf_of": "staff"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "on_behalf_of")


def book(salon, now, ahead=timedelta(hours=12)):
    always_at_work(salon.staff)
    start = now.replace(second=0, microsecond=0) + ahead
    who = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return booking.book(by=salon.admin, appointment_date=start, now=now, **who)


def test_a_visit_keeps_the_grace_of_its_booking_and_a_move_does_not_renew_it(salon):
    now = timezone.now()
    visit = book(salon, now)
    salon.organization.cancellation_grace = 60
    salon.organization.save()
    assert visit.cancellation_grace == 15
    later = now + timedelta(minutes=15, microseconds=1)
    visit = Appointment.objects.get(pk=visit.pk)
    booking.reschedule(
        by=salon.admin, visit=visit, appointment_date=visit.appointment_date + timedelta(minutes=15), now=later
    )
    with pytest.raises(TooLate) as refusal:
        booking.cancel(by=salon.client, visit=visit, now=later)
    assert refusal.value.extra["cutoff_at"] == now + timedelta(minutes=15)


def test_within_the_grace_nothing_is_late_at_its_end_neither(salon):
    now = timezone.now()
    visit = book(salon, now)
    booking.cancel(by=salon.client, visit=visit, now=now + timedelta(minutes=15))
    assert cancelled(visit) == ("client", "0.00", 0)


def test_without_a_grace_short_notice_is_late_at_once(salon):
    salon.organization.cancellation_grace = 0
    salon.organization.save()
    now = timezone.now()
    with pytest.raises(TooLate):
        booking.cancel(by=salon.client, visit=book(salon, now), now=now + timedelta(seconds=1))
