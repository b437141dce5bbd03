"""Reads whose SQL is made once: the ORM describes them, with stand-ins for the values that differ from call to call.

Building and compiling a queryset takes Django several times as long as PostgreSQL takes to answer it.
"""

from django.db import connection
from django.db.models import BooleanField, F, Func, Value
from psycopg.types.numeric import Int8


class Given(Value):
    """Stands in a queryset for a value that is given when the statement runs."""

    def __init__(self, name):
        super().__init__(None)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


def any_of(field, name):
    """A condition: the key in `field` is one of the list that is given under `name`."""
    template = "(%(expressions)s::bigint[]))"
    return Func(F(field), Given(name), template=template, arg_joiner=" = ANY(", output_field=BooleanField())


def sized(value):
    """psycopg would choose a type for each integer by its size, and each choice would be prepared anew."""
    if type(value) is int:
        return Int8(value)
    return [Int8(each) for each in value] if type(value) is list else value


class Statement:
    """A compiled queryset of `values_list` rows."""

    def __init__(self, queryset):
        self.sql, self.parameters = queryset.query.sql_with_params()

    def rows(self, values):
        """The rows as tuples; `values` by the names of the stand-ins."""
        parameters = [values[each.name] if isinstance(each, Given) else each for each in self.parameters]
        with connection.prepared_cursor() as cursor:
            cursor.execute(self.sql, [sized(each) for each in parameters])
            return cursor.fetchall()
