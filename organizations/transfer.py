"""One organization as a file, and its way into another installation: every table that has `organization_id`, and
what is a part of its people.

JSON lines: a header, then for each table a line that says its columns and number of rows, and the rows by id; last,
the SHA-256 of all lines before. PostgreSQL itself writes and reads the values: they come back to the last digit.
What comes in is believed in nothing: see `organizations.incoming`, and docs/operators/importing.md.
"""

from collections.abc import Callable, Iterable
from graphlib import TopologicalSorter
from typing import Any, BinaryIO, TypeAlias

import orjson
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, models, transaction
from psycopg.errors import UniqueViolation
from psycopg.sql import SQL, Composable, Identifier, Literal

from clientline.database.invariants import Invariant, collect_invariants
from clientline.database.sequences import move_past_rows
from clientline.made_addresses import MAKE_SQL, SUFFIX
from clientline.postgres.backend.outcomes import OutcomeLost
from clientline.zones import guess_country
from organizations import audit, incoming
from organizations.models import IdempotencyKey, Organization
from organizations.signals import former_organization_imported, organization_imported
from organizations.transfer_files import HashingFile, Lines, TransferRefused
from organizations.transfer_formats import ADDED, ADDED_TABLES, FILLED, FORMAT, FORMER

Progress: TypeAlias = Callable[[int], object]  # told how many rows more are done

# What lets somebody act without a password. It stays behind unless it is asked for.
SIGN_INS = ("tokens", IdempotencyKey._meta.db_table, "manage_links", "calendar_feeds")
GAP = 10**9  # more ids than any file's audit holds
# Tables that stay behind: what is made of other rows, and made anew where they arrive; what receivers were told here,
# and what guests ask for, which is over in a day.
LEFT_BEHIND = {
    "booking_requests",
    "client_totals",
    "list_file_parts",
    "list_files",
    "search_words",
    "webhook_attempts",
    "webhook_deliveries",
}


def list_models_of_organizations() -> list[type[models.Model]]:
    """The organization, then whatever belongs to one, each after what it refers to."""
    staying = [model for model in apps.get_models() if model._meta.db_table not in LEFT_BEHIND]
    found = [model for model in staying if model is Organization or _has_organization(model) or _find_owner(model)]
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


def _has_organization(model: type[models.Model]) -> bool:
    try:
        return model._meta.get_field("organization").related_model is Organization
    except FieldDoesNotExist:
        return False


def _find_owner(model: type[models.Model]) -> Any:
    """The field that makes a row a part of one person, where the table has no organization of its own; or None."""
    people = apps.get_model(settings.AUTH_USER_MODEL)
    return next(
        (field for field in model._meta.concrete_fields if field.one_to_one and field.related_model is people), None
    )


def _select_own_rows(model: type[models.Model], pk: int) -> Composable:
    """The SQL condition for the rows of one organization."""
    if model is Organization or _has_organization(model):
        return SQL("{} = {}").format(Identifier("id" if model is Organization else "organization_id"), Literal(pk))
    return SQL("{} IN ({})").format(Identifier(_find_owner(model).column), _select_people(pk))


def _select_people(pk: int) -> Composable:
    people = apps.get_model(settings.AUTH_USER_MODEL)
    return SQL("SELECT id FROM {} WHERE organization_id = {}").format(Identifier(people._meta.db_table), Literal(pk))


def _list_columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


# Export


def list_operators(organization: Organization) -> list[int]:
    """The ids of the platform operators who are members: `load` refuses a file that brings one."""
    people = apps.get_model(settings.AUTH_USER_MODEL).objects.filter(organization=organization.pk, is_superuser=True)
    return list(people.order_by("pk").values_list("pk", flat=True))


def write_export(organization: Organization, file: BinaryIO, *, progress: Progress) -> None:
    """Write the organization as it is at one moment into a binary file; `progress(rows)` is told as it goes.

    Must be called outside a transaction. Whoever acted from another organization, which only operators do, stays
    behind: as an actor they become nobody.
    """
    hashed = HashingFile(file)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        write(hashed, {"format": FORMAT, "version": settings.VERSION, "organization": organization.pk})
        for model in list_models_of_organizations():
            _write_table(cursor, hashed, model, organization.pk, progress)
    write(hashed, {"sha256": hashed.digest.hexdigest()})
    audit.record_event("export", organization_id=organization.pk, row=organization)


def write(file: HashingFile, value: Any) -> None:
    file.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def _write_table(cursor: Any, file: HashingFile, model: type[models.Model], pk: int, progress: Progress) -> None:
    table, own = Identifier(model._meta.db_table), _select_own_rows(model, pk)
    cursor.execute(SQL("SELECT count(*) FROM {} WHERE {}").format(table, own))
    [rows] = cursor.fetchone()
    write(file, {"table": model._meta.db_table, "columns": _list_columns(model), "rows": rows})
    selected = SQL(", ").join(write_expression(field, pk) for field in model._meta.concrete_fields)
    statement = SQL(
        "COPY (SELECT row_to_json(exported)::text FROM (SELECT {} FROM {} WHERE {} ORDER BY {}) AS exported) TO STDOUT"
    )
    with cursor.copy(statement.format(selected, table, own, Identifier(str(model._meta.pk.column)))) as copy:
        for (text,) in copy.rows():
            file.write(text.encode() + b"\n")
            progress(1)


