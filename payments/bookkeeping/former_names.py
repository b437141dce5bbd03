"""What people and services were called at a moment, from the audit: renamed, they rename nothing that is over."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias

from django.db import connection

from organizations.models import Organization

# By table and id: when a name became another, and what it was until then; the earliest first.
Renamed: TypeAlias = dict[tuple[str, int], list[tuple[datetime, str]]]

# The table and the row first: they have an index of their own, and few of an organization's changes are of names.
RENAMED = """
    SELECT "table", row, at, changes->'name'->>0 FROM audit
    WHERE "table" = %(table)s AND row = ANY(%(rows)s::bigint[]) AND organization_id = %(organization)s
        AND action = 'update' AND at > %(since)s AND changes->'name'->>0 IS NOT NULL
    ORDER BY at, id
"""


class FormerNames:
    """The names of some people and services of an organization since an instant. A query for each table."""

    def __init__(
        self, organization: Organization, *, since: datetime, staff_ids: Collection[int], service_ids: Collection[int]
    ) -> None:
        self.renamed: Renamed = {}
        for table, rows in (("users", staff_ids), ("services", service_ids)):
            values: dict[str, Any] = {
                "table": table,
                "rows": list(rows),
                "organization": organization.pk,
                "since": since,
            }
            with connection.cursor() as cursor:
                cursor.execute(RENAMED, values)
                for found, row, at, name in cursor.fetchall():
                    self.renamed.setdefault((found, row), []).append((at, name))

    def find_name(self, table: str, pk: int, at: datetime, present: str) -> str:
        """What it was called then; `present` is its name now."""
        return next((name for until, name in self.renamed.get((table, pk), ()) if until > at), present)
