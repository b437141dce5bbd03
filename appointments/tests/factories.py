from datetime import UTC, datetime, time, timedelta

import factory
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.zones import read_wall_clock
from services.tests.factories import ServiceFactory


def first_visit(*, now):
    """Nine o'clock in UTC on a Tuesday of some December: in winter, and far from every day that a test names or counts.

    Days that tests write out are of the years up to 2028, or of 2097 and 2098 where they have to be ahead; those that
    they count from now are of the year to come.
    """
    december = datetime(max(now.year, 2026) + 3, 12, 1, 9, tzinfo=UTC)
    return december + timedelta(days=(1 - december.weekday()) % 7)


FIRST_VISIT = first_visit(now=timezone.now())


# At once: the ORM would read all rows before it deletes them, which takes as long as to make them.
FORGET_HOURS = """
WITH regular AS (DELETE FROM working_hours WHERE staff_id = ANY(%(people)s)),
    special AS (DELETE FROM special_hours WHERE staff_id = ANY(%(people)s))
DELETE FROM time_off WHERE staff_id = ANY(%(people)s)
"""


def always_at_work(*people):
    """Day and night, every day, from now on."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_HOURS, {"people": [staff.pk for staff in people]})
    round_the_clock = {"starts": time(0), "ends": time(0)}
    WorkingHours.objects.bulk_create(
        WorkingHours(organization_id=staff.organization_id, staff=staff, weekday=weekday, **round_the_clock)
        for staff in people
        for weekday in range(7)
    )


def days_ahead(days, hour=9):
    """A full hour in UTC so many days from now: far enough for a client's notice, not too far ahead."""
    return timezone.now().replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)


class AppointmentFactory(factory.django.DjangoModelFactory):
    """Visits of half an hour, one a day, so that none overlaps another."""

    class Meta:
        model = Appointment

    client = factory.SubFactory(UserFactory)
    organization = factory.SelfAttribute("client.organization")
    staff = factory.SubFactory(UserFactory, role="staff", organization=factory.SelfAttribute("..organization"))
    service = factory.SubFactory(ServiceFactory, organization=factory.SelfAttribute("..organization"))
    appointment_date = factory.Sequence(lambda n: FIRST_VISIT + timedelta(days=n))
    local_start = factory.LazyAttribute(lambda visit: read_wall_clock(visit.appointment_date, visit.organization.zone))
    ends_at = factory.LazyAttribute(lambda visit: visit.appointment_date + timedelta(minutes=30))
    busy_from = factory.SelfAttribute("appointment_date")
    busy_until = factory.SelfAttribute("ends_at")
    price = "45.00"
    cancellation_notice = 1440


class WorkingHoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkingHours

    staff = factory.SubFactory(UserFactory, role="staff")
    organization = factory.SelfAttribute("staff.organization")
    weekday = 0
    starts = time(9)
    ends = time(17)


class SpecialHoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SpecialHours

    staff = factory.SubFactory(UserFactory, role="staff")
    organization = factory.SelfAttribute("staff.organization")
    date = factory.Sequence(lambda n: (FIRST_VISIT + timedelta(days=n)).date())


class TimeOffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TimeOff

    staff = factory.SubFactory(UserFactory, role="staff")
    organization = factory.SelfAttribute("staff.organization")
    starts_at = FIRST_VISIT
    ends_at = FIRST_VISIT + timedelta(hours=2)