def write_expression(field: models.Field, pk: int) -> Composable:
    """The column as it is exported: an actor from elsewhere as nobody, a made address as ''."""
    column = Identifier(str(field.column))
    people = apps.get_model(settings.AUTH_USER_MODEL)
    if _is_sign_in_address(field):
        return SQL("CASE WHEN {0} LIKE {1} THEN '' ELSE {0} END AS {0}").format(column, Literal(f"%{SUFFIX}"))
    if field.related_model is not people or not field.null:
        return column
    return SQL("CASE WHEN {0} IN ({1}) THEN {0} END AS {0}").format(column, _select_people(pk))


def _is_sign_in_address(field: models.Field) -> bool:
    people: Any = apps.get_model(settings.AUTH_USER_MODEL)
    return field.model == people and field.name == people.USERNAME_FIELD


# Import


def load(file: BinaryIO, /, *, progress: Progress, with_sign_ins: bool = False, **told: Any) -> Organization:
    """Save what `write_export` wrote, ids included, or nothing; returns the organization. Raises TransferRefused.

    Tokens and idempotency keys are left out unless `with_sign_ins`. The audit remembers either outcome with the
    file's SHA-256 and what is `told`: whose doing it was. Must be called outside a transaction.
    """
    lines = Lines(file)
    try:
        organization = _load(lines, progress, with_sign_ins)
    except TransferRefused as refusal:
        _leave_numbers_to_the_next_file()
        audit.record_event("import_refused", sha256=lines.hash_all(), reason=refusal.told, **told)
        raise
    # The operators': to the organization nothing happened.
    audit.record_event("import", row=organization, sha256=lines.hash_all(), with_sign_ins=with_sign_ins, **told)
    return organization


