"""The table in a file of separated values, as spreadsheets and other products write it."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO

from django.utils.translation import gettext as _

from accounts.client_files.headings import guess_fields
from clientline import wording
from clientline.web.sheets import SEPARATORS, Unreadable, decode_text, read_cell

Guess = Callable[[Sequence[str]], list[str]]
LARGEST_BYTES = 5_000_000
MOST_LINES = 50_000
# Reports say their title, period and branch above the table.
_LINES_ABOVE = 12
_FORMULA_SEPARATOR = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
# Nearly every sequence of bytes is Windows text: what another encoding wrote reads as signs between letters, as a
# capital within a word, or as a run of accents. Nobody is called so, and a name that was guessed into rubbish is found
# when it stands on an envelope.
_SIGNS = (
    "\u00a2\u00a4-\u00a6\u00a8\u00a9\u00ac-\u00af\u00b1-\u00b3\u00b5\u00b6\u00b8\u00b9\u00bc-\u00be"
    "\u0192\u02c6\u02dc\u2020\u2021\u2030"
)
_RUBBISH = re.compile(
    f"[^\\W\\d_][{_SIGNS}\u0178\u00a1\u00a3\u00bf]|[{_SIGNS}\u00a3][^\\W\\d_]"
    "|[a-z\u00df-\u00ff][\u0160\u017d\u0152]|[\u00c0-\u00ff\u0152\u0153\u0160\u0161\u017d\u017e]{3}"
)


@dataclass(frozen=True)
class Row:
    """The cells of a record; the line of the file on which it begins, counted from 1."""

    line: int
    cells: list[str]


@dataclass
class Table:
    """What stands in a file; `stopped` where reading ended before its end, and why."""

    headings: list[str]
    heading_line: int
    rows: list[Row] = field(default_factory=list)
    stopped: tuple[int, str] | None = None
    from_windows: bool = False


def read_table(content: bytes, guess: Guess = guess_fields) -> Table:
    """The table in a file's bytes: its heading is the line of the first ones of which `guess` knows most.

    Raises Unreadable.
    """
    refuse_large(content)
    text, encoding = decode_text(content)
    if encoding == "cp1252" and _RUBBISH.search(text):
        raise Unreadable(_("It is not known how this file writes letters like ä or ł. Save it as “CSV UTF-8”."))
    separator, heading = _find_heading(text, guess)
    table = Table(heading.cells, heading.line, from_windows=encoding == "cp1252")
    _add_rows(table, text, separator)
    if not table.rows and table.stopped is None:
        raise Unreadable(_("The file has no line below its headings."))
    return table


def refuse_large(content: bytes) -> None:
    """Raises Unreadable for more than LARGEST_BYTES."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable(_("The file is larger than %(most)s MB. Split it.") % {"most": LARGEST_BYTES // 1_000_000})


def _find_heading(text: str, guess: Guess) -> tuple[str, Row]:
    """The separator and the heading. Without any heading that is known, the first line with most cells is it."""
    separators = _FORMULA_SEPARATOR.match(text)
    best: tuple[int, int, int, str, Row] | None = None
    for rank, separator in enumerate(separators.group(1) if separators else SEPARATORS):
        for row in _count_rows_above(text, separator):
            known = sum(map(bool, guess(row.cells)))
            rated = (known, sum(map(bool, row.cells)), -row.line - rank, separator, row)
            if best is None or rated[:3] > best[:3]:
                best = rated
    if best is None:
        raise Unreadable(_("The first line has to name the columns. It says: nothing."))
    return best[3], best[4]


def _count_rows_above(text: str, separator: str) -> list[Row]:
    """The first records, as far as they can be read with this separator."""
    found: list[Row] = []
    try:
        for row in _read_rows(text, separator):
            if row.line > _LINES_ABOVE or len(found) == _LINES_ABOVE:
                break
            found.append(row)
    except Unreadable:
        pass  # told when the table is read
    return found


def _add_rows(table: Table, text: str, separator: str) -> None:
    try:
        for row in _read_rows(text, separator):
            if row.line > table.heading_line:
                table.rows.append(row)
            if len(table.rows) > MOST_LINES:
                raise Unreadable(
                    _("The file has more than %(most)s lines. Split it.") % {"most": wording.write_number(MOST_LINES)}
                )
    except Unreadable as error:
        if error.line is None:
            raise
        table.stopped = (error.line, _("%(fault)s The lines after it were not read.") % {"fault": error})


def _read_rows(text: str, separator: str) -> Iterator[Row]:
    """Each record that is not empty, without blanks around its cells. Raises Unreadable with the line."""
    hint = _FORMULA_SEPARATOR.match(text)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not (hint and line == 1):
                yield Row(line, [read_cell(cell).strip() for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        if "limit" in str(error):
            raise Unreadable(_("A cell is far too long."), line) from error
        raise Unreadable(_("A quotation mark is opened and not closed, or stands inside a cell."), line) from error
