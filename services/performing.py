"""Who performs a service: the active people named for it, or everybody but clients where nobody is."""

from functools import cache

from accounts.models import User
from clientline.database.prepared import Asked, Given, Statement
from services.models import Service


def list_performers(service: Service) -> dict[int, str]:
    """The names of everybody who can be booked for a service, by ascending id."""
    return dict(_prepare_performers().rows({"service": service.pk, "organization": service.organization_id}))


def performs(staff: User, service: Service) -> bool:
    """Whether this person can be booked for the service."""
    statement, values = ask_whether_performs(staff, service)
    return bool(statement.rows(values))


def ask_whether_performs(staff: User, service: Service) -> Asked:
    """What to run for a row where this person can be booked for the service, and for none where not."""
    return _prepare_performer(), {"service": service.pk, "organization": service.organization_id, "staff": staff.pk}


def _stand_for_any_service() -> Service:
    return Service(pk=Given("service"), organization_id=Given("organization"))


@cache
def _prepare_performers() -> Statement:
    # Made once for all organizations: only stand-ins may tell one service from another.
    return Statement(_stand_for_any_service().performers().order_by("id").values_list("id", "name"))


@cache
def _prepare_performer() -> Statement:
    return Statement(_stand_for_any_service().performers().filter(pk=Given("staff")).values_list("id"))
