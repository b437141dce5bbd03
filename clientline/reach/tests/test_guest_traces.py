"""What guests leave is forgotten: by itself, with an erasure, and where an organization goes elsewhere."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.privacy import personal_data
from clientline.reach.guests.forgetting import forget_guests
from clientline.reach.guests.models import BookingRequest, ManageLink
from clientline.reach.tests.guests import make_visit, open_page, request

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked(salon):
    always_at_work(salon.staff)
    open_page(salon)
    salon.link = make_visit(salon, days_ahead(3))
    salon.new = Appointment.objects.get(client__name="Kim Weber")
    return salon


def test_requests_are_forgotten_after_a_day(booked):
    forget_guests()
    assert BookingRequest.objects.count() == 1
    BookingRequest.objects.update(created_at=timezone.now() - timedelta(hours=24))
    forget_guests()
    assert (BookingRequest.objects.count(), ManageLink.objects.count()) == (0, 1)


def test_links_are_forgotten_thirty_days_after_the_visit(booked):
    for days, left in ((29, 1), (31, 0)):
        over = timezone.now() - timedelta(days=days)
        began, times = over - timedelta(hours=1), {"busy_until": over, "ends_at": over}
        Appointment.objects.filter(pk=booked.new.pk).update(appointment_date=began, busy_from=began, **times)
        # a move ends all
        ManageLink.objects.create(organization=booked.organization, visit=booked.new, digest=b"x" * 32)
        forget_guests()
        assert ManageLink.objects.count() == left, days


def test_an_erasure_takes_requests_and_links_with_it(booked, client):
    request(booked, days_ahead(4), name="Somebody else")
    request(booked, days_ahead(4), contact_email="else@example.com")
    personal_data.erase(by=None, client=booked.new.client, now=timezone.now())
    assert list(BookingRequest.objects.values_list("address", flat=True)) == ["else@example.com"]
    assert client.get(booked.link).status_code == 404
