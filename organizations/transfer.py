"""One organization as a file, and its way into another installation: every table that has `organization_id`, and
what is a part of its people.

JSON lines: a header, then for each table a line that says its columns and number of rows, and the rows by id.
PostgreSQL itself writes and reads the values, so that they come back to the last digit.
"""

from graphlib import TopologicalSorter
from itertools import islice

import orjson
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, models, transaction
from psycopg.errors import UniqueViolation
from psycopg.sql import SQL, Identifier, Literal

from clientline.made_addresses import MAKE_SQL, SUFFIX
from clientline.zones import guess_country
from organizations import audit
from organizations.models import Organization
from organizations.signals import former_organization_imported

CONTINUE_NUMBERS = SQL(
    "SELECT setval(sequence, greatest((SELECT max(id) FROM {}), nextval(sequence)))"
    " FROM (SELECT pg_get_serial_sequence({sequence}, 'id')::regclass) AS of (sequence)"
)
FORMAT = "ClientLine organization, 2"
# What files of the first format, which version 0.1 wrote, do not have: `_fill_what_was_added` does.
FORMER = "ClientLine organization, 1"
ADDED = {
    "organizations": {"country", "region", "language", "zone_rules", "visits_to_rezone"},
    "tokens": {"scope", "last_used_address"},
    "working_hours": {"every_second_week", "valid_from", "valid_until"},
    "time_off": {"whole_days", "from_date", "to_date"},
    "appointments": {"local_start"},
    "users": {
        "contact_email",
        "phone_e164",
        "birthday",
        "client_notes",
        "is_flagged",
        "language",
        "marketing_consent_at",
        "external_source",
        "external_id",
        "merged_into_id",
        "works_until",
    },
}


class TransferRefused(Exception):
    """The file cannot be imported; the message says why. Nothing was."""


def list_models_of_organizations():
    """The organization, then whatever belongs to one, each after what it refers to."""
    found = [
        model for model in apps.get_models() if model is Organization or _has_organization(model) or _find_owner(model)
    ]
    return list(
        TopologicalSorter(
            {
                model: [
                    field.related_model
                    for field in model._meta.concrete_fields
                    if field.related_model in found and field.related_model is not model
                ]
                for model in found
            }
        ).static_order()
    )


def _has_organization(model):
    try:
        return model._meta.get_field("organization").related_model is Organization
    except FieldDoesNotExist:
        return False


def _find_owner(model):
    """The field that makes a row a part of one person, where the table has no organization of its own; or None."""
    people = apps.get_model(settings.AUTH_USER_MODEL)
    return next(
        (field for field in model._meta.concrete_fields if field.one_to_one and field.related_model is people), None
    )


def _select_own_rows(model, pk):
    """The SQL condition for the rows of one organization."""
    if model is Organization or _has_organization(model):
        return SQL("{} = {}").format(Identifier("id" if model is Organization else "organization_id"), Literal(pk))
    return SQL("{} IN ({})").format(Identifier(_find_owner(model).column), _select_people(pk))


def _select_people(pk):
    people = apps.get_model(settings.AUTH_USER_MODEL)
    return SQL("SELECT id FROM {} WHERE organization_id = {}").format(Identifier(people._meta.db_table), Literal(pk))


def _list_columns(model):
    return [field.column for field in model._meta.concrete_fields]


# Export


