"""Keyset pages: a page starts after a row, not after a count, so page 10,000 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import BooleanField, DateTimeField, Expression, F, Value
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination

from clientline.api.renderers import Answer
from clientline.notations import LARGEST_INTEGER, parse_instant

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
PLACES = ("cursor", "limit", "ordering")
PARAMETERS = (*PLACES, "count")


class Beyond(Expression):
    """`(a, id) > (x, y)` as one row comparison, which an index on both columns answers; `<` when descending."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, names, values, *, descending):
        super().__init__()
        self.operator = "<" if descending else ">"
        self.sides = [F(name) for name in names]
        self.sides += [value if isinstance(value, Expression) else Value(value) for value in values]

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
            position = tuple(_check_cursor_value(value, kind) for value, kind in zip(values, kinds, strict=True))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise _make_parameter_error(
                "cursor", "This cursor was not made for this list. Follow `next` and `previous`."
            ) from error
        return cls(ordering, position, backward)


def _check_cursor_value(value, kind):
    if isinstance(kind, DateTimeField):
        return parse_instant(value)
    if isinstance(value, str) and kind.get_internal_type() == "CharField":
        value.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
        if "\0" not in value:
            return value
    if type(value) is int and kind.primary_key and 0 < value <= LARGEST_INTEGER:
        return value
    raise ValueError


def _make_parameter_error(parameter, message):
    return ValidationError({parameter: [message]}, code="invalid")


@dataclass(frozen=True)
class Page:
    """What the SQL of a page depends on, besides the values it begins behind."""

    names: tuple
    descending: bool  # as it is read: a previous page is read backward
    limit: int
    begins: bool  # at the first row

    @classmethod
    def first(cls, ordering, limit=DEFAULT_LIMIT):
        """The one that is asked for without a cursor."""
        return cls(_list_names(ordering), ordering.startswith("-"), limit, begins=True)

    def __call__(self, rows, values):
        """The page's rows and one more, which tells whether others follow; `values` by the names of the order."""
        if not self.begins:
            rows = rows.filter(Beyond(self.names, [values[name] for name in self.names], descending=self.descending))
        order = [F(name).desc() if self.descending else F(name).asc() for name in self.names]
        return rows.order_by(*order)[: self.limit + 1]


def _list_names(ordering):
    """What rows are compared by: the id is the last."""
    name = ordering.removeprefix("-")
    return (name, "id") if name != "id" else ("id",)


class KeysetPagination(BasePagination):
    """Reads `cursor`, `limit`, `count` and `ordering`. A view lists the names it may be ordered by in `orderings`."""

    count = None

    def read(self, request, view):
        """The Page that is asked for, and the values it begins behind."""
        self.request = request
        self.limit = self.read_limit()
        self.ordering = self.read_ordering(view)
        self.names = _list_names(self.ordering)
        self.cursor = self.read_cursor(view.model)
        self.backward = self.cursor is not None and self.cursor.backward
        descending = self.ordering.startswith("-") != self.backward
        position = dict(zip(self.names, self.cursor.position, strict=True)) if self.cursor else {}
        return Page(self.names, descending, self.limit, begins=not position), position

    @property
    def is_all_that_is_asked(self):
        """Whether there is no filter to apply, nothing to count, and no parameter to refuse."""
        parameters = self.request.query_params.lists()
        return all(name in PLACES and len(values) == 1 and values[0] for name, values in parameters)

    def read_only_filter(self, name):
        """The value of this filter, where it is the only one and nothing is to be counted or refused; else None."""
        parameters = self.request.query_params
        is_alone = all(
            each in (*PLACES, name) and len(values) == 1 and values[0] for each, values in parameters.lists()
        )
        return parameters.get(name) if is_alone else None

    def count_if_wanted(self, rows):
        self.count = rows.count() if self.wants_count() else None

    def read_limit(self):
        text = self.request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
            raise _make_parameter_error("limit", f"Choose a whole number from 1 to {MAX_LIMIT}.")
        return int(text)

    def read_ordering(self, view):
        ordering = self.request.query_params.get("ordering", view.default_ordering)
        allowed = ("id", *view.orderings)
        if ordering.removeprefix("-") not in allowed:
            raise _make_parameter_error("ordering", f"Order by one of: {', '.join(allowed)}; `-` in front reverses.")
        return ordering

    def wants_count(self):
        text = self.request.query_params.get("count", "false")
        if text not in ("true", "false"):
            raise _make_parameter_error("count", "Say true or false.")
        return text == "true"

    def read_cursor(self, model):
        text = self.request.query_params.get("cursor")
        kinds = [model._meta.get_field(name) for name in self.names]
        return None if text is None else Cursor.decode(text, self.ordering, kinds)

    def make_link(self, answer, *, backward):
        cursor = Cursor(self.ordering, tuple(answer[name] for name in self.names), backward).encode()
        sent = self.request.query_params.lists()
        kept = [(name, value) for name, values in sent if name != "cursor" for value in values]
        url = self.request.build_absolute_uri(self.request.path)
        return f"{url}?{urlencode([*kept, ('cursor', cursor)])}"

    def get_paginated_response(self, data):
        """The page of these answers, of which there is one too many where others follow."""
        more, answers = len(data) > self.limit, data[: self.limit]
        if self.backward:
            answers.reverse()
        has_next, has_previous = self.backward or more, more if self.backward else self.cursor is not None
        body = {
            "next": self.make_link(answers[-1], backward=False) if answers and has_next else None,
            "previous": self.make_link(answers[0], backward=True) if answers and has_previous else None,
        }
        if self.count is not None:
            body["count"] = self.count
        return Answer(body | {"results": answers})

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
            "ordering": {"type": "string", "enum": orderings, "default": view.default_ordering},
            "organization": {"type": "integer", "format": "int64", "description": "Only for platform operators."},
        }
        return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in schemas.items()]
