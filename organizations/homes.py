"""Where an organization is at home: here, unless it moves or has moved to another installation.

What confines a transaction asks so in the same statement, and refuses whoever is elsewhere; changes are refused by a
trigger too (`operations.GUARD_HOME`), by whichever door they come.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from clientline.refusals import Moved, Moving, Refused

# One column: null for whoever is at home. {} is the organization's id.
AWAY_SQL = """(SELECT relocation.state || ' ' || relocation.address FROM relocations relocation
    WHERE relocation.organization = {} AND relocation.state IN ('arriving', 'moved'))"""
# A condition for rows that the worker, or a command, may take up: a change of others it would pass by without a word.
IS_HERE = """NOT EXISTS (SELECT FROM relocations relocation WHERE relocation.organization = {}
    AND relocation.state IN ('frozen', 'arriving', 'moved'))"""


def keep_those_here(rows: QuerySet[Any], column: str = "organization_id") -> QuerySet[Any]:
    """Those of the rows that a command may change; `column` names their organization."""
    is_here = IS_HERE.format(f"{rows.model._meta.db_table}.{column}")
    return rows.filter(RawSQL(is_here, [], output_field=BooleanField()))


def refuse_elsewhere(organization_id: int) -> None:
    """For a command that names somebody, and would else say it was done. Raises Moving and Moved."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {AWAY_SQL.format('%s::bigint')}", [organization_id])
        refuse_away(cursor.fetchone()[0])


def refuse_away(away: str | None) -> None:
    """Raises Moving or Moved where `AWAY_SQL` found something."""
    if away:
        raise read_away(away)


def read_away(away: str) -> Refused:
    """The refusal that a value of `AWAY_SQL` stands for."""
    state, _, address = away.partition(" ")
    return Moved(address) if state == "moved" else Moving()
