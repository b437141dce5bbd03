"""Rows of two casts that only some scopes hold."""

from types import SimpleNamespace

from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.tests.factories import SpecialHoursFactory, TimeOffFactory, WorkingHoursFactory
from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.tests.rehearsals import perform
from organizations.models import Organization
from services.tests.factories import ServiceFactory

RECEIVER = "https://receiver.example/"
NAMED = ("organization", "admin", "staff", "colleague")


def add_further(*casts):
    """Give both casts their further rows; returns an operator whose home is the first one's organization."""
    further = perform(make_further, *[tuple(getattr(cast, name).pk for name in NAMED) for cast in casts])
    for cast, rows in zip(casts, (further.home, further.away), strict=True):
        vars(cast).update(vars(rows))
    return further.resident


def make_further(*homes):
    """Of two organizations, of which the ids of `NAMED` are given: what the cast of others lacks; made once."""
    home, away = map(make_rows_of_each_scope, homes)
    lives_here = Organization.objects.get(pk=homes[0][0])
    resident = UserFactory(organization=lives_here, role="admin", is_superuser=True, has_second_factor=True)
    return SimpleNamespace(home=home, away=away, resident=resident)


def make_rows_of_each_scope(pks):
    organization = Organization.objects.get(pk=pks[0])
    admin, staff, colleague = (User.objects.get(pk=pk) for pk in pks[1:])
    told = {"organization": organization, "url": RECEIVER, "events": ["client.created"]}
    return SimpleNamespace(
        newcomer=UserFactory(organization=organization, name="Newcomer", created_by=staff),
        retired=ServiceFactory(organization=organization, is_active=False),
        colleagues_working_hours=WorkingHoursFactory(staff=colleague),
        colleagues_special_hours=SpecialHoursFactory(staff=colleague),
        colleagues_time_off=TimeOffFactory(staff=colleague),
        closure=TimeOffFactory(staff=None, organization=organization),
        webhook=create_endpoint(by=admin, now=timezone.now(), **told),
    )
