"""CSV as spreadsheets read it: downloads in which no cell is a formula."""

import csv
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile

from django.http import FileResponse

# A spreadsheet would take a text that begins like this for a formula, and run it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LARGEST_IN_MEMORY = 1024 * 1024


def cell(value, zone=None):
    """What stands for `value` in a file: instants in ISO format in `zone`, texts defused, nothing for None."""
    if value is None:
        return ""
    if hasattr(value, "astimezone"):
        return value.astimezone(zone).isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.startswith(FORMULA) else value


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
    return FileResponse(file, as_attachment=True, filename=filename, content_type="text/csv; charset=utf-8")
