"""What pages of the back office cost that no test of their own counts: so many queries, however many rows."""

import pytest

from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, WorkingHoursFactory
from clientline.tests.pages import see
from organizations.tests.factories import OrganizationFactory
from payments.tests.factories import PaymentFactory, RefundFactory
from services.tests.factories import ServiceFactory

COSTS = {
    "/admin/week-hours/?staff={staff}": 9,
    "/admin/accounts/user/{client}/merge/?duplicate={stranger}": 13,
    "/admin/appointments/appointment/{visit}/reschedule/": 17,
    "/admin/appointments/appointment/{visit}/payment/": 10,
    "/admin/appointments/appointment/{visit}/cancel/": 8,
    "/admin/payments/payment/{payment}/change/": 13,
    "/admin/payments/payment/{taken}/refund/": 10,
    "/admin/services/service/{service}/change/": 12,
    "/admin/organizations/organization/{organization}/change/": 9,
    "/admin/organizations/audit/": 8,
}


def add_rows(cast):
    """More of everything that these pages show."""
    OrganizationFactory()
    for number in range(3):
        person = UserFactory(organization=cast.organization, role="staff")
        WorkingHoursFactory(staff=person)
        WorkingHoursFactory(staff=cast.staff, weekday=number + 2)
        TimeOffFactory(staff=cast.staff)
        perform(cast, person)
        ServiceFactory(organization=cast.organization)
        for client in (cast.client, cast.stranger):
            visit = AppointmentFactory(client=client, staff=person, service=cast.service)
            PaymentFactory(appointment=visit)
    RefundFactory(payment=PaymentFactory(appointment=cast.visit, completed=True))


def perform(cast, person):
    cast.service.staff.add(person, through_defaults={"organization": cast.organization})


@pytest.mark.sweep
def test_a_page_costs_so_many_queries_however_many_rows_it_shows(salon, client, django_assert_num_queries):
    perform(salon, salon.staff)
    salon.taken = PaymentFactory(appointment=salon.visit, completed=True)
    client.force_login(salon.admin)
    pages = {page.format(**{name: row.pk for name, row in vars(salon).items()}): cost for page, cost in COSTS.items()}
    for url in pages:
        assert see(client, url), url  # fills the caches of content types and of parts of pages
    add_rows(salon)
    for url, cost in pages.items():
        with django_assert_num_queries(cost, info=url):
            client.get(url)
