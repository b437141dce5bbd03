"""Late is said in Python, for the ORM and in SQL: all three mean the same visits."""

from datetime import timedelta
from itertools import product

from django.db import connection

from appointments import lateness
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory

MOMENT = timedelta(microseconds=1)


CASES = [
    ("cancelled", -MOMENT, False),
    ("cancelled", timedelta(0), False),
    ("cancelled", MOMENT, True),
    ("scheduled", MOMENT, False),
    ("completed", MOMENT, False),
    ("no_show", MOMENT, False),
]


def make_visits(salon):
    """One of each notice in each case, without grace and with, booked within the notice, and whether it is late."""
    for notice, grace, (status, after_cutoff, late) in product([0, 90, 1440, 527040], [0, 15, 1440], CASES):
        people = {"client": salon.client, "staff": salon.colleague, "service": salon.service}
        terms = {"cancellation_notice": notice, "cancellation_grace": grace}
        visit = AppointmentFactory.build(**people, **terms, status=status)
        visit.created_at = visit.appointment_date - timedelta(minutes=notice) + MOMENT
        visit.cancelled_at = lateness.find_cutoff(visit) + after_cutoff if status == "cancelled" else None
        yield visit, late


def test_a_row_the_orm_and_reports_agree_on_what_is_late(salon):
    visits, late = zip(*make_visits(salon), strict=True)
    mine = Appointment.objects.filter(pk__in=[visit.pk for visit in Appointment.objects.bulk_create(visits)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {lateness.CANCELLED_LATE_SQL} FROM appointments visit")
        by_reports = {pk for pk, is_late in cursor.fetchall() if is_late}
    by_orm = set(mine.filter(lateness.CANCELLED_LATE).values_list("pk", flat=True))
    for visit, expected in zip(mine.order_by("pk"), late, strict=True):
        told = (lateness.is_cancelled_late(visit), visit.pk in by_orm, visit.pk in by_reports)
        terms = visit.cancellation_notice, visit.cancellation_grace
        assert told == (expected,) * 3, (visit.status, terms, visit.cancelled_at)
