"""The accounts on which an organization's bookkeeping enters money, as its admins write them down.

`cash 1600, card 1360, online 1361, other 1590, tips 1755, rounding 2660, revenue 8200, revenue 19 8400`: a use and a
number each, between commas or in lines. `revenue` with a percentage is for visits taxed at it, alone for those without;
those at 0 percent are among the latter unless `revenue 0` has an account.
"""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LINE = re.compile(r"(cash|card|online|other|tips|rounding|revenue)(?: ([0-9]{1,3}(?:\.[0-9]{1,2})?))? ([0-9]{4,8})")
PARTED = re.compile(r"[,\n]")

# A use of money, and for revenue the percentage of tax, or None.
Use = tuple[str, Decimal | None]


def read_accounts(text: str) -> dict[Use, str]:
    """The number of the account for each use. Raises ValidationError, which names what it cannot read."""
    found: dict[Use, str] = {}
    for line in filter(None, (each.strip() for each in PARTED.split(text))):
        parts = LINE.fullmatch(" ".join(line.split()))
        if not parts or (parts[2] and parts[1] != "revenue"):
            raise ValidationError(
                _("“%(line)s” is no account. Write like cash 1600, or revenue 19 8400.") % {"line": line},
                code="invalid",
            )
        use = (parts[1], Decimal(parts[2]).normalize() if parts[2] else None)
        if use in found:
            raise ValidationError(_("“%(line)s” is written down twice.") % {"line": line}, code="invalid")
        found[use] = parts[3]
    if len({len(number) for number in found.values()}) > 1:
        raise ValidationError(_("All accounts have as many digits as each other."), code="invalid")
    return found


def validate_accounts(text: str) -> None:
    """Raises ValidationError."""
    read_accounts(text)
