"""How everything is written as JSON: answers, problem documents, a person's export."""

from decimal import Decimal

import orjson
from django.utils.functional import Promise

# Seconds are what the contract shows; orjson writes offsets as +00:00 and never Z.
OPTIONS = orjson.OPT_OMIT_MICROSECONDS


def encode(value, *, indented=False):
    """The bytes of `value`."""
    return orjson.dumps(value, convert_other_types, OPTIONS | orjson.OPT_INDENT_2 if indented else OPTIONS)


def convert_other_types(value):
    """What orjson writes in place of a value that it does not know. Raises TypeError."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"  # amounts and percentages, whatever the scale that PostgreSQL answers them with
    if isinstance(value, (str, Promise)):  # subclasses: SafeString, ErrorDetail; texts that are marked, in English here
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
