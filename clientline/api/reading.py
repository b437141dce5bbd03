"""How lists and details are read: SQL that is made once, and answers straight from its rows.

Django takes 0.4 to 0.6 ms to build and compile the queryset of a list, and DRF 3.7 ms to render a hundred rows of it;
PostgreSQL answers in 0.3. So a read goes another way, and gains four to twenty times as much as it would cost by DRF:

1. A view says which rows a caller may see, in `rows(caller, path, action)`. It is a class method: what else the request
   holds it cannot see, because its SQL is made once and serves everybody of the same standing (role, operator or not,
   whether they see the team's calendar).
2. `find_statement` describes that queryset with stand-ins (`Given`) for the caller's key and organization, for the
   ids in the path, and for where a page begins, and keeps the compiled `Statement`.
3. `Statement.rows(values)` runs it as a prepared statement, with the values of this call.
4. The serializer's `Reader` turns the rows, columns in the order of its fields, into answers.

A search of people alone is read so, too, but planned for its words. A list with other filters, or one that is counted,
takes the second and fourth step by the ORM each time; a serializer with
a field that is not in CONVERSIONS answers in DRF's own way. All ways give the same bytes, which
`clientline/api/tests/test_read_paths.py` compares. `manage.py explain "GET /users" --as manager` prints what is run.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, tzinfo
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers

from clientline.api import fields
from clientline.callers import Caller
from clientline.database.prepared import Given, Planned, Statement, identify_caller, read_standing, stand_for_any_caller
from clientline.disclosure import select_tellable
from clientline.made_addresses import show_address

Conversion: TypeAlias = Callable[[Sequence[Any], tzinfo], list]


def _localize(column: Sequence[datetime | None], zone: tzinfo) -> list[datetime | None]:
    return [instant and instant.astimezone(zone) for instant in column]


def _write(column: Sequence[object], zone: tzinfo) -> list[str | None]:
    return [None if value is None else str(value) for value in column]


def _write_clock(column: Sequence[time | None], zone: tzinfo) -> list[str | None]:
    return [None if clock is None else clock.isoformat("minutes") for clock in column]


def _show_addresses(column: Sequence[str], zone: tzinfo) -> list[str]:
    return [show_address(address) for address in column]


def _tell(column: Sequence[dict | None], zone: tzinfo) -> list[dict | None]:
    return [None if changes is None else select_tellable(changes) for changes in column]


# For each type of field, the function that turns a column of values into what the field would answer to a caller in
# `zone`, NULL into None; None: the values as they are.
CONVERSIONS: dict[type[serializers.Field], Conversion | None] = {
    fields.InstantField: _localize,
    fields.ClockField: _write_clock,
    fields.StrictDecimalField: _write,
    fields.StrictDateField: None,
    fields.StrictCharField: None,
    fields.StrictEmailField: None,
    fields.OptionalEmailField: None,
    fields.SignInAddressField: _show_addresses,
    fields.BirthdayField: None,
    fields.StrictBooleanField: None,
    fields.StrictIntegerField: None,
    fields.StrictChoiceField: None,
    fields.Reference: None,
    fields.References: None,
    fields.ChoicesField: None,
    fields.ChangesField: _tell,
    serializers.PrimaryKeyRelatedField: None,
    serializers.IntegerField: None,
    serializers.BigIntegerField: None,
    serializers.CharField: None,
    serializers.UUIDField: _write,
    serializers.IPAddressField: None,
}


class Reader:
    """Turns `values_list` rows of `columns` into answers: the bytes of DRF's way at a fraction of the work."""

    def __init__(self, fields_by_name: dict[str, serializers.Field]):
        self.names = tuple(fields_by_name)
        self.columns = tuple(_find_column(field) for field in fields_by_name.values())
        self.conversions = [CONVERSIONS[type(field)] for field in fields_by_name.values()]
        self.blank: dict[str, Any] = dict.fromkeys(self.names)
        self.values_of = attrgetter(*(path.replace("__", ".") for path in self.columns))

    def __call__(self, rows: Sequence[tuple]) -> list[dict]:
        # Column by column: a call for each field of each row would cost twice as much, and to make each answer of
        # its names and values a third more than to fill in a copy. The lengths are those of the SELECT: not compared.
        zone = timezone.get_current_timezone()
        answers = [self.blank.copy() for _ in rows]
        for name, convert, column in zip(self.names, self.conversions, zip(*rows)):  # noqa: B905
            values = convert(column, zone) if convert else column
            for answer, value in zip(answers, values):  # noqa: B905
                answer[name] = value
        return answers

    def read_object(self, row: Model) -> dict:
        """The answer for one object; what it refers to is read where it has not been yet."""
        (answer,) = self([self.values_of(row)])
        return answer


