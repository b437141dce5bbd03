"""What a row of an organization's file may hold. Whoever wrote the file may have written anything.

Each row is read here before PostgreSQL reads it. What rows say of each other is the constraints' to judge; what
they refer to without one, `find_foreign_reference`.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any, cast

from django.contrib.auth.hashers import PBKDF2PasswordHasher, ScryptPasswordHasher, identify_hasher
from django.db import connection
from django.db.models import Field, Model
from psycopg.sql import SQL, Composable, Identifier, Literal

from clientline.constraints import SameOrganization
from clientline.notations import read_moment
from organizations.models import Audit

Check = Callable[[Any], str | None]  # what is wrong with a value, in words behind its column's name; None: nothing

LARGEST_ID = 2**53 - 1  # that every reader of JSON holds exactly; behind it, there is room for all ids to come
FIRST_YEAR, LAST_YEAR = 1900, 2199
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
BYTES = re.compile(r"\\x([0-9a-f]{2})*")
BASE64 = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
# The most that a hash may ask of who checks it: what this version asks. More is an attack on the sign-in.
LIMITS = {
    ScryptPasswordHasher.algorithm: {"work_factor": 2**14, "block_size": 8, "parallelism": 5},
    PBKDF2PasswordHasher.algorithm: {"iterations": 2 * PBKDF2PasswordHasher.iterations},
}


def find_fault_of_row(row: Any, checks: dict[str, Check]) -> str | None:
    """What is wrong with a row of a table, in words; None where nothing is. `checks` are of `list_checks`."""
    if not isinstance(row, dict):
        return "is no row"
    if row.keys() != checks.keys():
        strange = sorted({str(name)[:60] for name in row.keys() ^ checks.keys()})
        return f"has not the table's columns: {', '.join(strange)}"
    return next((f"has a `{name}` that {fault}" for name, check in checks.items() if (fault := check(row[name]))), None)


def list_checks(model: type[Model], names: Iterable[str], *, nullable: Iterable[str] = ()) -> dict[str, Check]:
    """By column, what tells whether a value may stand there. Of `names`, those in `nullable` may be null, too."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    return {name: _check_field(by_column[name], name in nullable) for name in names}


def _check_field(field: Field, may_be_null: bool) -> Check:
    check = _find_check(field)
    may_be_null = may_be_null or field.null

    def judge(value: Any) -> str | None:
        if value is None:
            return None if may_be_null else "is missing"
        return check(value)

    return judge


def _find_check(field: Field) -> Check:
    if field.is_relation or field.primary_key:
        return _check_id
    column = str(field.column)
    if special := SPECIAL.get((field.model._meta.db_table, column)):
        return special
    if field.choices:
        known = [value for value, _ in field.flatchoices] + ([""] if field.blank else [])
        # Not a set: what nests cannot be hashed.
        return lambda value: None if value in known else "is none of those known"
    if column.endswith("_url"):
        return _check_url
    return next(CHECKS[name] for name in name_types(field) if name in CHECKS)


def name_types(field: Field) -> list[str]:
    """The classes of a field, nearest first."""
    return [each.__name__ for each in type(field).__mro__]


def _check_type(*types: type) -> Check:
    return lambda value: None if type(value) in types else "is of another type"


def _check_id(value: Any) -> str | None:
    # By type(): true is an int for isinstance(), and would be the row 1.
    if type(value) is not int:
        return "is no id"
    return None if 0 < value <= LARGEST_ID else "is out of bounds"


def _check_text(value: Any) -> str | None:
    if type(value) is not str:
        return "is no text"
    return "holds a NUL character" if "\0" in value else None


def _check_address(value: Any) -> str | None:
    return _check_text(value) or (None if value == "" or ADDRESS.fullmatch(value) else "is no e-mail address")


def _check_url(value: Any) -> str | None:
    return _check_text(value) or (None if re.match("https?://|$", value) else "is no address of a page")


def _check_scalar(value: Any) -> str | None:
    return "is nested" if isinstance(value, dict | list) else None


def _check_bytes(value: Any) -> str | None:
    return None if type(value) is str and BYTES.fullmatch(value) else "holds no bytes"


def _check_list(value: Any) -> str | None:
    return None if type(value) is list and not any(isinstance(each, dict | list) for each in value) else "is no list"


def _check_moment(kind: type[date] | type[time]) -> Check:
    def judge(value: Any) -> str | None:
        try:
            found = read_moment(kind, value)
        except (TypeError, ValueError):
            return "is no date or time"
        year = getattr(found, "year", FIRST_YEAR)
        return None if FIRST_YEAR <= year <= LAST_YEAR else "is out of bounds"

    return judge


