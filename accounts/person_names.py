"""Names of people: what is one, and how it is read, “Weber, Kim” as Kim Weber."""

import re
import unicodedata

from django.utils.translation import gettext

SUFFIX = re.compile(r"(jr|sr|ii|iii|iv|md|phd|dds|esq|gmbh|ag|kg|ug|inc|llc|ltd|sl|sa|sarl)\.?", re.IGNORECASE)

# Letters and signs in Unicode's eyes that are drawn as nothing: fillers of Hangul, the blank pattern of Braille.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# They would turn around what stands behind the name, too, on pages, in mails and files. The marks for one place
# (U+200E, U+200F, U+061C) and joiners are not among them: names are written with these.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def find_fault(name: str) -> str:
    """What is wrong with a name that anybody types or a file holds; '' of one that people can read."""
    if not any(_is_seen(each) for each in name):
        return gettext("Write a name that can be seen.")
    if TURNING & set(name):
        return gettext("Leave out the hidden signs that turn the direction of writing around.")
    return ""


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK


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
