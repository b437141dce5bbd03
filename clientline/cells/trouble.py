"""What stands in the way of a move, found before anything is changed."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import models
from psycopg.sql import SQL, Identifier

from clientline.cells.sides import Side, State, Table

OLDEST = 150000  # of PostgreSQL: the first that filters what it publishes by row
SERVER = """SELECT current_setting('server_version_num')::int, current_setting('wal_level'),
    current_setting('is_superuser') = 'on'"""
CELL = "SELECT number, highest_before, begins_above FROM cells"
APPLIED = r"SELECT app, name FROM django_migrations WHERE name NOT LIKE '%\_squashed\_%'"
AT_ONCE = 10_000  # values that are looked up together


def find_trouble(here: Side, there: Side, tables: list[Table], organization: int) -> Iterator[str]:
    """A sentence for each."""
    for side in (here, there):
        yield from _examine_server(side)
    yield from _compare_versions(here, there)
    yield from _compare_cells(here, there)
    yield from _examine_organization(here, there, organization)
    if there.read_state(organization) is None:
        for table in tables:
            yield from _find_taken(here, there, table, organization)


def _examine_server(side: Side) -> Iterator[str]:
    ((version, wal_level, is_superuser),) = side.ask(SERVER)
    if version < OLDEST:
        yield f"{side.place} is PostgreSQL {version // 10000}: moving needs 15 or newer."
    if wal_level != "logical":
        yield f"{side.place} has wal_level = {wal_level}: set it to logical, and start PostgreSQL again."
    if not is_superuser:
        yield f"{side.place} is not asked by a superuser: a subscription of anybody else's stops at row security."


def _compare_versions(here: Side, there: Side) -> Iterator[str]:
    # The steps are noted everywhere; what was squashed of them not where nobody migrated since.
    applied = [set(side.ask(APPLIED)) for side in (here, there)]
    if different := applied[0] ^ applied[1]:
        app, name = min(different)
        yield f"Both installations have to be of one version: they differ in the migration {app}.{name}."


def _compare_cells(here: Side, there: Side) -> Iterator[str]:
    cells = [next(iter(side.ask(CELL)), None) for side in (here, there)]
    for side, cell in zip((here, there), cells, strict=True):
        if cell is None:
            yield f"{side.place} is no cell yet: set CELL there and run manage.py migrate."
    if None in cells:
        return
    (number, highest, above), (other, other_highest, other_above) = cells  # type: ignore[misc]  # None returned above
    if number == other:
        yield f"Both are cell {number}: their ids meet."
    if highest > other_above or other_highest > above:
        needed = max(highest if highest > other_above else 0, other_highest if other_highest > above else 0)
        yield f"One of them gave ids up to {needed} before it was a cell: the other needs CELL_ABOVE={needed}."


def _examine_organization(here: Side, there: Side, organization: int) -> Iterator[str]:
    known = [side.ask_one("SELECT true FROM organizations WHERE id = %s", [organization]) for side in (here, there)]
    if not known[0]:
        yield f"There is no organization {organization} at {here.place}."
    if known[1] and there.read_state(organization) is None:
        yield f"{there.place} has an organization {organization} of its own."
    yield from _examine_states(here, there, organization)
    operators = here.ask_one("SELECT count(*) FROM users WHERE organization_id = %s AND is_superuser", [organization])
    if operators:
        yield f"{operators} of its people are operators of the platform, who stay: give them another organization."


def _examine_states(here: Side, there: Side, organization: int) -> Iterator[str]:
    """What other moves of it have left: two at once would have two homes."""
    state, other = (side.read_state(organization) for side in (here, there))
    if state in (State.ARRIVED, State.LEAVING, State.FROZEN) and not here.is_origin(organization):
        yield "It came here itself, and may go back still: forget that first, with --forget where it came from."
    elif state == State.ARRIVED:
        yield "It came back, and what is left of that move stands in the way: end it first, with --undo."
    if state == State.ARRIVING:
        yield f"It is not at home at {here.place} yet: its move there was not ended."
    if state in (State.LEAVING, State.FROZEN, State.MOVED) and other is None:
        yield f"It is on its way elsewhere, or at home there: {there.place} knows nothing of it."


def _find_taken(here: Side, there: Side, table: Table, organization: int) -> Iterator[str]:
    for column in _list_unique_columns(table.model):
        own = here.connection.execute(
            SQL("SELECT DISTINCT {0} FROM {1} WHERE {2} = %s AND {0} IS NOT NULL").format(
                Identifier(column), Identifier(table.name), Identifier(table.owner)
            ),
            [organization],
        )
        while values := [value for (value,) in islice(own, AT_ONCE) if value != ""]:
            for taken in _look_up(there, table, column, values):
                shown = taken if isinstance(taken, str) else "a value"
                yield f"Taken at {there.place}: {shown} ({table.name}.{column})."


def _look_up(there: Side, table: Table, column: str, values: list[Any]) -> list[Any]:
    statement = SQL("SELECT {0} FROM {1} WHERE {0} = ANY(%s) ORDER BY 1").format(
        Identifier(column), Identifier(table.name)
    )
    return [value for (value,) in there.ask(statement, [values])]


def _list_unique_columns(model: type[models.Model]) -> list[str]:
    """The columns whose values are unique among all organizations, but those of references: ids never meet."""
    single = [field for field in model._meta.concrete_fields if field.unique and not field.primary_key]
    conditional = [
        model._meta.get_field(constraint.fields[0])
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and len(constraint.fields) == 1
    ]
    return sorted({str(field.column) for field in [*single, *conditional] if not field.is_relation})  # type: ignore[union-attr]  # constraints name columns
