"""What must hold in every database: named queries that return no row. Each app has its own in `invariants`.

The foundation's own ask whether the walls stand: after a restore, a constraint or a policy may be missing
or only half in force, and nobody would notice until it is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.db import connection

from clientline.operations import TENANT_ROLE

SAMPLES = 5


@dataclass(frozen=True)
class Invariant:
    """`sql` selects one column that identifies each offender; `says` names what they are, in the plural."""

    name: str
    sql: str
    says: str
    parameters: Callable = dict  # values for %(name)s in `sql`
    is_fault: bool = True  # False: it happened in the world, and belongs to the data of an organization that moves

    def find_offenders(self) -> tuple[int, list]:
        """How many there are, and the first few."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), (array_agg(id ORDER BY id))[1:{SAMPLES}] FROM ({self.sql}) AS offender (id)",  # noqa: S608 -- ours
                self.parameters(),
            )
            found, samples = cursor.fetchone()
        return found, samples or []


def collect_invariants() -> list[Invariant]:
    """The foundation's, then those of every installed app, lowest floor first."""
    apps_own = [
        invariant
        for config in apps.get_app_configs()
        if find_spec(f"{config.name}.invariants")
        for invariant in import_module(f"{config.name}.invariants").INVARIANTS
    ]
    return INVARIANTS + apps_own


def _list_declared_constraints() -> dict[str, list[str]]:
    return {"names": [constraint.name for model in apps.get_models() for constraint in model._meta.constraints]}


def _name_tenant_role() -> dict[str, str]:
    return {"role": TENANT_ROLE}


INVARIANTS = [
    Invariant(
        name="declared_constraints_exist",
        # A unique constraint with a condition is only an index.
        sql="""
            SELECT name FROM unnest(%(names)s::text[]) AS name
            WHERE NOT EXISTS (SELECT FROM pg_constraint
                              WHERE conname = name AND connamespace = current_schema()::regnamespace)
              AND NOT EXISTS (SELECT FROM pg_class
                              WHERE relname = name AND relnamespace = current_schema()::regnamespace AND relkind = 'i')
        """,
        says="constraints that the models declare and the database lacks",
        parameters=_list_declared_constraints,
    ),
    Invariant(
        name="constraints_are_valid",
        sql="""
            SELECT conname::text FROM pg_constraint
            WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
        """,
        says="constraints that old rows may break",
    ),
    Invariant(
        name="indexes_are_valid",
        sql="""
            SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT (i.indisvalid AND i.indisready) AND c.relnamespace = current_schema()::regnamespace
        """,
        says="indexes whose building broke off",
    ),
    Invariant(
        name="triggers_are_enabled",
        # Foreign keys are checked by triggers too, which loading a dump can leave switched off.
        sql="""
            SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgenabled IN ('D', 'R') AND c.relnamespace = current_schema()::regnamespace
        """,
        says="triggers that do not fire",
    ),
    Invariant(
        name="tenant_tables_have_row_security",
        sql="""
            SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
            WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
              AND (a.attname = 'organization_id' OR c.relname = 'organizations' AND a.attname = 'id')
              AND NOT (c.relrowsecurity AND EXISTS (
                  SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
                  WHERE p.polrelid = c.oid AND r.rolname = %(role)s
              ))
        """,
        says="tables without row security, or without its policy for the tenants' role",
        parameters=_name_tenant_role,
    ),
    Invariant(
        name="tenant_role_is_confined",
        sql="""
            SELECT %(role)s WHERE NOT EXISTS (
                SELECT FROM pg_roles WHERE rolname = %(role)s AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcanlogin
            )
        """,
        says="roles of the tenants that are missing, may sign in, or pass by row security",
        parameters=_name_tenant_role,
    ),
]