def _find_column(field: serializers.Field) -> str:
    path = "__".join(field.source_attrs)
    return f"{path}_id" if isinstance(field, serializers.PrimaryKeyRelatedField) else path


Values: TypeAlias = dict[str, Any]  # by name; while a statement is made, stand-ins in their place
# With `depends_on_values`, a statement is planned for the values of each run.
Select: TypeAlias = Callable[[QuerySet, Values], QuerySet]


class Answer(Protocol):
    """A serializer, as far as reading goes."""

    @classmethod
    def annotate(cls, queryset: QuerySet) -> QuerySet: ...

    @classmethod
    def reader(cls) -> Reader: ...


class View(Protocol):
    """A view that is read here. It never sees a request."""

    @classmethod
    def answer_class(cls, caller: Caller) -> type[Answer]: ...

    @classmethod
    def rows(cls, caller: Caller, path: Values, action: str) -> QuerySet: ...


@cache
def compile_reader(serializer_class: type[serializers.Serializer]) -> Reader | None:
    """The Reader of a serializer, or None where a field is not plain."""
    readable = {name: field for name, field in serializer_class().fields.items() if not field.write_only}
    return Reader(readable) if all(type(field) in CONVERSIONS for field in readable.values()) else None


def read(
    view_class: type[View], *, caller: Caller, path: Values, action: str, select: Select, values: Values | None = None
) -> list[dict]:
    """Answers for the rows that `select(queryset, values)` takes from those on which `caller` may do `action`.

    `path` holds what the address names, `values` what `select` needs beyond that. Their serializer has a Reader.
    """
    answer_class, standing = view_class.answer_class(caller), read_standing(caller)
    values = identify_caller(caller) | path | (values or {})
    statement = find_statement(view_class, action, standing, answer_class, select, tuple(path), tuple(values))
    return answer_class.reader()(statement.rows(values))


def prepare(view_class: type[View], *, caller: Caller, path: Values, action: str, select: Select) -> None:
    """Make what `read` needs for this, and read nothing."""
    answer_class = view_class.answer_class(caller)
    if answer_class.reader() is not None:
        names = tuple(identify_caller(caller) | path)
        find_statement(view_class, action, read_standing(caller), answer_class, select, tuple(path), names)


@lru_cache(maxsize=2000)
def find_statement(
    view_class: type[View],
    action: str,
    standing: tuple[str, bool, bool],
    answer_class: type[Answer],
    select: Select,
    path: tuple[str, ...],
    names: tuple[str, ...],
) -> Statement:
    """What a view reads for callers of this standing; its `names` are given when it runs."""
    # The cache knows no organization and no person: what is read of a caller here but the standing would be served to
    # everybody of that standing. Row security would still keep organizations apart, but not people.
    given = {name: Given(name) for name in names}
    permitted = view_class.rows(stand_for_any_caller(*standing), {name: given[name] for name in path}, action)
    rows = answer_class.annotate(select(permitted, given))
    kind = Planned if getattr(select, "depends_on_values", False) else Statement
    return kind(rows.values_list(*answer_class.reader().columns))


def filter_by_key(rows: QuerySet, values: Values) -> QuerySet:
    return rows.filter(pk=values["pk"])


# For the answer to a change: what was just saved may have left the caller's scope.
def filter_by_key_in_any_scope(rows: QuerySet, values: Values) -> QuerySet:
    return rows.model.objects.filter(pk=values["pk"])


def find_one_or_404(answers: list[dict]) -> dict:
    """The only answer. Raises Http404 where there is none."""
    if not answers:
        raise Http404
    return answers[0]
