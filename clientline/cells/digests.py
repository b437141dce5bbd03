"""Whether two databases hold the same rows of an organization, and whether each reference there leads somewhere.

While rows are taken in, PostgreSQL checks no foreign key and fires no ordinary trigger: so it is asked here.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from django.contrib.auth import get_user_model
from django.db.models import Field
from psycopg.sql import SQL, Composed, Identifier, Literal

from clientline.cells.sides import Table
from organizations.transfer import write_expression

# Order does not count, so that each end may read as it likes.
DIGEST = SQL(
    "SELECT count(*), coalesce(sum(('x' || left(md5(line::text), 16))::bit(64)::bigint::numeric), 0)::text"
    " FROM (SELECT {columns} FROM {table} WHERE {rows}) AS line"
)
REFERENCES = """
SELECT conname::text, conrelid::regclass::text, confrelid::regclass::text,
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(conkey) WITH ORDINALITY AS k (number, n)
     JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.number),
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(confkey) WITH ORDINALITY AS k (number, n)
     JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k.number)
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname
"""
Rows = dict[str, list[int]]  # keys by table; a table that is not there is compared as a whole
Digests = dict[str, tuple[int, str]]  # rows, and the sum of their digests


def select_rows(table: Table, organization: int, keys: list[int] | None) -> Composed:
    own = SQL("{} = {}").format(Identifier(table.owner), Literal(organization))
    if keys is None:
        return own
    return SQL("{} AND {} = ANY({})").format(own, Identifier(table.key), Literal(keys))


def read_digests(
    connection: psycopg.Connection[Any], tables: list[Table], organization: int, rows: Rows | None = None
) -> Digests:
    """Of each table; with `rows`, of these only."""
    found = {}
    for table in tables:
        keys = None if rows is None else rows.get(table.name, [])
        if keys == []:
            continue
        statement = DIGEST.format(
            columns=SQL(", ").join(write_expression(field, organization) for field in _list_fields(table)),
            table=Identifier(table.name),
            rows=select_rows(table, organization, keys),
        )
        found[table.name] = connection.execute(statement).fetchone()
    return found  # type: ignore[return-value]  # a row with an aggregate is always there


def _list_fields(table: Table) -> "list[Field[Any, Any]]":
    return list(table.model._meta.concrete_fields)


def find_differences(
    one: psycopg.Connection[Any],
    other: psycopg.Connection[Any],
    tables: list[Table],
    organization: int,
    rows: Rows | None = None,
) -> list[str]:
    """The tables whose rows differ; both ends read at the same time."""
    with ThreadPoolExecutor(2) as pool:
        digests = [pool.submit(read_digests, end, tables, organization, rows) for end in (one, other)]
        here, there = (digest.result() for digest in digests)
    return [name for name in here if here[name] != there[name]]


def find_dangling(connection: psycopg.Connection[Any], tables: list[Table], organization: int) -> list[str]:
    """The foreign keys by which rows of the organization refer to what is not there: a query for each."""
    owners = {table.name: table.owner for table in tables}
    dangling = []
    for name, child, parent, columns, keys in connection.execute(REFERENCES).fetchall():
        if child not in owners:
            continue
        statement = SQL(
            "SELECT 1 FROM {child} c WHERE c.{owner} = {organization} AND {filled} AND NOT EXISTS"
            " (SELECT FROM {parent} p WHERE {same}) LIMIT 1"
        ).format(
            child=Identifier(child),
            owner=Identifier(owners[child]),
            organization=Literal(organization),
            parent=Identifier(parent),
            filled=SQL(" AND ").join(SQL("c.{} IS NOT NULL").format(Identifier(column)) for column in columns),
            same=SQL(" AND ").join(
                SQL("p.{} = c.{}").format(Identifier(key), Identifier(column))
                for column, key in zip(columns, keys, strict=True)
            ),
        )
        if connection.execute(statement).fetchone():
            dangling.append(name)
    return dangling


def forget_strangers(
    connection: psycopg.Connection[Any], tables: list[Table], organization: int, rows: Rows | None = None
) -> None:
    """Whoever acted from another organization becomes nobody: they are not there. In a transaction of the caller's."""
    people = get_user_model()
    connection.execute("SET LOCAL session_replication_role = replica")  # facts may not be changed otherwise
    for table in tables:
        keys = None if rows is None else rows.get(table.name, [])
        actors = [field for field in _list_fields(table) if field.related_model is people and field.null]
        for field in actors if keys != [] else ():
            connection.execute(_forget_stranger(table, field, organization, keys))


def _forget_stranger(table: Table, field: "Field[Any, Any]", organization: int, keys: list[int] | None) -> Composed:
    return SQL(
        "UPDATE {table} SET {column} = NULL WHERE {rows} AND {column} IS NOT NULL AND {column} NOT IN"
        " (SELECT id FROM users WHERE organization_id = {organization})"
    ).format(
        table=Identifier(table.name),
        column=Identifier(str(field.column)),
        rows=select_rows(table, organization, keys),
        organization=Literal(organization),
    )
