"""Late is said in Python, for the ORM and in SQL: all three mean the same visits."""

from datetime import timedelta

import pytest
from django.db import connection

from appointments import lateness
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory

MOMENT = timedelta(microseconds=1)


def make_visit(salon, status, notice, after_cutoff):
    visit = AppointmentFactory(client=salon.client, staff=salon.colleague, cancellation_notice=notice)
    cancelled_at = lateness.find_cutoff(visit) + after_cutoff if status == "cancelled" else None
    Appointment.objects.filter(pk=visit.pk).update(status=status, cancelled_at=cancelled_at)
    return visit


@pytest.mark.parametrize("notice", [0, 90, 1440, 527040])
@pytest.mark.parametrize(
    ("status", "after_cutoff", "late"),
    [
        ("cancelled", -MOMENT, False),
        ("cancelled", timedelta(0), False),
        ("cancelled", MOMENT, True),
        ("scheduled", MOMENT, False),
        ("completed", MOMENT, False),
        ("no_show", MOMENT, False),
    ],
)
def test_a_row_the_orm_and_reports_agree_on_what_is_late(salon, status, notice, after_cutoff, late):
    visit = make_visit(salon, status, notice, after_cutoff)
    mine = Appointment.objects.filter(pk=visit.pk)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lateness.CANCELLED_LATE_SQL} FROM appointments visit WHERE id = %s", [visit.pk])
        by_reports = bool(cursor.fetchone()[0])
    by_orm = mine.filter(lateness.CANCELLED_LATE).exists()
    assert (lateness.is_cancelled_late(mine.get()), by_orm, by_reports) == (late, late, late)
