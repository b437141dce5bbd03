"""Visits as people book them, for tests of what leaves the house."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from appointments import booking
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.messages.models import Message, MessageRule
from organizations.models import Organization


@pytest.fixture
def book(salon):
    """`book(start)` books the cast's client with the cast's staff, by the desk."""
    always_at_work(salon.staff)
    usual = {"client": salon.client, "staff": salon.staff, "service": salon.service}

    def book(start=None, *, now=None, **changes):
        told = usual | {"appointment_date": start or days_ahead(10), "now": now or timezone.now()} | changes
        return booking.book(by=salon.admin, **told)

    return book


def move(visit, by_how_much=timedelta(days=1), *, now=None, **changes):
    start = visit.appointment_date + by_how_much
    return booking.reschedule(by=None, visit=visit, appointment_date=start, now=now or timezone.now(), **changes)


cancel = partial(booking.cancel, by=None, reason="Ill", now=timezone.now())


def planned_for(visit, *names):
    """Of each message of a visit, in its order: kind, sequence, state and the columns named."""
    names = ("kind", "sequence", "state", *names)
    return list(Message.objects.filter(appointment=visit).order_by("id").values_list(*names))


def make_due(visit, **which):
    """Let time pass until these messages of the visit are due."""
    now = timezone.now()
    Message.objects.filter(appointment=visit, **which).update(due_at=now, try_at=now)


def read_message(visit, kind):
    return Message.objects.get(appointment=visit, kind=kind)


def of_home(visit, **columns):
    Organization.objects.filter(pk=visit.organization_id).update(**columns)


@pytest.fixture
def by_sms(salon, settings, tmp_path):
    """Reminders come by SMS, which a simulator takes; at any hour, or the test would depend on it."""
    settings.SMS_PROVIDER, settings.SMS_SIMULATOR_FILE = "simulator", tmp_path / "sms.jsonl"
    MessageRule.objects.create(organization=salon.organization, minutes_before=1440, channel="sms")
    salon.client.phone = "+49 30 123456"
    salon.client.save(update_fields=["phone"])
    salon.client.read_phone()
    salon.client.save(update_fields=["phone_e164"])
    hour = timezone.now().hour
    of_home(salon.visit, timezone=f"Etc/GMT{hour - 12:+}" if hour != 12 else "UTC")  # where it is noon
    salon.service.organization.refresh_from_db()
