"""People made of the lines of a client file; what is wrong with a line is said with its column, as it was written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from accounts.client_files.dates import NotRead, Order, WithoutYear, read_birthday
from accounts.client_files.headings import TELEPHONES, fold_heading, identify_source
from accounts.client_files.tables import Row, Table
from accounts.person_names import find_fault_of_name, put_given_first
from clientline.languages import validate_language

LONGEST_SHOWN = 60
LONGEST = {"name": 200, "email": 254, "phone": 40, "external_id": 200, "notes": 5_000}
_YES = frozenset("yes y true 1 ja oui si sí tak subscribed opted-in opt-in".split())
_BLOCKED = _YES | {"blocked", "gesperrt"}
_SEVERAL = re.compile(r"\s*:::\s*|[;,\s]+")
# 4.91701E+11: what a spreadsheet makes of a long number, whose last digits are lost.
_SHORTENED = re.compile(r"\+?\d+([.,]\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Fault:
    """Why a line cannot be imported; `column` is its heading, "" where no one cell is to blame. `cell` as written."""

    line: int
    column: str
    reason: str
    cell: str = ""


@dataclass(frozen=True)
class Entry:
    """A person of a line. Texts are "" where nothing was said."""

    line: int
    name: str
    email: str = ""
    phone: str = ""
    birthday: date | None = None
    notes: str = ""
    language: str = ""
    consents: bool = False
    blocked: bool = False
    source: str = ""
    external_id: str = ""


@dataclass
class Entries:
    good: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


class _Line:
    """The cells of one line by field, the notes that grow out of them, and what is wrong with it."""

    def __init__(self, row: Row, headings: Sequence[str], fields: Sequence[str]):
        self.number = row.line
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self._cells: dict[str, list[tuple[str, str]]] = {}
        self._columns = fields, headings
        if any(row.cells[len(headings) :]):
            self.refuse("", gettext("There are more cells than headings. Put a text with separators in quotes."))
        for heading, name, cell in zip(headings, fields, row.cells, strict=False):
            if name and cell:
                self._cells.setdefault(name, []).append((heading, cell))

    def refuse(self, column: str, reason: str, cell: str = "") -> None:
        self.faults.append(Fault(self.number, column, reason, cell[:LONGEST_SHOWN]))

    def cells(self, name: str) -> list[tuple[str, str]]:
        """`(heading, text)` of each cell of the field that says something."""
        return self._cells.get(name, [])

    def text(self, name: str) -> str:
        told = self._cells.get(name)
        return told[0][1] if told else ""

    def heading(self, name: str) -> str:
        """Of the cell that says it, else of the first column that might have."""
        if name in self._cells:
            return self._cells[name][0][0]
        return next(
            (heading for field, heading in zip(*self._columns, strict=True) if field == name), name.capitalize()
        )


def read_entries(table: Table, fields: Sequence[str], *, order: Order, today: date) -> Entries:
    """The people of a table whose columns hold `fields` ("" for none), in the order of their lines."""
    found, source = Entries(), identify_source(table.headings, fields)
    for row in table.rows:
        line = _Line(row, table.headings, fields)
        entry = _read_entry(line, source, order, today)
        if line.faults:
            found.faults += line.faults
        else:
            found.good.append(entry)
    if table.stopped is not None:
        found.faults.append(Fault(table.stopped[0], "", table.stopped[1]))
    return found


def _read_entry(line: _Line, source: str, order: Order, today: date) -> Entry:
    name, email, phone = _read_name(line), _read_email(line), _read_phone(line)
    born, language = _read_birthday(line, order, today), _read_language(line)
    blocked = line.text("blocked").casefold() in _BLOCKED
    if blocked:
        line.notes.insert(0, f"Blocked: {line.text('block_reason')}".rstrip(": "))
    entry = Entry(
        line=line.number,
        name=name,
        email=email,
        phone=phone,
        birthday=born,
        notes="\n".join([*(text.replace(" ::: ", "\n") for _, text in line.cells("notes")), *line.notes]),
        language=language,
        consents=line.text("consent").casefold() in _YES,
        blocked=blocked,
        source=source if line.text("external_id") else "",
        external_id=line.text("external_id"),
    )
    _refuse_bad_texts(line, entry)
    return entry


def _read_name(line: _Line) -> str:
    """First, middle and last name where they are told, else the whole one; `Last, First` is turned around."""
    parts = " ".join(filter(None, (line.text(name) for name in ("first_name", "middle_name", "last_name"))))
    name = " ".join(parts.split()) or put_given_first(line.text("name"))
    if not name:
        line.refuse(line.heading("name"), gettext("The name is missing."))
    elif fault := find_fault_of_name(name):
        line.refuse(line.heading("name"), fault, name)
    return name


def _read_email(line: _Line) -> str:
    """The first address, in lower case, before all a contact address of ours; the others go to the notes."""
    first = ""
    for heading, cell in sorted(line.cells("email"), key=lambda told: fold_heading(told[0]) != "contactemail"):
        for address in filter(None, _SEVERAL.split(cell)):
            try:
                validate_email(address)
            except ValidationError:
                line.refuse(heading, gettext("This is no e-mail address."), cell)
                break
            if not first:
                first = address.lower()
            elif address.lower() != first:
                line.notes.append(f"E-mail: {address}")
    return first


def _read_phone(line: _Line) -> str:
    """The first number by what it is: mobile, main, home, work. The others go to the notes."""
    first = ""
    for name in TELEPHONES:
        for heading, cell in line.cells(name):
            for number in filter(None, (part.strip() for part in cell.split(":::"))):
                if _SHORTENED.fullmatch(number):
                    line.refuse(
                        heading, gettext("A spreadsheet shortened this number. Format the column as text."), number
                    )
                elif not first and any(map(str.isdigit, number)):
                    first = number
                elif number != first:
                    line.notes.append(f"{heading}: {number}")
    return first


def _read_birthday(line: _Line, order: Order, today: date) -> date | None:
    try:
        return read_birthday(line.text("birthday"), order=order, today=today)
    except WithoutYear as told:
        line.notes.append(f"{line.heading('birthday')}: {told.day:02}-{told.month:02} (day and month)")
    except NotRead as error:
        line.refuse(line.heading("birthday"), str(error), line.text("birthday"))
    return None


def _read_language(line: _Line) -> str:
    """The tag of a language, like de; another word for it goes to the notes."""
    language = line.text("language").replace("_", "-")
    try:
        validate_language(language)
    except ValidationError:
        line.notes.append(f"{line.heading('language')}: {language}")
        return ""
    return language


def _refuse_bad_texts(line: _Line, entry: Entry) -> None:
    for name, longest in LONGEST.items():
        text = getattr(entry, name)
        if "\0" in text:
            line.refuse(line.heading(name), gettext("Null characters are not allowed."), text)
        elif len(text) > longest:
            line.refuse(
                line.heading(name), gettext("This is longer than %(longest)s characters.") % {"longest": longest}, text
            )
