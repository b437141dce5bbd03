"""SQL that is made once: the ORM describes it, with stand-ins for the values that differ from call to call.

Building and compiling a queryset takes Django several times as long as PostgreSQL takes to answer it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as this_threads_connection
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.base import ModelState
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

from clientline.callers import Caller

if TYPE_CHECKING:
    from clientline.postgres.backend.base import DatabaseWrapper


# The backend of this project can be asked directly.
connection = cast("DatabaseWrapper", this_threads_connection)


class Given(Value):
    """Stands in a queryset for a value that is given when the statement runs."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def as_sql(  # type: ignore[override]  # its parameter is itself: what stands in for a value
        self, compiler: object, connection: object
    ) -> tuple[str, list]:
        return "%s", [self]


def is_one_of(field: str, name: str) -> Func:
    """A condition: the key in `field` is one of the list that is given under `name`."""
    return _match_any(field, Given(name))


def has_key_among(keys: Sequence[int]) -> Func:
    """A condition: a row's own key is one of `keys`. They are one value; `pk__in` makes of each a placeholder."""
    return _match_any("pk", Value(keys))


def _match_any(field: str, keys: Value) -> Func:
    template = "(%(expressions)s::bigint[]))"
    return Func(F(field), keys, template=template, arg_joiner=" = ANY(", output_field=BooleanField())


def stand_for_any_caller(role: str, is_superuser: bool, sees_team: bool) -> Caller:
    """Stands for all callers of one standing; their own key and organization are given when the statement runs."""
    caller, organization = Given("caller"), Given("organization")
    person = get_user_model()(pk=caller, organization_id=organization, role=role, is_superuser=is_superuser)
    vars(person)["sees_team"] = sees_team  # else the organization would be asked, which is nobody's in particular
    return person


def read_standing(caller: Caller) -> tuple[str, bool, bool]:
    """What `stand_for_any_caller` takes: all callers of one standing are served by one statement."""
    return caller.role, caller.is_superuser, caller.sees_team


def identify_caller(caller: Caller) -> dict[str, Any]:
    """The values for the stand-ins of `stand_for_any_caller`."""
    return {"caller": caller.pk, "organization": caller.organization_id}


def _fix_size(value: Any) -> Any:
    """psycopg would choose a type for each integer by its size, and each choice would be prepared anew."""
    # Not isinstance: True is an int, too, and has to stay a boolean.
    if type(value) is int:
        return Int8(value)
    return [_fix_size(each) for each in value] if type(value) is list else value


def _write_literal(value: Any) -> str:
    """A value as it stands in SQL that has placeholders."""
    return Literal(value).as_string().replace("%", "%%")


class Statement:
    """A compiled queryset of `values_list` rows. Values that are not Given are part of it: plans may count on them."""

    def __init__(self, queryset: QuerySet) -> None:
        # What calls a function that writes belongs into a Written: here its COMMIT would not be waited for.
        self.only_reads = not queryset.query.select_for_update
        try:
            sql, parameters = queryset.query.sql_with_params()
        except EmptyResultSet:  # the ORM knows that there is no row
            sql, parameters = "SELECT WHERE false", ()
        written_in = ("%s" if isinstance(each, Given) else _write_literal(each) for each in parameters)
        # Twice: once for the values that are written in here, once for those that are given.
        self.sql = sql.replace("%%", "%%%%") % tuple(written_in)
        self.names = [each.name for each in parameters if isinstance(each, Given)]

    def rows(self, values: Mapping[str, Any]) -> list:
        """The rows; `values` by the names of the stand-ins."""
        (rows,) = connection.ask(self.fill_in(values), only_reads=self.only_reads)
        return self.read(rows)

    def tell(self, values: Mapping[str, Any]) -> None:
        """Run it, needing no rows: it travels with the next statement, which raises its error, too."""
        connection.tell(*self.fill_in(values))

    def fill_in(self, values: Mapping[str, Any]) -> tuple[str, list]:
        """The SQL, and the values in the order of its placeholders. Raises KeyError for one that is missing."""
        return self.sql, [_fix_size(values[name]) for name in self.names]

    def read(self, rows: list[tuple]) -> list:
        """What PostgreSQL's rows are to the caller: here tuples, in the order of `values_list`."""
        return rows


