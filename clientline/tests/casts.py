"""The casts of most tests: two organizations, a person of each role in each, and a row of everything."""

from functools import partial
from types import SimpleNamespace

from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory, SpecialHoursFactory, TimeOffFactory, WorkingHoursFactory
from organizations.tests.factories import OrganizationFactory
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory

DAYS_OF_CASTS = 4


def make_cast(name, *, day=0, **organization):
    """One organization with a person of each role, a colleague, a stranger's client, and a row of everything.

    `client` has a visit with `staff` and a payment for it; `stranger` has both with `colleague`, the day after. `day`
    counts from the factories' first.
    """
    home = OrganizationFactory(name=name, email=f"office@{name.lower()}.example", **organization)

    def person(role, alias=None):
        alias = alias or role
        return UserFactory(
            organization=home, role=role, name=f"{name} {alias}", email=f"{alias}@{name.lower()}.example"
        )

    cast = SimpleNamespace(
        organization=home,
        admin=person("admin"),
        manager=person("manager"),
        staff=person("staff"),
        colleague=person("staff", "colleague"),
        client=person("client"),
        stranger=person("client", "stranger"),
        service=ServiceFactory(organization=home, name=f"{name} service"),
    )
    visit = partial(AppointmentFactory, service=cast.service)
    cast.visit = visit(client=cast.client, staff=cast.staff, __sequence=day)
    cast.strangers_visit = visit(client=cast.stranger, staff=cast.colleague, __sequence=day + 1)
    cast.payment = PaymentFactory(appointment=cast.visit)
    cast.strangers_payment = PaymentFactory(appointment=cast.strangers_visit)
    cast.working_hours = WorkingHoursFactory(staff=cast.staff)
    cast.special_hours = SpecialHoursFactory(staff=cast.staff, __sequence=day)
    cast.time_off = TimeOffFactory(staff=cast.staff)
    return cast


def make_casts():
    return SimpleNamespace(
        clinic=make_cast("Clinic", timezone="America/New_York"),
        salon=make_cast("Salon", day=2, timezone="Europe/Berlin", currency="EUR"),
    )
