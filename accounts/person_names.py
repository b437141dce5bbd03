"""Names of people as they are read: “Weber, Kim” is Kim Weber."""

import re

SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|md|phd|dds|esq|gmbh|ag|kg|ug|inc|llc|ltd|sl|sa|sarl)\.?", re.IGNORECASE)


def find_first_name(name: str) -> str:
    """The first word of the given names; '' of a name without a word."""
    family, comma, given = name.partition(",")
    # Of “Kim Weber, Jr.” what follows the comma is no name.
    is_turned = comma and given.strip() and not SUFFIX.fullmatch(given.strip())
    return next(iter((given if is_turned else family).split()), "")


def put_family_last(name: str) -> str:
    """The name with its family name behind the others, also behind a suffix."""
    family, comma, given = name.partition(",")
    return f"{given} {family}" if comma else name
