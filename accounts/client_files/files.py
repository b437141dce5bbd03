"""A client file as it was sent: its table, and what its columns are taken for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.utils.translation import gettext as _

from accounts.client_files import vcards
from accounts.client_files.dates import Order, guess_order
from accounts.client_files.entries import Entries, read_entries
from accounts.client_files.headings import find_faults, fold_heading, guess_fields
from accounts.client_files.tables import Table, read_table
from clientline.web.sheets import Unreadable

SAMPLES = 2
# Its lines are visits: who came twice stands there twice, each time as they wrote their name that day.
_VISITS = frozenset({"inviteeemail"})


@dataclass(frozen=True)
class ClientFile:
    """A table and the field of each of its columns, "" for none; `order` is that of the birthdays."""

    table: Table
    fields: tuple[str, ...]
    order: Order

    @property
    def one_per_address(self) -> bool:
        return any(fold_heading(heading) in _VISITS for heading in self.table.headings)

    @property
    def faults(self) -> list[str]:
        """What is wrong with the choice of columns, as sentences."""
        return find_faults(self.fields)

    def read(self, today: date) -> Entries:
        return read_entries(self.table, self.fields, order=self.order, today=today)

    def samples(self, column: int) -> list[str]:
        """The first values of a column."""
        values = (row.cells[column] for row in self.table.rows if column < len(row.cells) and row.cells[column])
        return list(islice(values, SAMPLES))


def open_file(
    content: bytes, *, country: str, fields: Sequence[str] | None = None, order: Order | None = None
) -> ClientFile:
    """The file of these bytes, CSV or vCards, with chosen or guessed columns. Raises Unreadable."""
    if vcards.is_vcards(content):
        table, guessed = vcards.read_vcards(content), list(vcards.FIELDS)
    else:
        table = read_table(content)
        guessed = guess_fields(table.headings)
    chosen = tuple(guessed if fields is None else fields)
    if len(chosen) != len(table.headings):
        raise Unreadable(_("The columns were chosen for another file. Choose them again."))
    return ClientFile(table, chosen, order or guess_order(_list_birthdays(table, chosen), country))


def _list_birthdays(table: Table, fields: Sequence[str]) -> list[str]:
    if "birthday" not in fields:
        return []
    column = fields.index("birthday")
    return [row.cells[column] for row in table.rows if column < len(row.cells)]
