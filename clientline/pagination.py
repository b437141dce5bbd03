"""Keyset pages: a page starts after a row, not after a count, so page 10,000 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, DateTimeField, Expression, F, Value
from django.utils.http import urlencode
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from clientline.fields import parse_instant
from clientline.parsers import LARGEST_INTEGER

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
PARAMETERS = ("cursor", "limit", "count", "ordering")


class Beyond(Expression):
    """`(a, id) > (x, y)` as one row comparison, which an index on both columns answers; `<` when descending."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, names, values, *, descending):
        super().__init__()
        self.operator = "<" if descending else ">"
        self.names, self.values = names, values
        self.sides = [F(name) for name in names] + [Value(value) for value in values]

    def get_source_expressions(self):
        return self.sides

    def set_source_expressions(self, expressions):
        self.sides = expressions

    def as_sql(self, compiler, connection):
        parts = [compiler.compile(side) for side in self.sides]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({left}) {self.operator} ({right})", [value for _, values in parts for value in values]


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind the row at `position`, walking `backward` for the previous page."""

    ordering: str
    position: tuple
    backward: bool = False

    def encode(self):
        values = [value.isoformat() if isinstance(value, datetime) else value for value in self.position]
        return base64.urlsafe_b64encode(json.dumps([self.ordering, self.backward, *values]).encode()).decode()

    @classmethod
    def decode(cls, text, ordering, kinds):
        """The cursor in `text`, made for this `ordering`; `kinds` are the model fields of its position."""
        try:
            made_for, backward, *values = json.loads(base64.b64decode(text.encode("ascii"), b"-_", validate=True))
            if made_for != ordering or not isinstance(backward, bool):
                raise ValueError
            position = tuple(checked(value, kind) for value, kind in zip(values, kinds, strict=True))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise bad("cursor", "This cursor was not made for this list. Follow `next` and `previous`.") from error
        return cls(ordering, position, backward)


def checked(value, kind):
    if isinstance(kind, DateTimeField):
        return parse_instant(value)
    if isinstance(value, str) and kind.get_internal_type() == "CharField":
        value.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
        if "\0" not in value:
            return value
    if type(value) is int and kind.primary_key and 0 < value <= LARGEST_INTEGER:
        return value
    raise ValueError


def bad(parameter, message):
    return ValidationError({parameter: [message]}, code="invalid")


class KeysetPagination(BasePagination):
    """Reads `cursor`, `limit`, `count` and `ordering`. A view lists the names it may be ordered by in `orderings`."""

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        self.limit = self.read_limit()
        self.ordering = self.read_ordering(view)
        name = self.ordering.removeprefix("-")
        self.names = (name, "id") if name != "id" else ("id",)
        self.count = queryset.count() if self.wants_count() else None
        self.cursor = self.read_cursor(queryset.model)
        return self.page(queryset)

    def page(self, queryset):
        backward = self.cursor is not None and self.cursor.backward
        descending = self.ordering.startswith("-") != backward
        if self.cursor:
            queryset = queryset.filter(Beyond(self.names, self.cursor.position, descending=descending))
        order = [F(name).desc() if descending else F(name).asc() for name in self.names]
        rows = list(queryset.order_by(*order)[: self.limit + 1])
        more = len(rows) > self.limit
        rows = rows[: self.limit]
        if backward:
            rows.reverse()
        self.has_next = backward or more
        self.has_previous = more if backward else self.cursor is not None
        self.rows = rows
        self.columns = queryset._fields
        return rows

    def read_limit(self):
        text = self.request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
            raise bad("limit", f"Choose a whole number from 1 to {MAX_LIMIT}.")
        return int(text)

    def read_ordering(self, view):
        ordering = self.request.query_params.get("ordering", "id")
        allowed = ("id", *view.orderings)
        if ordering.removeprefix("-") not in allowed:
            raise bad("ordering", f"Order by one of: {', '.join(allowed)}; `-` in front reverses.")
        return ordering

    def wants_count(self):
        text = self.request.query_params.get("count", "false")
        if text not in ("true", "false"):
            raise bad("count", "Say true or false.")
        return text == "true"

    def read_cursor(self, model):
        text = self.request.query_params.get("cursor")
        kinds = [model._meta.get_field(name) for name in self.names]
        return None if text is None else Cursor.decode(text, self.ordering, kinds)

    def link(self, row, *, backward):
        if self.columns:
            position = tuple(row[self.columns.index(name)] for name in self.names)
        else:
            position = tuple(getattr(row, name) for name in self.names)
        parameters = self.request.query_params.copy()
        parameters["cursor"] = Cursor(self.ordering, position, backward).encode()
        url = self.request.build_absolute_uri(self.request.path)
        return f"{url}?{urlencode(parameters, doseq=True)}"

    def get_paginated_response(self, data):
        answer = {
            "next": self.link(self.rows[-1], backward=False) if self.rows and self.has_next else None,
            "previous": self.link(self.rows[0], backward=True) if self.rows and self.has_previous else None,
        }
        if self.count is not None:
            answer["count"] = self.count
        return Response(answer | {"results": data})

    def get_paginated_response_schema(self, schema):
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link,
                "previous": link,
                "count": {"type": "integer", "description": "Only with `count=true`."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view):
        orderings = [sign + name for name in ("id", *view.orderings) for sign in ("", "-")]
        schemas = {
            "cursor": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            "count": {"type": "boolean", "default": False},
            "ordering": {"type": "string", "enum": orderings, "default": "id"},
            "organization": {"type": "integer", "format": "int64", "description": "Only for platform operators."},
        }
        return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in schemas.items()]
