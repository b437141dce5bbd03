"""Who signs in by e-mail and password, and whose session it is, for Django; for DRF: `caller_authentication`."""

from functools import cache
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from accounts.models import User
from clientline.database.prepared import Given, Statement, make_row
from organizations.models import Organization


class EmailBackend(BaseBackend):
    """Signs in by e-mail and password, and finds the user of a session. The inactive do not exist."""

    def authenticate(  # type: ignore[override]  # Django passes those by name that a backend takes
        self, request: Any, email: str | None = None, password: str | None = None, username: str | None = None
    ) -> User | None:
        if password is None:
            return None
        address = (email or username or "").lower()
        user = select_active_users().filter(email=address).first()
        if user is None:
            make_password(password)  # as long as checking one takes, so that time does not tell who exists
            return None
        return user if user.check_password(password) else None

    def get_user(self, user_id: int) -> User | None:
        for row in find_member().rows({"user": user_id}):
            user = make_row(User, USER_FIELDS, row[: len(USER_FIELDS)])
            user.organization = make_row(Organization, ORGANIZATION_FIELDS, row[len(USER_FIELDS) :])
            return user
        return None


def select_active_users() -> QuerySet[User]:
    """Whoever may sign in, with their organization: both are active."""
    return User.objects.select_related("organization").filter(is_active=True, organization__is_active=True)


USER_FIELDS, ORGANIZATION_FIELDS = (
    [field.attname for field in model._meta.concrete_fields] for model in (User, Organization)
)


@cache
def find_member() -> Statement:
    """The columns of an active user and of their active organization; every page asks it: it is compiled once."""
    homes = [f"organization__{name}" for name in ORGANIZATION_FIELDS]
    return Statement(select_active_users().filter(pk=Given("user")).values_list(*USER_FIELDS, *homes))
