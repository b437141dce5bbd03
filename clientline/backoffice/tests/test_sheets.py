"""The sheets of a day and a week: whose visits they hold, and at which cost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import see

MONDAY = datetime(2026, 5, 18, 9, tzinfo=UTC)


@pytest.fixture
def booked(salon):
    for number, staff in enumerate((salon.staff, salon.colleague, salon.staff)):
        start = MONDAY + timedelta(days=number // 2, hours=number)
        AppointmentFactory(
            client=salon.client,
            staff=staff,
            service=salon.service,
            appointment_date=start,
            ends_at=start + timedelta(minutes=30),
            internal_notes=f"note {number}",
        )
    cancelled = {"status": "cancelled", "cancelled_at": MONDAY}
    AppointmentFactory(client=salon.stranger, staff=salon.staff, appointment_date=MONDAY, **cancelled)
    return salon


def read(client, path, **query):
    sections = see(client, f"/admin/{path}/", {"date": "2026-05-18"} | query)["sections"]
    return {section.title: [visit.internal_notes for visit in section.visits] for section in sections}


@pytest.mark.sweep
def test_a_day_holds_its_visits_by_person_and_no_cancelled_one(client, booked):
    client.force_login(booked.manager)
    assert read(client, "day-sheet") == {"Salon staff": ["note 0"], "Salon colleague": ["note 1"]}
    assert read(client, "day-sheet", staff=booked.colleague.pk) == {"Salon colleague": ["note 1"]}
    assert read(client, "week-sheet", staff=booked.staff.pk) == {
        "Mon 18 May 2026": ["note 0"],
        "Tue 19 May 2026": ["note 2"],
    }


def test_staff_print_their_own_and_nobody_anothers(client, booked, clinic):
    client.force_login(booked.staff)
    assert read(client, "day-sheet") == {"Salon staff": ["note 0"]}
    assert read(client, "day-sheet", staff=booked.colleague.pk) == {"Salon staff": ["note 0"]}
    client.force_login(clinic.manager)
    assert read(client, "day-sheet", staff=booked.staff.pk) == {}
    client.force_login(booked.client)
    assert client.get("/admin/day-sheet/").status_code == 302


@pytest.mark.parametrize("path", ["day-sheet", "week-sheet"])
def test_a_sheet_costs_the_same_however_many_visits_it_holds(client, booked, path):
    client.force_login(booked.manager)

    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"/admin/{path}/", {"date": "2026-05-18"})
        return len(queries)

    before = count()
    for number in range(5):
        AppointmentFactory(
            staff=booked.staff, client=booked.client, appointment_date=MONDAY + timedelta(hours=6 + number)
        )
    assert (count(), before) == (before, before)
