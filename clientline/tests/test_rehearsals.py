"""The casts that are put back are the casts that the factories make, in every table and to the last trigger."""

import re
from types import SimpleNamespace

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from clientline.tests.casts import make_cast, make_casts
from clientline.tests.rehearsals import perform, rehearse, undone
from clientline.tests.standing import find_rows

TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^(django|auth)_' ORDER BY 1
"""
# Ids and the instant of making, also in what the audit tells of them.
CHANGING = re.compile(r'"(id|\w+_id|staff|visit|row|at|created_at|calendar_uid)": (\[[^]]*\]|[^,}]*)')


def all_rows():
    """Table → its rows as text, without what differs each time."""
    with connection.cursor() as cursor:
        tables = [table for (table,) in cursor.execute(TABLES).fetchall()]
        return {table: sorted(CHANGING.sub("", row) for row in rows_of(cursor, table)) for table in tables}


def rows_of(cursor, table):
    return [text for (text,) in cursor.execute(f"SELECT to_jsonb(whole)::text FROM {table} AS whole").fetchall()]


@pytest.mark.sweep
def test_the_casts_put_back_are_the_casts_made(db):
    with undone():
        make_casts()
        made = all_rows()
    perform(make_casts)
    assert all_rows() == made
    assert [len(made[table]) for table in ("users", "appointments", "payments", "audit")] == [12, 4, 4, 30]


@pytest.mark.sweep
def test_what_is_returned_is_what_lies_in_the_database(db):
    cast = perform(make_cast, "Salon", timezone="Europe/Berlin", currency="EUR")
    again = make_cast("Bar")
    for name, row in vars(cast).items():
        kept = type(row).objects.get(pk=row.pk)
        assert {field.attname: str(getattr(row, field.attname)) for field in row._meta.concrete_fields} == {
            field.attname: str(getattr(kept, field.attname)) for field in row._meta.concrete_fields
        }
        assert getattr(again, name).pk > row.pk
    assert cast.visit.client is cast.client


def test_each_test_gets_rows_of_its_own(salon, clinic):
    other = perform(make_cast, "Bar")
    other.client.name = "somebody else"
    assert salon.client.name == "Salon client"
    assert clinic.client.name == "Clinic client"


def test_no_other_row_gets_the_id_of_one_put_back(salon):
    rehearse(make_cast, ("Bar",), ())  # made only now, its rows would take the ids of the salon's
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), 1)")
    cast = perform(make_cast, "Bar")
    assert UserFactory(organization=cast.organization).pk > cast.stranger.pk


@pytest.mark.parametrize("name", ["transactional_db", "live_server"])
def test_no_casts_stand_for_a_test_with_real_transactions(name):
    """It sweeps them away, and the next one would miss them."""
    item = SimpleNamespace(fixturenames=["casts", name], get_closest_marker=lambda mark: None)
    assert find_rows(item) == set()
    item.fixturenames.remove(name)
    assert find_rows(item) == {make_casts}