def write_export(organization, file, *, progress):
    """Write the organization as it is at one moment into a binary file; `progress(rows)` is told as it goes.

    Must be called outside a transaction. Whoever acted from another organization, which only operators do, stays
    behind: as an actor they become nobody.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        write(file, {"format": FORMAT, "version": settings.VERSION, "organization": organization.pk})
        for model in list_models_of_organizations():
            _write_table(cursor, file, model, organization.pk, progress)
    audit.record_event("export", organization_id=organization.pk, row=organization)


def write(file, value):
    file.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def _write_table(cursor, file, model, pk, progress):
    table, own = Identifier(model._meta.db_table), _select_own_rows(model, pk)
    cursor.execute(SQL("SELECT count(*) FROM {} WHERE {}").format(table, own))
    [rows] = cursor.fetchone()
    write(file, {"table": model._meta.db_table, "columns": _list_columns(model), "rows": rows})
    selected = SQL(", ").join(expression(field, pk) for field in model._meta.concrete_fields)
    statement = SQL(
        "COPY (SELECT row_to_json(exported)::text FROM (SELECT {} FROM {} WHERE {} ORDER BY {}) AS exported) TO STDOUT"
    )
    with cursor.copy(statement.format(selected, table, own, Identifier(model._meta.pk.column))) as copy:
        for (text,) in copy.rows():
            file.write(text.encode() + b"\n")
            progress(1)


def expression(field, pk):
    """The column as it is exported: an actor from elsewhere as nobody, a made address as ''."""
    column = Identifier(field.column)
    people = apps.get_model(settings.AUTH_USER_MODEL)
    if _is_sign_in_address(field):
        return SQL("CASE WHEN {0} LIKE {1} THEN '' ELSE {0} END AS {0}").format(column, Literal(f"%{SUFFIX}"))
    if field.related_model is not people or not field.null:
        return column
    return SQL("CASE WHEN {0} IN ({1}) THEN {0} END AS {0}").format(column, _select_people(pk))


def _is_sign_in_address(field):
    people = apps.get_model(settings.AUTH_USER_MODEL)
    return field.model is people and field.name == people.USERNAME_FIELD


# Import


def load(lines, *, progress):
    """Save what `write_export` wrote, ids included, or nothing; returns the organization. Raises TransferRefused."""
    header = read_export(lines)
    if header.get("format") not in (FORMAT, FORMER) or not isinstance(header.get("organization"), int):
        raise TransferRefused("This file was not written by `manage.py export_organization`.")
    try:
        with audit.pause_audit(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE incoming (line json) ON COMMIT DROP")
            for model in list_models_of_organizations():
                _load_table(cursor, model, header, lines, progress)
            if next(lines, None) is not None:
                raise TransferRefused("The file goes on behind its end.")
            organization = Organization.objects.filter(pk=header["organization"]).first()
            if organization is None:
                raise TransferRefused("The file holds no organization.")
            if header["format"] == FORMER:
                _fill_what_was_added(organization)
    except DatabaseError as error:
        raise TransferRefused(_explain_import_error(error)) from error
    except UnicodeDecodeError as error:
        raise TransferRefused("The file is damaged: it is no UTF-8.") from error
    audit.record_event("import", row=organization)  # the operators': to the organization nothing happened
    return organization


def _fill_what_was_added(organization):
    """As the migrations that added it did for the rows they found."""
    organization.country = guess_country(organization.timezone)
    organization.save(update_fields=["country"])
    former_organization_imported.send(sender=Organization, organization=organization)


def read_export(lines):
    try:
        value = orjson.loads(next(lines, b""))
    except orjson.JSONDecodeError as error:
        raise TransferRefused("The file is cut off, or no export at all.") from error
    return value if isinstance(value, dict) else {}


def _load_table(cursor, model, header, lines, progress):
    table, head = model._meta.db_table, read_export(lines)
    left_out = ADDED.get(table, ()) if header["format"] == FORMER else ()
    fields = [field for field in model._meta.concrete_fields if field.column not in left_out]
    names = [field.column for field in fields]
    if (head.get("table"), head.get("columns")) != (table, names):
        raise TransferRefused(
            f"The table {table} is not as this version has it. The file is of ClientLine {header.get('version')}, "
            f"this is {settings.VERSION}: import it there, upgrade, and export again."
        )
    rows = head.get("rows")
    if not isinstance(rows, int) or not 0 <= rows < 2**63:
        raise TransferRefused(f"The file does not say how many rows of {table} it holds.")
    _stage(cursor, islice(lines, rows), progress)
    _refuse_strange_rows(cursor, model, rows, header["organization"])
    columns = SQL(", ").join(map(Identifier, names))
    cursor.execute(
        SQL("INSERT INTO {0} ({1}) SELECT {2} FROM incoming, json_populate_record(NULL::{0}, line) AS came").format(
            Identifier(table), columns, SQL(", ").join(map(_imported, fields))
        )
    )
    if isinstance(model._meta.pk, models.AutoField):
        cursor.execute(CONTINUE_NUMBERS.format(Identifier(table), sequence=Literal(table)))


def _imported(field):
    """The column as it is stored: in place of no sign-in address a made one, new here."""
    came = Identifier("came", field.column)
    return SQL("coalesce(nullif({}, ''), {})").format(came, SQL(MAKE_SQL)) if _is_sign_in_address(field) else came


def _stage(cursor, rows, progress):
    """Put the lines into the empty table `incoming`, where memory does not matter."""
    cursor.execute("TRUNCATE incoming")
    with connection.wrap_database_errors, cursor.copy("COPY incoming FROM STDIN") as copy:
        for line in rows:
            copy.write_row((line.decode(),))
            progress(1)


def _refuse_strange_rows(cursor, model, expected, pk):
    statement = SQL(
        "SELECT count(*), count(*) FILTER (WHERE ({}) IS NOT TRUE) FROM incoming,"
        " json_populate_record(NULL::{}, line) AS came"
    )
    cursor.execute(statement.format(_select_own_rows(model, pk), Identifier(model._meta.db_table)))
    found, strange = cursor.fetchone()
    if found != expected:
        raise TransferRefused("The file is cut off.")
    if strange:
        raise TransferRefused(f"The file holds rows of another organization in {model._meta.db_table}.")


def _explain_import_error(error):
    """Why PostgreSQL refused, in a sentence; most likely an id or an e-mail address is in use."""
    cause = error.__cause__
    if isinstance(cause, UniqueViolation):
        return f"It collides with what is here, in {cause.diag.table_name}: {cause.diag.message_detail}"
    return str(error).strip()