def _load(lines: Lines, progress: Progress, with_sign_ins: bool) -> Organization:
    header = _read_header(lines)
    before = _count_offenders()
    try:
        with audit.pause_audit(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE incoming (line json) ON COMMIT DROP")
            for model in _list_models_in_file(header["format"]):
                table = Table(model, header, lines.read_json(), with_sign_ins)
                _stage(cursor, table, lines, progress)
                _insert(cursor, table)
            _read_end(lines, header)
            organization = _find_imported(header)
            _refuse_foreign_references(organization)
            if header["format"] == FORMER:
                _fill_what_was_added(organization)
            organization_imported.send(sender=Organization, organization=organization)
            # Behind the receivers: they make what some invariants ask for, figures of clients among it.
            _refuse_offenders(before)
            _continue_numbers(cursor)
    except OutcomeLost:
        raise  # it may be saved
    except DatabaseError as error:
        raise _explain_import_error(error) from error
    return organization


def _list_models_in_file(form: str) -> Iterable[type[models.Model]]:
    left_out = ADDED_TABLES if form == FORMER else ()
    return (model for model in list_models_of_organizations() if model._meta.db_table not in left_out)


def _leave_numbers_to_the_next_file() -> None:
    """Or the line that remembers a refusal would take an id that the same file, mended, brings along."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(seqrelid::regclass, nextval(seqrelid::regclass) + seqincrement * %s) FROM pg_sequence"
            " WHERE seqrelid = pg_get_serial_sequence('audit', 'id')::regclass",
            [GAP],
        )


def _read_header(lines: Lines) -> dict[str, Any]:
    header = lines.read_json()
    known = isinstance(header, dict) and header.get("format") in (FORMAT, FORMER)
    if not known or type(header.get("organization")) is not int:
        raise TransferRefused("This file was not written by `manage.py export_organization`.")
    if not 0 < header["organization"] <= incoming.LARGEST_ID:
        raise TransferRefused("The organization's id is out of bounds.")
    return header


def _read_end(lines: Lines, header: dict[str, Any]) -> None:
    """The hash, which the first format does not have, and nothing behind it."""
    if header["format"] != FORMER:
        expected = {"sha256": lines.digest.hexdigest()}
        if lines.read_json() != expected:
            raise TransferRefused("The file's hash is broken: it is not of the lines before it.")
    if lines.read():
        raise TransferRefused("The file goes on behind its end.")


def _find_imported(header: dict[str, Any]) -> Organization:
    organization = Organization.objects.filter(pk=header["organization"]).first()
    if organization is None:
        raise TransferRefused("The file holds no organization.")
    return organization


def _fill_what_was_added(organization: Organization) -> None:
    """As the migrations that added it did for the rows they found."""
    organization.country = guess_country(organization.timezone)
    organization.save(update_fields=["country"])
    former_organization_imported.send(sender=Organization, organization=organization)


class Table:
    """One table of the file: its model, what its head says, and whether its rows come in."""

    def __init__(self, model: type[models.Model], header: dict[str, Any], head: Any, with_sign_ins: bool) -> None:
        self.model, self.name, self.organization = model, model._meta.db_table, header["organization"]
        is_former = header["format"] == FORMER
        left_out = ADDED.get(self.name, ()) if is_former else ()
        self.fields = [field for field in model._meta.concrete_fields if field.column not in left_out]
        self.columns = [str(field.column) for field in self.fields]
        self.filled = {column: sql for (table, column), sql in FILLED.items() if is_former and table == self.name}
        self.comes_in = with_sign_ins or self.name not in SIGN_INS
        self.rows = self.read_head(head, header)
        self.checks = incoming.list_checks(model, self.columns, nullable=self.filled)

    def read_head(self, head: Any, header: dict[str, Any]) -> int:
        """How many rows follow."""
        head = head if isinstance(head, dict) else {}
        if (head.get("table"), head.get("columns")) != (self.name, self.columns):
            raise TransferRefused(
                f"The table {self.name} is not as this version has it. The file is of ClientLine "
                f"{str(header.get('version'))[:20]}, this is {settings.VERSION}: "
                "import it there, upgrade, and export again."
            )
        rows = head.get("rows")
        if type(rows) is not int or not 0 <= rows < 2**63:
            raise TransferRefused(f"The file does not say how many rows of {self.name} it holds.")
        return rows


def _stage(cursor: Any, table: Table, lines: Lines, progress: Progress) -> None:
    """Put the lines into the empty table `incoming`, where memory does not matter, once each was looked at."""
    cursor.execute("TRUNCATE incoming")
    with connection.wrap_database_errors, cursor.copy("COPY incoming FROM STDIN") as copy:
        for _ in range(table.rows):
            copy.write_row((_read_row(table, lines),))
            progress(1)
    own = _select_own_rows(table.model, table.organization)
    strange = SQL("SELECT FROM incoming, json_populate_record(NULL::{}, line) AS came WHERE ({}) IS NOT TRUE LIMIT 1")
    cursor.execute(strange.format(Identifier(table.name), own))
    if cursor.fetchone() is not None:
        raise TransferRefused(f"The file holds rows of another organization in {table.name}.")


def _read_row(table: Table, lines: Lines) -> str:
    """The text of the next line, if it may be a row of the table."""
    line = lines.read()
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise TransferRefused(f"The file is cut off or damaged in line {lines.number}.") from error
    if fault := incoming.find_fault_of_row(row, table.checks):
        raise TransferRefused(f"Line {lines.number}, of {table.name}, {fault}.")
    return line.decode()


def _insert(cursor: Any, table: Table) -> None:
    if not table.comes_in:
        return
    values = (_choose_value(table, field) for field in table.fields)
    cursor.execute(
        SQL("INSERT INTO {0} ({1}) SELECT {2} FROM incoming, json_populate_record(NULL::{0}, line) AS came").format(
            Identifier(table.name), SQL(", ").join(map(Identifier, table.columns)), SQL(", ").join(values)
        )
    )


def _choose_value(table: Table, field: models.Field) -> Composable:
    """The column as it is stored: in place of no sign-in address a made one, new here."""
    came = Identifier("came", str(field.column))
    if _is_sign_in_address(field):
        return SQL("coalesce(nullif({}, ''), {})").format(came, SQL(MAKE_SQL))
    return table.filled.get(str(field.column), SQL("{}")).format(came)


def _continue_numbers(cursor: Any) -> None:
    """Behind the ids that came in; last, as no rollback takes it back."""
    for model in list_models_of_organizations():
        if isinstance(model._meta.pk, models.AutoField):
            cursor.execute(move_past_rows(model._meta.db_table))


def _refuse_foreign_references(organization: Organization) -> None:
    found = incoming.find_foreign_reference(list_models_of_organizations(), organization.pk, _select_own_rows)
    if found:
        table, column = found
        raise TransferRefused(f"Rows of {table} refer by {column} to rows of another organization.")


def _count_offenders() -> dict[Invariant, int]:
    return {each: each.find_offenders()[0] for each in collect_invariants() if each.is_fault}


def _refuse_offenders(before: dict[Invariant, int]) -> None:
    """What was broken before the import may stay so."""
    for invariant in before:
        found, samples = invariant.find_offenders()
        if found > before[invariant]:
            rows = ", ".join(map(str, samples))
            raise TransferRefused(f"The file holds {invariant.says} ({invariant.name}: {rows}).")


def _explain_import_error(error: DatabaseError) -> TransferRefused:
    """The refusal for what PostgreSQL refused; most likely an id or an e-mail address is in use."""
    told: Any = getattr(error.__cause__, "diag", None)
    rule = f"{told.table_name}: {told.constraint_name}" if told and told.constraint_name else "the database refused"
    if isinstance(error.__cause__, UniqueViolation):
        where = f"It collides with what is here, in {told.table_name}"
        return TransferRefused(f"{where}: {told.message_detail}", told=f"{where} ({rule}).")
    return TransferRefused(str(error).strip(), told=f"A row breaks a rule ({rule}).")
