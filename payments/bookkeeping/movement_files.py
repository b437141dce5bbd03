"""Movements as files, in bytes: the same movements are the same bytes, whenever and by whomever they are asked for."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from django.utils.text import slugify
from django.utils.translation import gettext as _

from appointments.periods import Period
from clientline.refusals import FieldRefused
from clientline.web.sheets import write_cell
from payments.bookkeeping import datev
from payments.bookkeeping.movements import Movement, list_movements

FORMATS = ("csv", "datev", "bank")
SEPARATORS = ("point", "comma")
BOOKKEEPERS_OWN = ("saft", "fec")
MONTHS_FIRST = ("US",)  # countries
WORDS = {"settled": "Receipt", "refunded": "Refund", "voided": "Void receipt"}


def write_file(period: Period, form: str = "csv", separators: str = "point") -> tuple[str, bytes]:
    """The name and the bytes of a file of the period's movements. Raises FieldRefused."""
    if form in BOOKKEEPERS_OWN:
        raise FieldRefused("format", "invalid_choice", _("SAF-T and FEC are for the bookkeeping program to write."))
    if form not in FORMATS:
        raise FieldRefused(
            "format", "invalid_choice", _("Choose one of: {choices}.").format(choices=", ".join(FORMATS))
        )
    if separators not in SEPARATORS:
        raise FieldRefused(
            "separators", "invalid_choice", _("Choose one of: {choices}.").format(choices=", ".join(SEPARATORS))
        )
    movements = list_movements(period)
    name = f"{slugify(period.organization.name)}_{period.first}_{period.last}"
    if form == "datev":
        return f"EXTF_Buchungsstapel_{name}.csv", datev.write_batch(period, movements)
    if form == "bank":
        return f"bank_{name}.csv", _write_bank(period, movements)
    return f"movements_{name}.csv", _write_csv(period, movements, with_comma=separators == "comma")


def _write_rows(rows: Iterable[Iterable[object]], delimiter: str = ",") -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode()


def _write_csv(period: Period, movements: list[Movement], *, with_comma: bool) -> bytes:
    """All that is known of each movement; with the decimal comma of the place if wished, and semicolons then."""

    def write(value: object) -> object:
        cell = write_cell(value)
        return cell.replace(".", ",") if with_comma and isinstance(value, Decimal) else cell

    currency = period.organization.currency
    rows = [[*map(write, movement), currency] for movement in movements]
    return _write_rows([[*Movement._fields, "currency"], *rows], ";" if with_comma else ",")


def _write_bank(period: Period, movements: list[Movement]) -> bytes:
    """A statement as Xero and QuickBooks read it: a line for each sum that moved, tip and rounding within it."""
    form = "%m/%d/%Y" if period.organization.country in MONTHS_FIRST else "%d/%m/%Y"
    rows = []
    # Needs the lines of one movement side by side, as `list_movements` has them.
    for _key, parts in groupby(movements, lambda line: (line.event, line.payment, line.refund)):
        lines = list(parts)
        first, amount = lines[0], sum((line.amount for line in lines), Decimal(0))
        if amount:
            about = f"{WORDS[first.event]} {first.receipt_number}, {first.service_name}, visit {first.appointment}"
            told = map(write_cell, (amount, first.staff_name, about, first.receipt_number, first.payment_method))
            rows.append([first.date.strftime(form), *told])
    return _write_rows([["Date", "Amount", "Payee", "Description", "Reference", "Method"], *rows])
