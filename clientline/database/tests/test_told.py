"""What is told, not asked: it travels with the next statement, and never less surely than by itself."""

from contextlib import suppress

import pytest
from django.db import DataError, connection, transaction

from clientline.database.tests.overhearing import ONE, find_trips, overheard, read

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_connection")]
NAME_ALL = ("UPDATE organizations SET name = %s::text RETURNING id", ["Told"])


@pytest.fixture
def named(clinic):
    """Reads the name of an organization that is told to be called otherwise."""
    return lambda cursor: read(cursor, "SELECT name FROM organizations WHERE id = %s", clinic.organization.pk)[0][0]


def test_what_is_told_travels_with_what_is_asked_next(named, onlooker):
    with overheard() as said, transaction.atomic():
        connection.tell(*NAME_ALL)
        assert connection.ask(ONE, ONE) == [[(1,)], [(1,)]]
    update = "UPDATE organizations SET name = $1::text RETURNING id"
    assert find_trips(said) == [["BEGIN", update, "asked_0", "SELECT $1::bigint", "asked_1", "asked_1"], ["COMMIT"]]
    assert named(onlooker) == "Told"


def test_what_is_told_last_is_sent_before_the_end(named, onlooker):
    with overheard() as said, transaction.atomic():
        connection.ask(ONE)
        connection.tell(*NAME_ALL)
    assert [len(trip) for trip in find_trips(said)] == [3, 2, 1]
    assert find_trips(said)[-1] == ["COMMIT"]
    assert named(onlooker) == "Told"


def test_what_is_told_is_known_to_an_ordinary_cursor(named):
    with transaction.atomic(), connection.cursor() as cursor:
        connection.tell(*NAME_ALL)
        assert named(cursor) == "Told"


def test_what_is_told_goes_with_its_savepoint(named):
    with transaction.atomic(), connection.cursor() as cursor:
        with suppress(ZeroDivisionError), transaction.atomic():
            connection.tell(*NAME_ALL)
            raise ZeroDivisionError
        assert named(cursor) != "Told"
        with transaction.atomic():
            connection.tell(*NAME_ALL)
        assert named(cursor) == "Told"


def test_what_is_told_is_undone_with_the_transaction(named, onlooker):
    with suppress(ZeroDivisionError), transaction.atomic():
        connection.tell(*NAME_ALL)
        raise ZeroDivisionError
    connection.ask(ONE)
    assert named(onlooker) != "Told"


def test_outside_of_a_transaction_it_is_sent_at_once(named, onlooker):
    connection.tell(*NAME_ALL)
    assert named(onlooker) == "Told"


TOO_LONG = ("UPDATE organizations SET name = repeat('x', %s::int)", [1000])


def test_the_next_statement_raises_the_error_of_what_was_told(clinic):
    with pytest.raises(DataError), transaction.atomic():
        connection.tell(*TOO_LONG)
        connection.ask(ONE)
    assert connection.ask(ONE) == [[(1,)]]


def test_the_end_raises_it_where_nothing_is_asked_any_more(named, onlooker):
    with pytest.raises(DataError), transaction.atomic():
        connection.tell(*NAME_ALL)
        connection.tell(*TOO_LONG)
    assert named(onlooker) != "Told"


def test_whoever_counts_statements_sees_what_is_told(clinic, django_assert_num_queries):
    with django_assert_num_queries(4) as seen, transaction.atomic():
        connection.tell(*NAME_ALL)
        connection.ask(ONE)
    assert [each["sql"][:6] for each in seen.captured_queries] == ["BEGIN", "UPDATE", "SELECT", "COMMIT"]
