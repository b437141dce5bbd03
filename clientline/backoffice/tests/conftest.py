"""The front desk in a real browser: who sits there, and a visit of yesterday."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.demo.browsing import Visitor


@pytest.fixture
def visitor(live_server, salon, client, browser):
    """The manager, signed in, in a salon whose team is always there."""
    always_at_work(salon.staff, salon.colleague)
    client.force_login(salon.manager)
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    yield visitor
    assert visitor.complaints == []
    visitor.leave()


@pytest.fixture
def past_visit(salon):
    """From ten to half past, by the organization's clock."""
    yesterday = timezone.localtime(timezone=salon.organization.zone) - timedelta(days=1)
    starts = yesterday.replace(hour=10, minute=0, second=0, microsecond=0)
    ends = starts + timedelta(minutes=30)
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=starts, ends_at=ends
    )
