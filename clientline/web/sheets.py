"""CSV as spreadsheets read and write it: downloads in which no cell is a formula, and uploads of any of them."""

import codecs
import csv
import re
from datetime import datetime
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile

from django.http import FileResponse
from django.utils.translation import gettext as _

from clientline.made_addresses import show_address

# What a spreadsheet would take for a formula, and run: the four signs in all widths, behind what it does not show, and
# behind quotes of ours, so that a quote before it is never ambiguous; and what begins with a tab or a new line.
FORMULA = re.compile(
    r"'*([\t\r\n]|[\s\0\u200b-\u200f\u2060\ufeff]*[=+@\-\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212])"
)
# At its worst arithmetic: digits in groups, by E.164 at most 15, and nothing that could name a cell or a function.
TELEPHONE = re.compile(r"\+(?:[ ()./-]{0,3}[0-9]){7,15}")
TYPE = "text/csv; charset=utf-8"
LARGEST_IN_MEMORY = 1024 * 1024
SEPARATORS = (",", ";", "\t")
WORKBOOK = b"PK\x03\x04"


class Unreadable(Exception):
    """This is no CSV. Says what to do; `line` where it was noticed, None for the whole file."""

    def __init__(self, reason, line=None):
        super().__init__(reason)
        self.line = line


def write_cell(value, zone=None):
    """What stands for `value` in a file: instants in ISO format in `zone`, texts defused, nothing for None.

    Nor for a sign-in address that was made.
    """
    if isinstance(value, str):
        value = show_address(value)
        return f"'{value}" if FORMULA.match(value) and not TELEPHONE.fullmatch(value) else value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def write_column(values, zone=None):
    """The cells for values of one column, all of one kind or None."""
    kind = next((type(value) for value in values if value is not None), None)
    if kind is str:
        # Only of texts each is written once: 1 and True, 45 and 45.00 are equal, and stand in a file differently.
        cells = {text: write_cell(text) for text in set(values)}
        return [cells[text] for text in values]
    if kind is datetime:
        return ["" if value is None else value.astimezone(zone).isoformat() for value in values]
    return [write_cell(value) for value in values]


def read_cell(cell):
    """The text that stands in a file as this cell: what `write_cell` put before a formula is not of it.

    Telephones of older exports have the quote, too, and lose it.
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def download(filename, rows):
    """An answer with `rows`, lists of cells, as a file.

    It is written before it is sent, because an answer that is streamed is read after the request's transaction.
    """
    file = SpooledTemporaryFile(max_size=LARGEST_IN_MEMORY)  # noqa: SIM115 -- the answer closes it
    text = TextIOWrapper(
        file, encoding="utf-8-sig", newline=""
    )  # without its mark Excel takes UTF-8 for something else
    csv.writer(text).writerows(rows)
    text.detach()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename, content_type=TYPE)


def decode_text(content):
    """`(text, encoding)` of a file's bytes: UTF-8 with or without its mark, UTF-16 with it, else Windows' own."""
    if content.startswith(WORKBOOK):
        raise Unreadable(_("This is an Excel workbook. Save it as “CSV UTF-8” and choose that file."))
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Every other character is one where UTF-16 comes without its mark.
        if 8 * text.count("\0") <= len(text):
            return text, encoding
        break
    raise Unreadable(_("This is no text. Save the list as “CSV UTF-8” and choose that file."))
