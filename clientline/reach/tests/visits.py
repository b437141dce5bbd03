"""Visits as people book them, for tests of what leaves the house."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from appointments import booking
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.messages.models import Message


@pytest.fixture
def book(salon):
    """`book(start)` books the cast's client with the cast's staff, by the desk."""
    always_at_work(salon.staff)
    usual = {"client": salon.client, "staff": salon.staff, "service": salon.service}

    def book(start=None, *, now=None, **changes):
        told = usual | {"appointment_date": start or days_ahead(10), "now": now or timezone.now()} | changes
        return booking.book(by=salon.admin, **told)

    return book


def move(visit, by_how_much=timedelta(days=1), *, now=None):
    start = visit.appointment_date + by_how_much
    return booking.reschedule(by=None, visit=visit, appointment_date=start, now=now or timezone.now())


cancel = partial(booking.cancel, by=None, reason="Ill", now=timezone.now())


def planned_for(visit, *names):
    """Of each message of a visit, in its order: kind, sequence, state and the columns named."""
    names = ("kind", "sequence", "state", *names)
    return list(Message.objects.filter(appointment=visit).order_by("id").values_list(*names))


def make_due(visit, **which):
    """Let time pass until these messages of the visit are due."""
    now = timezone.now()
    Message.objects.filter(appointment=visit, **which).update(due_at=now, try_at=now)