def _check_operator(value: Any) -> str | None:
    if type(value) is not bool:
        return "is of another type"
    return "makes a platform operator, whom only `createsuperuser` makes" if value else None


def _check_password(value: Any) -> str | None:
    """A hash that this version could have made, or one that no password matches."""
    fault = _check_text(value)
    if fault or value.startswith("!"):
        return fault
    try:
        hasher = identify_hasher(value)
        facts = hasher.decode(value)
    except Exception:
        return "is a broken hash"
    limits = LIMITS.get(hasher.algorithm, {})
    # More rounds than we would ever ask are an attack: each sign-in would take minutes of a core.
    sound = limits and BASE64.fullmatch(facts["hash"]) and all(0 < facts[name] <= most for name, most in limits.items())
    return None if sound else "is a broken hash"


def _check_changes(value: Any) -> str | None:
    """Of the audit: column → [old, new], as text or null."""

    def tells(pair: Any) -> bool:
        return type(pair) is list and len(pair) == 2 and all(each is None or type(each) is str for each in pair)

    return None if type(value) is dict and all(map(tells, value.values())) else "tells no changes"


SPECIAL: dict[tuple[str, str], Check] = {
    ("users", "is_superuser"): _check_operator,
    ("users", "password"): _check_password,
    (Audit._meta.db_table, "changes"): _check_changes,
}
# By the class of a field, or the nearest above it. What no other stands for holds a scalar.
CHECKS: dict[str, Check] = {
    "BooleanField": _check_type(bool),
    "PositiveSmallIntegerField": _check_type(int),
    "PositiveIntegerField": _check_type(int),
    "SmallIntegerField": _check_type(int),
    "IntegerField": _check_type(int),
    "BigIntegerField": _check_type(int),
    "DecimalField": _check_type(int, float),
    "CharField": _check_text,
    "TextField": _check_text,
    "EmailField": _check_address,
    "UUIDField": _check_text,
    "GenericIPAddressField": _check_text,
    "DateTimeField": _check_moment(datetime),
    "WallClockField": _check_moment(datetime),
    "DateField": _check_moment(date),
    "TimeField": _check_moment(time),
    "BinaryField": _check_bytes,
    "ArrayField": _check_list,
    "JSONField": lambda value: None,
    "Field": _check_scalar,
}


# References


def find_foreign_reference(tables: list[type[Model]], organization: int, own: Callable) -> tuple[str, str] | None:
    """A (table, column) whose rows of this organization refer to another's, past the constraints; or None.

    `own(model, organization)` is the SQL condition for the organization's rows of a model.
    """
    for model in tables:
        for field in model._meta.concrete_fields:
            apart = field.related_model not in tables or _is_kept_apart(model, field)
            if not apart and _exists(_refers_away(model, field, organization, own)):
                return model._meta.db_table, str(field.column)
    for model in tables:
        if model is not Audit and _exists(_is_told_of(model, organization, own)):
            return Audit._meta.db_table, "row"
    return None


def _is_kept_apart(model: type[Model], field: Field) -> bool:
    """Whether the database itself keeps this reference in the organization."""
    return field.name == "organization" or any(
        isinstance(constraint, SameOrganization) and constraint.field == field.name
        for constraint in model._meta.constraints
    )


def _exists(rows: Composable) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT EXISTS ({})").format(rows))
        found: bool = cursor.fetchone()[0]
    return found


def _refers_away(model: type[Model], field: Field, organization: int, own: Callable) -> Composable:
    column, parent = Identifier(str(field.column)), cast("type[Model]", field.related_model)
    return SQL("SELECT FROM {} WHERE {} AND {} IS NOT NULL AND {} NOT IN (SELECT id FROM {} WHERE {})").format(
        Identifier(model._meta.db_table),
        own(model, organization),
        column,
        column,
        Identifier(parent._meta.db_table),
        own(parent, organization),
    )


def _is_told_of(model: type[Model], organization: int, own: Callable) -> Composable:
    """Entries of the audit about a row of this table that is another organization's."""
    return SQL(
        'SELECT FROM audit JOIN {table} ON {table}.id = audit."row" AND audit."table" = {name}'
        " WHERE audit.organization_id = {pk} AND {table}.id NOT IN (SELECT id FROM {table} WHERE {own})"
    ).format(
        table=Identifier(model._meta.db_table),
        name=Literal(model._meta.db_table),
        pk=Literal(organization),
        own=own(model, organization),
    )
