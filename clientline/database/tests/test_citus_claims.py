"""What the page on growing says of the schema under Citus is what the schema is."""

import re

import pytest
from django.db import connection

from clientline.demo.serving import PROJECT

pytestmark = pytest.mark.django_db
PAGE = PROJECT / "docs" / "operators" / "growing.md"
NAME = re.compile(r"`([^`]+)`")
OURS = "relnamespace = 'public'::regnamespace AND relkind = 'r'"
SPREAD = """SELECT relation.oid, relname::text AS name FROM pg_class relation
JOIN pg_attribute ON attrelid = relation.oid AND attname = 'organization_id' WHERE """
SPREAD += OURS
KEYS = f"""SELECT name, indisprimary, array(SELECT attname::text FROM pg_attribute
    WHERE attrelid = indrelid AND attnum = ANY(indkey) ORDER BY 1) FROM pg_index
JOIN ({SPREAD}) AS spread ON spread.oid = indrelid WHERE indisunique
UNION ALL SELECT 'organizations', false, ARRAY[attname::text] FROM pg_index JOIN pg_attribute ON attrelid = indrelid
    AND attnum = ANY(indkey) WHERE indrelid = 'organizations'::regclass AND indisunique AND NOT indisprimary"""
REFERENCES = f"""SELECT array(SELECT attname::text FROM pg_attribute
    WHERE attrelid = conrelid AND attnum = ANY(conkey)), confrelid::regclass::text FROM pg_constraint
JOIN ({SPREAD}) AS spread ON spread.oid = conrelid WHERE contype = 'f'"""
EXCLUSIONS = "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x'"
WITHOUT_TRIGGERS = f"""SELECT name FROM ({SPREAD}) AS spread
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = spread.oid AND NOT tgisinternal)"""
NOT_SPREAD = f"""SELECT relname::text FROM pg_class WHERE {OURS} AND relname <> 'organizations'
AND oid NOT IN (SELECT oid FROM ({SPREAD}) AS spread)"""
# What stands in a unique constraint and belongs to one organization: adding the column changes nothing.
OF_ONE = {"user_id", "client_id", "service_id", "payment_id", "instead_of_id", "appointment_id"}


@pytest.fixture(scope="module")
def claims():
    """The names in the second column of Citus' table, by the beginning of the first."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE.read_text().partition("## Citus")[2], re.MULTILINE)
    return {asked: set(NAME.findall(here)) for asked, here in rows}


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_references_include_the_column_but_those_that_name_who_acted(claims):
    without = [(columns, table) for columns, table in ask(REFERENCES) if "organization_id" not in columns]
    to_homes = [columns for columns, table in ask(REFERENCES) if table == "organizations"]
    assert {table for _, table in without} == {"users"}
    assert {name.removesuffix("_id") for columns, _ in without for name in columns} == (
        claims["references that include it"] - {"(organization_id, id)"}
    )
    assert all(columns == ["organization_id"] for columns in to_homes)


def test_no_primary_key_includes_it(claims):
    keys = {name: columns for name, is_primary, columns in ask(KEYS) if is_primary}
    assert keys.pop("search_words") == ["user_id", "word"]
    assert all(columns == ["id"] for columns in keys.values())
    assert claims["primary keys that include it"] == {"id", "search_words"}


def test_unique_constraints_lack_it(claims):
    lacking = [(name, set(columns)) for name, is_primary, columns in ask(KEYS) if not is_primary]
    lacking = [(name, columns) for name, columns in lacking if "organization_id" not in columns]
    among_all = {f"{name}.{column}" for name, columns in lacking if not columns & OF_ONE for column in columns}
    within = {name for name, columns in lacking if columns & OF_ONE}
    assert claims["unique constraints that include it"] == among_all | within


def test_exclusion_constraints_lack_it(claims):
    lacking = {name for name, definition in ask(EXCLUSIONS) if "organization_id" not in definition}
    assert claims["exclusion constraints that include it"] == lacking


def test_triggers_are_on_all_tables_but_these(claims):
    assert claims["no triggers on what is spread, unless they are told to be safe"] == {
        name for (name,) in ask(WITHOUT_TRIGGERS)
    }


def test_each_other_table_has_its_place(claims):
    places = [claims[row] for row in ("small tables everywhere", "the rest on one server")]
    assert places[0].isdisjoint(places[1])
    assert places[0] | places[1] == {name for (name,) in ask(NOT_SPREAD)}
