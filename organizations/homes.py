"""Where an organization is at home: here, unless it moves or has moved to another installation.

What confines a transaction asks so in the same statement, and refuses whoever is elsewhere; changes are refused by a
trigger too (`operations.GUARD_HOME`), by whichever door they come.
"""

from clientline.refusals import Moved, Moving, Refused

# One column: null for whoever is at home. {} is the organization's id.
AWAY_SQL = """(SELECT relocation.state || ' ' || relocation.address FROM relocations relocation
    WHERE relocation.organization = {} AND relocation.state IN ('arriving', 'moved'))"""
# A condition for rows that the worker may take up.
IS_HERE = """NOT EXISTS (SELECT FROM relocations relocation WHERE relocation.organization = {}
    AND relocation.state IN ('frozen', 'arriving', 'moved'))"""


def refuse_away(away: str | None) -> None:
    """Raises Moving or Moved where `AWAY_SQL` found something."""
    if away:
        raise read_away(away)


def read_away(away: str) -> Refused:
    """The refusal that a value of `AWAY_SQL` stands for."""
    state, _, address = away.partition(" ")
    return Moved(address) if state == "moved" else Moving()
