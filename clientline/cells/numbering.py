"""The number of this installation, and its sequences, which keep to it."""

from clientline.cells.models import Cell
from clientline.database.prepared import connection
from clientline.database.sequences import find_highest_id, keep_residue, list_own_tables


class OtherCell(Exception):
    """The database is another cell than it is said to be."""


def keep_number(number: int, *, above: int = 0, address: str = "") -> Cell | None:
    """Make this installation the cell `number`, and let all sequences keep to it; None where it is none.

    Without a number (0) it stays the one that it is: tables may be new. Its number never changes, as others would give
    the same ids: raises OtherCell. Must be called in a transaction.
    """
    cell = Cell.objects.first()
    if cell is None and not number:
        return None
    if cell and number not in (0, cell.number):
        raise OtherCell(f"This database is cell {cell.number} for good, and CELL is {number}.")
    with connection.cursor() as cursor:
        cell = cell or Cell(number=number, highest_before=find_highest_id(cursor))
        cell.begins_above = max(cell.begins_above, above)
        for table in list_own_tables():
            keep_residue(cursor, table, cell.number, cell.begins_above)
    cell.address = address or cell.address
    cell.save()
    return cell