class Planned(Statement):
    """One that is made once, and planned for the values of each run: where it depends on these which way is short."""

    def rows(self, values: Mapping[str, Any]) -> list:
        # Not prepared: the requests' settings would have it planned once for all values.
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [values[name] for name in self.names])
            return cursor.fetchall()


class Written(Statement):
    """A statement that no queryset can say; `names` are those of its placeholders."""

    def __init__(self, sql: str, *names: str, only_reads: bool = False) -> None:
        self.sql, self.names, self.only_reads = sql, list(names), only_reads


Row = TypeVar("Row", bound=Model)


def make_row(model: type[Row], attributes: Sequence[str], values: Sequence[Any]) -> Row:
    """An object as the ORM makes it of a row: saved, so that save() will UPDATE. What is left out is read later."""
    # Not from_db, which sets one attribute after the other and sends two signals that nobody here listens to: it takes
    # five times as long, three times in each request.
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, connection.alias
    vars(row).update(zip(attributes, values, strict=True))
    return row


class Objects(Statement):
    """A compiled queryset whose rows are objects, with these of its annotations."""

    def __init__(self, queryset: QuerySet, *annotations: str) -> None:
        self.model = queryset.model
        self.attributes = [*(field.attname for field in self.model._meta.concrete_fields), *annotations]
        super().__init__(queryset.values_list(*self.attributes))

    def read(self, rows: list[tuple]) -> list:
        return [make_row(self.model, self.attributes, row) for row in rows]


class Insertion:
    """The compiled INSERT of one row, with what Python says of every column. `conflict` is its ON CONFLICT clause."""

    def __init__(self, model: type[Model], conflict: str = "") -> None:
        meta, quote = model._meta, connection.ops.quote_name
        self.attributes = [field.attname for field in meta.concrete_fields]
        self.fields = [field for field in meta.concrete_fields if not field.primary_key]
        names = {field: quote(str(field.column)) for field in meta.concrete_fields}
        columns = ", ".join(names[field] for field in self.fields)
        places = ", ".join(["%s"] * len(self.fields))
        table, row = quote(meta.db_table), ", ".join(names.values())
        self.sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) {conflict} RETURNING {row}"  # noqa: S608 -- names

    def save(self, row: Model) -> bool:
        """Give the row all that the database now says of it; whether it was saved at all."""
        (rows,) = connection.ask((self.sql, self._list_values(row)))
        if not rows:
            return False
        row._state.adding, row._state.db = False, connection.alias
        for name, value in zip(self.attributes, rows[0], strict=True):
            setattr(row, name, value)
        return True

    def tell(self, row: Model) -> None:
        """Save a row that nobody looks at any more: it travels with the next statement, which raises its error, too."""
        connection.tell(self.sql, self._list_values(row))

    def _list_values(self, row: Model) -> list:
        # The model's save() is not called and no signal is sent: nobody may rely on either for rows made like this.
        own = connections[DEFAULT_DB_ALIAS]  # what `connection` stands for, looked up once and not for each value
        values = (field.get_db_prep_save(field.pre_save(row, add=True), own) for field in self.fields)
        return [_fix_size(value) for value in values]


# What is to be run: a statement, and its values by the names of the stand-ins.
Asked: TypeAlias = tuple[Statement, Mapping[str, Any]]


def run_in_one_trip(*asked: Asked) -> list[list]:
    """The rows of each (statement, values), run one after the other in a single round trip."""
    # All are sent before any answers, so none may need another's rows. The first error ends the rest of the trip.
    only_reads = all(statement.only_reads for statement, _ in asked)
    found = connection.ask(*(statement.fill_in(values) for statement, values in asked), only_reads=only_reads)
    return [statement.read(rows) for (statement, _), rows in zip(asked, found, strict=True)]
