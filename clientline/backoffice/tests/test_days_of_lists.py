"""The figures of a day lead to the rows behind them, by dates in the address of a list."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import see
from payments.tests.factories import PaymentFactory

pytestmark = pytest.mark.clock

MONDAY = date(2026, 6, 15)


def visit_on(cast, day, hour=8, **details):
    starts = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    given = {"client": cast.client, "staff": cast.staff, "service": cast.service, "appointment_date": starts}
    return AppointmentFactory(**given | details)


def listed(client, url):
    return {row.pk for row in see(client, url)["cl"].result_list}


@pytest.fixture
def links(salon, client):
    """The addresses behind the figures of Monday, by their labels."""

    def read():
        client.force_login(salon.manager)
        return {each.label: each.url for each in see(client, "/admin/", {"date": MONDAY})["figures"]}

    return read


@pytest.mark.sweep
def test_each_figure_leads_to_its_rows(salon, client, links):
    paid = visit_on(salon, MONDAY, status="completed")
    owed = visit_on(salon, MONDAY, 9, status="completed")
    missed = visit_on(salon, MONDAY - timedelta(days=6), status="no_show", no_show_fee=100)
    visit_on(salon, MONDAY - timedelta(days=7), status="no_show")
    settled = datetime(2026, 6, 15, 21, 59, tzinfo=UTC)
    payment = PaymentFactory(appointment=paid, amount="45.00", status="completed", settled_at=settled)
    PaymentFactory(appointment=missed, amount="45.00", status="completed", settled_at=settled + timedelta(minutes=1))
    found = {label: listed(client, url) for label, url in links().items()}
    assert found == {
        "Visits": {paid.pk, owed.pk},
        "Taken": {payment.pk},
        "Open balances": {owed.pk},
        "No-shows, 7 days": {missed.pk},
    }


@pytest.mark.sweep
def test_nonsense_in_place_of_dates_opens_the_list(salon, client):
    client.force_login(salon.manager)
    # Both are filtered by one class: each is asked every second.
    lists = ("/admin/appointments/appointment/?unpaid=yes&day=", "/admin/payments/payment/?taken=")
    for place, sent in enumerate(("", "x", "2026-02-30", "..", "2026-06-15..", "2026-06-15..x", "0001-01-01")):
        assert see(client, lists[place % 2] + sent)["cl"].result_list is not None, sent


def test_a_span_of_days_is_the_organizations(salon, client):
    today = timezone.localdate(timezone=salon.organization.zone)
    late = datetime.combine(today, datetime.min.time(), salon.organization.zone) + timedelta(hours=23)
    visits = [AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=late)]
    client.force_login(salon.manager)
    assert listed(client, "/admin/appointments/appointment/?day=today") == {each.pk for each in visits}
    assert listed(client, f"/admin/appointments/appointment/?day={today}") == {each.pk for each in visits}
