"""Lists: chips above, days and months, sums of money below, what to do with a row, and no bar until one is ticked."""

from datetime import UTC, datetime

import pytest

from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import see
from payments.tests.factories import PaymentFactory

JUNE, JULY = datetime(2026, 6, 30, 21, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, 1, tzinfo=UTC)


@pytest.fixture
def desk(salon, client):
    client.force_login(salon.manager)
    return client


def pay(salon, moment, amount, method="cash", **details):
    given = {"status": "completed", "settled_at": moment, "created_at": moment}
    return PaymentFactory(appointment=salon.visit, amount=amount, payment_method=method, **given | details)


def test_below_payments_stand_their_sums_of_all_pages_and_nobody_elses(salon, clinic, desk):
    pay(salon, JUNE, "45.00", tip="5.00")
    pay(salon, JUNE, "20.00", "card", refunded_amount="20.00", status="refunded")
    pay(salon, JUNE, "99.00", voided_at=JUNE, status="failed")
    PaymentFactory(appointment=clinic.visit, amount="7.00", status="completed", settled_at=JUNE)
    totals = see(desk, "/admin/payments/payment/?taken=2026-06")["cl"].totals
    assert totals == [
        ("Taken in all", "65.00 EUR"),
        ("in cash", "45.00 EUR"),
        ("by card", "20.00 EUR"),
        ("of it tips", "5.00 EUR"),
        ("Given back", "20.00 EUR"),
    ]


def test_what_cash_was_rounded_by_is_told_of_their_sum(salon, desk):
    pay(salon, JUNE, "12.05", rounding="0.02")
    totals = see(desk, "/admin/payments/payment/?taken=2026-06")["cl"].totals
    assert totals == [("Taken in all", "12.05 EUR"), ("in cash", "12.05 EUR"), ("of it rounding", "0.02 EUR")]


def test_a_month_begins_and_ends_on_the_organizations_clock(salon, desk):
    june, july = pay(salon, JUNE, "1.00"), pay(salon, JULY, "2.00")

    def find(month):
        return {row.pk for row in see(desk, "/admin/payments/payment/", {"taken": month})["cl"].result_list}

    assert (find("2026-06"), find("2026-07")) == ({june.pk}, {july.pk})
    assert {june.pk, july.pk} <= find("2026-13")  # no such month: the list as it is


def test_the_months_field_holds_what_was_asked_for_and_keeps_other_filters(salon, desk):
    page = desk.get("/admin/appointments/appointment/?day=2026-06&status__exact=scheduled").content.decode()
    assert '<input type="month" name="day" value="2026-06"' in page
    assert page.count('<input type="hidden" name="status__exact" value="scheduled">') >= 2


def test_what_can_be_done_with_a_row_stands_beside_it(salon, desk):
    booked = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)
    page = desk.get("/admin/appointments/appointment/").content.decode()
    assert f"/admin/appointments/appointment/{booked.pk}/reschedule/" in page
    page = desk.get("/admin/accounts/user/?kind=clients").content.decode()
    assert f"/admin/appointments/appointment/add/?client={salon.client.pk}" in page


def test_staff_are_offered_to_move_their_own_visits_only(salon, client):
    salon.organization.team_calendar = True
    salon.organization.save(update_fields=["team_calendar"])
    client.force_login(salon.staff)
    page = client.get("/admin/appointments/appointment/").content.decode()
    links = [
        f"/admin/appointments/appointment/{visit.pk}/reschedule/" in page
        for visit in (salon.visit, salon.strangers_visit)
    ]
    moved = [
        client.get(f"/admin/appointments/appointment/{visit.pk}/reschedule/").status_code == 200
        for visit in (salon.visit, salon.strangers_visit)
    ]
    assert links == moved
