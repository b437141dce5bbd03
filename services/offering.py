"""Saving a service together with who performs it."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from accounts import people
from accounts.models import User
from clientline.currencies import refuse_fractions
from clientline.database.changes import save_changes
from clientline.database.prepared import Written
from clientline.refusals import FieldRefused
from organizations.models import Organization
from services.models import Service, ServiceStaff

# The currency as it stays until the transaction ends: who changes it waits, and lets us wait (organizations.changing).
CURRENCY = Written("SELECT currency FROM organizations WHERE id = %s FOR KEY SHARE", "organization")


def offer_service(*, organization: Organization, staff: Collection[User] = (), **fields: Any) -> Service:
    """Save a new service, performed by `staff` or, when nobody is named, by everybody. Raises FieldRefused."""
    with transaction.atomic():
        _refuse_unpayable(fields.get("price"), organization)
        service = Service.objects.create(organization=organization, **fields)
        _name_staff(service, staff)
    return service


def change_service(*, service: Service, changes: dict[str, Any]) -> Service:
    """Save `changes` to a service whose row the caller has locked; `staff` among them replaces who performs it.

    Raises FieldRefused.
    """
    changes = dict(changes)
    staff = changes.pop("staff", None)
    with transaction.atomic():
        _refuse_unpayable(changes.get("price"), service.organization)
        renamed = staff is not None and _name_staff(service, staff)
        # Who performs it stands in another table: without this the version, and so the ETag, would stay.
        if not save_changes(service, changes) and renamed:
            service.version += 1
            service.save(update_fields=["version"])
    return service


def _refuse_unpayable(price: Decimal | None, organization: Organization) -> None:
    """Refuse a fraction where the currency has none, also one that comes at this moment. Raises FieldRefused."""
    if price is not None and price % 1:
        for (currency,) in CURRENCY.rows({"organization": organization.pk}):
            refuse_fractions("price", price, currency)


def _name_staff(service: Service, staff: Iterable[User]) -> bool:
    """Make `staff` the people named for the service. Returns whether that changed anything. Raises FieldRefused."""
    links = ServiceStaff.objects.filter(service=service)
    present = set(links.values_list("staff", flat=True))
    wanted = {person.pk for person in staff}
    if present == wanted:
        return False
    _refuse_clients(wanted - present)
    links.filter(staff__in=present - wanted).delete()
    ServiceStaff.objects.bulk_create(
        ServiceStaff(organization_id=service.organization_id, service=service, staff_id=pk)
        for pk in sorted(wanted - present)
    )
    return True


def _refuse_clients(ids: Iterable[int]) -> None:
    """Refuse whoever became a client after they were chosen; from now on they cannot. Raises FieldRefused."""
    if any(role == User.Role.CLIENT for _, role, _ in people.HOLD.rows({"people": list(ids)})):
        raise FieldRefused("staff", "invalid", gettext("Clients do not perform services."))
