"""Receipt numbers of rows that were copied or made up; what `ledger` settles gets its own from a trigger at once."""

from django.db import connection


def number_receipts(organization_id: int) -> None:
    """Number what has no number yet, in the order in which money moved, after the numbers that are given.

    For the owner only, and while the audit is paused: see migration 0009.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT number_receipts(%s)", [organization_id])
