"""What of the audit may be shown, by API, pages and files alike."""

from typing import Any

import orjson

# Kept by the audit for who reads the database; in no answer and on no page, also of rows from before this rule.
UNTOLD = ("is_superuser",)


def select_tellable(changes: dict[str, Any] | str) -> dict[str, Any]:
    """What may be shown of an audit row's changes, a dict or its JSON."""
    found = orjson.loads(changes) if isinstance(changes, str) else changes  # psycopg's own rows hold the text
    return {name: values for name, values in found.items() if name not in UNTOLD}
