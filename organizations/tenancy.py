"""The walls between organizations: which rows a caller's scope holds, and the confinement of a transaction.

The first wall is `TenantQuerySet.visible_to`; the second the SameOrganization constraints; the third
row security, put in force by `confine_transaction`.
"""

from typing import Self

from django.db import connection, models

from clientline.callers import Caller
from clientline.operations import TENANT_ROLE
from organizations import homes, policy
from organizations.homes import AWAY_SQL
from organizations.origin import origin

# All settings are local to the transaction: behind a pooler in transaction mode a session-level one
# would reach the next client. jit and starting other processes cost more than they save on queries of
# milliseconds, and so does planning a prepared statement anew for each organization. No disk has to turn
# to another page anymore.
SETTINGS = {
    "role": "{role}",
    "clientline.organization_id": "{organization}",
    "clientline.user_id": "{user}",
    "clientline.source": "{source}",
    "clientline.request_id": "{request_id}",
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
}


def write_settings_sql(*, role: str, organization: str, user: str) -> str:
    """A list of SELECT columns that confines the transaction; the arguments are SQL expressions of type text.

    Its last two parameters are the request's source and id.
    """
    values = {
        "{role}": role,
        "{organization}": organization,
        "{user}": user,
        "{source}": "%s::text",
        "{request_id}": "%s::text",
    }
    return ", ".join(
        f"set_config('{name}', {values.get(value, repr(value))}, true)" for name, value in SETTINGS.items()
    )


CONFINE_SQL = f"SELECT {write_settings_sql(role='%s', organization='%s', user='%s')}, {AWAY_SQL.format('%s::bigint')}"


def confine_transaction(*, organization_id: int | None, user_id: int | None = None, operator: bool = False) -> None:
    """Let the rest of this transaction see and write one organization's rows only; an operator sees all.

    `organization_id` None means no rows at all. Must be called inside a transaction. Raises Moving and Moved for an
    organization that is not at home here.
    """
    # 'none' is the session's own role, which owns the tables, so row security lets it see everything.
    role = "none" if operator else TENANT_ROLE
    with connection.cursor() as cursor:
        named = [role, str(organization_id or ""), str(user_id or "")]
        cursor.execute(CONFINE_SQL, [*named, *read_origin(), organization_id])
        homes.refuse_away(cursor.fetchone()[-1])


def read_origin() -> list[str]:
    """The present request's source and id, as `write_settings_sql` takes them last; both empty outside of requests."""
    present = origin.get()
    return [present.source, present.request_id]


ATTRIBUTE_SQL = (
    "SELECT set_config('clientline.user_id', %s, true),"
    " set_config('clientline.source', %s, true), set_config('clientline.request_id', %s, true)"
)


def attribute(user: Caller | None) -> None:
    """Let the audit say that the rest of this transaction is `user`'s (None: nobody's), where no wall says so."""
    with connection.cursor() as cursor:
        cursor.execute(ATTRIBUTE_SQL, [str(user.pk) if user else "", *read_origin()])


def release() -> None:
    """End the confinement where the request's transaction was only a savepoint of a larger one, as in tests."""
    if connection.in_atomic_block:
        confine_transaction(organization_id=None, operator=True)


class TenantQuerySet(models.QuerySet):
    """Rows by scope. A model's own QuerySet adds the scopes it knows to `SCOPES`: name → user → Q."""

    SCOPES = {policy.ORG: lambda user: models.Q(organization=user.organization_id)}

    def visible_to(self, user: Caller, resource: str, action: str = "list") -> Self:
        """The rows on which the policy lets `user` do `action`; none at all when it is never permitted."""
        scope = policy.find_scope(user, resource, action)
        if scope == policy.EVERYTHING:
            return self
        if scope == policy.NEVER:
            return self.none()
        # Not .get(): a scope that this model does not know is an error, and never all rows.
        return self.filter(self.SCOPES[scope](user))
