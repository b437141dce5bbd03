"""Placeholders: the words in braces that a text may hold, from a closed list. They are filled in; nothing is run."""

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

# Each with what stands there, as pages explain it.
PLACEHOLDERS = {
    "client": gettext_lazy("the client's name"),
    "organization": gettext_lazy("your name"),
    "service": gettext_lazy("what was booked"),
    "staff": gettext_lazy("with whom"),
    "day": gettext_lazy("the day, as Tuesday, 1 December 2026"),
    "time": gettext_lazy("when it starts"),
    "end": gettext_lazy("when it ends"),
    "address": gettext_lazy("your address"),
    "phone": gettext_lazy("your telephone"),
    "link": gettext_lazy("where the client manages the visit; empty where there is no such page"),
    "receipt": gettext_lazy("number, amounts and tax, in texts of kind receipt"),
    "code": gettext_lazy("the digits, in texts of kind code"),
}
IN_BRACES = re.compile(r"\{(\w*)\}")
BLANK_LINES = re.compile(r"\n{3,}")


def validate_placeholders(text: str) -> None:
    """Refuse braces around anything else. Raises ValidationError."""
    unknown = [name for name in IN_BRACES.findall(text) if name not in PLACEHOLDERS]
    if unknown or re.search("[{}]", IN_BRACES.sub("", text)):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValidationError(gettext("In braces only these may stand: %(known)s.") % {"known": known}, code="invalid")


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, those without a value by nothing; a line of nothing else is left out."""
    lines = [_fill_line(line, values) for line in text.splitlines()]
    return BLANK_LINES.sub("\n\n", "\n".join(line for line in lines if line is not None)).strip()


def _fill_line(line: str, values: Mapping[str, str]) -> str | None:
    # In one pass: a value in braces, as a client may be called, is no placeholder.
    filled = IN_BRACES.sub(lambda found: values.get(found[1], ""), line)
    return None if not filled.strip() and line.strip() else filled.rstrip()
