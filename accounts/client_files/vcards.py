"""vCards, the address books of telephones and mail programs, as the table that a CSV file would hold."""

import re
from typing import Any

import vobject
from django.utils.translation import gettext as _

from accounts.client_files.tables import MOST_LINES, Row, Table, refuse_large
from clientline import wording
from clientline.web.sheets import Unreadable, decode_text

# One cell may hold several values, parted as Google parts them.
SEVERAL = " ::: "
HEADINGS = (
    "Display name", "First name", "Middle name", "Last name", "E-mail", "Mobile", "Phone", "Home phone",
    "Business phone", "Birthday", "Notes", "UID",
)  # fmt: skip
FIELDS = (
    "name", "first_name", "middle_name", "last_name", "email", "mobile", "phone", "home", "business", "birthday",
    "notes", "external_id",
)  # fmt: skip
_BEGIN = re.compile(rb"[\xef\xbb\xbf\xff\xfe\s]*BEGIN:VCARD\s", re.IGNORECASE)
_KINDS = {"cell": "mobile", "iphone": "mobile", "home": "home", "work": "business"}


def is_vcards(content: bytes) -> bool:
    return _BEGIN.match(content[:200].replace(b"\0", b"")) is not None


def read_vcards(content: bytes) -> Table:
    """The people of a file of vCards 2.1, 3 and 4. Raises Unreadable."""
    refuse_large(content)
    text = decode_text(content)[0]
    table = Table(list(HEADINGS), 0)
    try:
        begins = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().upper() == "BEGIN:VCARD"]
        for line, card in zip(begins, vobject.readComponents(text, ignoreUnreadable=True), strict=False):
            table.rows.append(Row(line, _list_cells(card.contents)))
            if len(table.rows) > MOST_LINES:
                raise Unreadable(
                    _("The file has more than %(most)s cards. Split it.") % {"most": wording.write_number(MOST_LINES)}
                )
    except vobject.base.ParseError as error:
        table.stopped = (error.lineNumber or 1, _("This card cannot be read. The lines after it were not read."))
    if not table.rows and table.stopped is None:
        raise Unreadable(_("The file has no card in it."))
    return table


def _list_cells(contents: dict[str, list[Any]]) -> list[str]:
    values: dict[str, list[str]] = {field: [] for field in FIELDS}
    values["name"] = _list_texts(contents, "fn")
    for name in contents.get("n", [])[:1]:
        values["first_name"] = _list_words(name.value.given)
        values["middle_name"] = _list_words(name.value.additional)
        values["last_name"] = _list_words(name.value.family)
    values["email"] = _list_texts(contents, "email")
    for telephone in contents.get("tel", []):
        values[_read_kind(telephone)].append(str(telephone.value).removeprefix("tel:").strip())
    values["birthday"] = _list_texts(contents, "bday")[:1]
    values["notes"] = _list_texts(contents, "note")
    values["external_id"] = _list_texts(contents, "uid")[:1]
    return [SEVERAL.join(filter(None, values[field])) for field in FIELDS]


def _list_texts(contents: dict[str, list[Any]], name: str) -> list[str]:
    return [str(each.value).strip() for each in contents.get(name, [])]


def _list_words(value: str | list[str]) -> list[str]:
    """A part of a name; some programs write several."""
    return [" ".join(value) if isinstance(value, list) else value]


def _read_kind(telephone: Any) -> str:
    """By TYPE, which version 4 may write as one quoted list, version 2.1 without its name."""
    types = ",".join([*telephone.params.get("TYPE", []), *telephone.singletonparams]).lower().split(",")
    return next((kind for type_, kind in _KINDS.items() if type_ in types), "phone")
