"""Notes of a visit that becomes another client's: they stay for who works here, and its new client reads none of them.

They move to the end of the internal notes, each line marked as a mail's quotation is, under a line that says for whom
they were. So they can be found again: to be put back when it is undone at once, to be left out of what the new client
is handed, and to be erased with who had the visit.
"""

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext, override

from appointments.models import Appointment
from clientline.languages import OFFERED, choose_language

MARK = "> "
Values = dict[str, Any]


def keep_notes(visit: Appointment) -> Values:
    """The columns in which the notes for the visit's client are for the team alone."""
    if not visit.notes:
        return {}
    head = _write_head(choose_language(visit.organization.language), str(visit.client_id))
    lines = [head, *(MARK + line for line in visit.notes.split("\n"))]
    return {"notes": "", "internal_notes": "\n\n".join(filter(None, [visit.internal_notes, "\n".join(lines)]))}


def write_place(was: Appointment, visit: Appointment) -> str:
    """Where in the internal notes of the saved visit those are that were kept."""
    return f"length {len(was.internal_notes)}, version {visit.version}"


def put_back(visit: Appointment, place: str) -> Values:
    """The columns as they were before `keep_notes`, while nobody has written since."""
    length, version = (int(part.split(" ")[1]) for part in place.split(", "))
    # Else clients would read what somebody wrote behind it for the team.
    if visit.version != version:
        return {}
    _, *lines = visit.internal_notes[length:].lstrip("\n").split("\n")
    return {
        "notes": "\n".join(line.removeprefix(MARK) for line in lines),
        "internal_notes": visit.internal_notes[:length],
    }


def leave_out_kept(internal_notes: str, is_left_out: Callable[[int], bool]) -> str:
    """Internal notes without what was noted for the former clients of whose ids this holds."""
    heads = "|".join(re.escape(head).replace("0", "[0-9]+") for head in list_heads("0"))
    block = re.compile(rf"\n{{0,2}}^((?:{heads}))(?:\n{MARK}[^\n]*)*", re.MULTILINE)

    def leave_out(found: re.Match[str]) -> str:
        return "" if is_left_out(int(re.sub("[^0-9]", "", found[1]))) else found[0]

    return block.sub(leave_out, internal_notes).lstrip("\n")


def list_heads(client: str) -> list[str]:
    """What may stand above what was noted for a client, in each language: an organization may have changed its own."""
    return [_write_head(language, client) for language in OFFERED]


def _write_head(language: str, client: str) -> str:
    with override(language):
        return gettext("Noted for client %(client)s, who had the visit before:") % {"client": client}
