"""Who performs a service: the active people named for it, or everybody but clients where nobody is."""

from functools import cache

from accounts.models import User
from clientline.database.prepared import Given, Statement
from services.models import Service


def performers(service: Service) -> dict[int, str]:
    """The names of everybody who can be booked for a service, by ascending id."""
    return dict(_performing().rows({"service": service.pk, "organization": service.organization_id}))


def performs(staff: User, service: Service) -> bool:
    """Whether this person can be booked for the service."""
    values = {"service": service.pk, "organization": service.organization_id, "staff": staff.pk}
    return bool(_performing_one().rows(values))


def _any_service() -> Service:
    return Service(pk=Given("service"), organization_id=Given("organization"))


@cache
def _performing() -> Statement:
    # Made once for all organizations: only stand-ins may tell one service from another.
    return Statement(_any_service().performers().order_by("id").values_list("id", "name"))


@cache
def _performing_one() -> Statement:
    return Statement(_any_service().performers().filter(pk=Given("staff")).values_list("id"))
