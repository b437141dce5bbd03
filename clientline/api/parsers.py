"""Bodies: one JSON object in UTF-8, read strictly."""

import json
from decimal import Decimal

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

DEEPEST = 16


def _read_plain_decimal(text):
    if "e" in text.lower():
        raise ParseError(f"Write numbers in plain digits, without an exponent: {text[:40]}.")
    if len(text) > 40:
        raise ParseError("A number has too many digits.")
    return Decimal(text)


def _read_plain_integer(text):
    # Python refuses to read integers of thousands of digits, and nothing here needs more than bigint's 19.
    if len(text) > 40:
        raise ParseError("A number has too many digits.")
    return int(text)


def _refuse_constant(text):
    raise ParseError(f"{text} is not JSON.")


def _refuse_repeated_keys(pairs):
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ParseError("A key stands twice in one object.")
    return body


def read_object(body):
    """The JSON object in `body` (bytes). Raises ParseError, naming what is wrong."""
    try:
        text = body.decode()
        value = json.loads(
            text,
            parse_float=_read_plain_decimal,
            parse_int=_read_plain_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_repeated_keys,
        )
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ParseError("Send one JSON object.")
    _refuse_deep(value, DEEPEST)
    _refuse_unstorable(text, value)
    return value


def _refuse_deep(value, levels):
    """No body needs many levels, and whoever walks one later would meet Python's limit where nothing catches it."""
    if levels == 0:
        raise ParseError("The body is nested too deeply.")
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, (dict, list)):
            _refuse_deep(inner, levels - 1)


def _refuse_unstorable(text, value):
    """NUL and lone surrogates are JSON, but no text PostgreSQL or UTF-8 can hold."""
    if "\\u" not in text:
        return
    flat = json.dumps(value, default=str, ensure_ascii=False)
    if "\\u0000" in flat.replace("\\\\", ""):
        raise ParseError("A text holds a NUL character.")
    try:
        flat.encode()
    except UnicodeEncodeError as error:
        raise ParseError("A text holds half a character (a lone surrogate).") from error


def read_charset(media_type):
    """The charset a Content-Type names, UTF-8 by default, or None for one that cannot be read."""
    try:
        return parse_header_parameters(media_type)[1].get("charset", "utf-8").lower()
    except ValueError:
        return None


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        if read_charset(media_type) not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(media_type, "Send JSON in UTF-8.")
        return read_object(stream.read())
