"""The records of one person: those that were merged into one another, in whatever order that was done."""

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User


def select_records(*clients: int) -> QuerySet[User]:
    """All records of the people whose records these are, theirs included, by id. Whoever is no client is left out."""
    rows = User.objects.filter(pk__in=_find_keys(clients), role=User.Role.CLIENT)
    return rows.select_related("organization").order_by("id")


def _find_keys(clients: tuple[int, ...]) -> set[int]:
    found = set(clients)
    while more := _find_neighbours(found) - found:
        found |= more
    return found


def _find_neighbours(found: set[int]) -> set[int]:
    # Each by its index: of both in one condition PostgreSQL read the people of all organizations.
    merged = User.objects.filter(merged_into__in=found).values_list("pk", flat=True)
    kept = User.objects.filter(pk__in=found, merged_into__isnull=False).values_list("merged_into", flat=True)
    return set(merged.union(kept))


def hold_records(*clients: int) -> list[User]:
    """These rows as they are now; no other transaction writes them until this one ends.

    Comes before any other lock of these people.
    """
    # In the order of their ids, and none of them before: who held one record and waited for another would meet who
    # came the other way. So it starts over, holding nothing, when a merger joined somebody while it waited.
    while True:
        with transaction.atomic():
            held = list(select_records(*clients).select_for_update(no_key=True, of=("self",)))
            if [row.pk for row in held] == list(select_records(*clients).values_list("pk", flat=True)):
                return held
            transaction.set_rollback(True)
