"""Saving what changed of a row, and only that."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def save_changes(instance: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Set and save the `values` that differ; each change adds 1 to `version`. Returns the names that changed.

    Nothing is saved, and no version counted, where none differs.
    """
    changed = [name for name, value in values.items() if differs(instance, name, value)]
    if not changed:
        return []
    for name in changed:
        setattr(instance, name, values[name])
    saved = list(changed)
    if hasattr(instance, "version"):
        # In Python: the caller has locked the row, and the answer needs the number.
        instance.version += 1
        saved.append("version")
    instance.save(update_fields=saved)
    return changed


def differs(instance: models.Model, name: str, value: Any) -> bool:
    """Whether the row holds another value under this name; what it refers to is compared by key."""
    field = instance._meta.get_field(name)
    # The key of what it refers to: the object itself would be read from the database.
    present = getattr(instance, field.attname)  # type: ignore[union-attr]  # a column, no way back
    return present != (value.pk if isinstance(value, models.Model) else value)
