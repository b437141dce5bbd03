"""Statements through libpq's own calls, as PostgreSQL hears them: nothing sent that is not meant, nothing lost."""

import asyncio
import re
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.connection import BaseConnectionHandler
from psycopg import adapters
from psycopg.pq import Format

from appointments.placing import prepare_visit_insertion
from clientline.database import direct
from clientline.database.refusals import read_refusal
from clientline.database.tests.overhearing import ONE, find_trips, overheard, read
from clientline.refusals import Unavailable
from clientline.web.tests.test_server import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_connection")]


def state(onlooker):
    """What the server says that the connection of the test is doing."""
    pid = connection.connection.info.backend_pid
    ((state,),) = read(onlooker, "SELECT state FROM pg_stat_activity WHERE pid = %s", pid)
    return state


def test_the_beginning_travels_with_the_first_statement(onlooker):
    connection.ask(ONE)
    with overheard() as said, transaction.atomic():
        assert state(onlooker) == "idle"
        connection.ask(ONE)
        assert state(onlooker) == "idle in transaction"
        connection.ask(ONE)
    assert find_trips(said) == [["BEGIN", "asked_0"], ["asked_0"], ["COMMIT"]]


def test_a_savepoint_travels_with_what_comes_after_it():
    with overheard() as said, transaction.atomic():
        with transaction.atomic():
            connection.ask(ONE)
        with transaction.atomic():
            connection.ask(ONE)
        with transaction.atomic():
            pass
    begun, after, end = find_trips(said)
    assert [re.sub(r' "?\w+_x\d+"?', "", sql) for sql in (*begun, *after, *end)] == [
        'BEGIN', 'SAVEPOINT', 'SELECT $1::bigint', 'asked_0', 'RELEASE SAVEPOINT', 'SAVEPOINT', 'asked_0', 'COMMIT',
    ]  # fmt: skip


def test_a_transaction_that_says_nothing_is_none():
    with overheard() as said, transaction.atomic(), transaction.atomic():
        pass
    assert said == []


def test_the_end_of_a_transaction_that_only_read_is_read_later(onlooker):
    with transaction.atomic():
        connection.ask(ONE, only_reads=True)
    assert connection.connection.owed == 1
    wait_for(lambda: state(onlooker) == "idle")  # it was sent all the same
    assert connection.ask(ONE) == [[(1,)]]
    assert connection.connection.owed == 0


def lock_a_row():
    connection.ask(("SELECT id FROM organizations FOR UPDATE", []))


def read_by_cursor():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def wait_for_the_end():
    connection.ask(ONE, only_reads=True)
    transaction.on_commit(lambda: None)


def read_before_a_change():
    connection.ask(ONE, only_reads=True)
    connection.ask(("UPDATE organizations SET name = name", []))


def test_any_other_end_is_waited_for_and_travels_alone():
    for work in (lock_a_row, read_by_cursor, wait_for_the_end, read_before_a_change):
        with overheard() as said, transaction.atomic():
            work()
        assert (work, connection.connection.owed, find_trips(said)[-1]) == (work, 0, ["COMMIT"])
        assert said[-1].startswith("B ReadyForQuery"), work


def test_an_ordinary_cursor_opens_no_transaction_of_its_own(onlooker):
    with transaction.atomic():
        connection.ask(ONE, only_reads=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7)")
    assert state(onlooker) == "idle"
    assert read(onlooker, "SELECT pg_try_advisory_xact_lock(7)") == [(True,)]


def copy_out(cursor):
    with cursor.copy("COPY (SELECT 1) TO STDOUT") as rows:
        list(rows)


def execute_many(cursor):
    cursor.executemany("SELECT %s", [[1], [2]])


def test_whatever_a_cursor_does_belongs_to_the_transaction_even_if_it_is_older(onlooker):
    for speak in (lambda cursor: cursor.execute("SELECT 1"), execute_many, copy_out):
        with connection.cursor() as cursor, transaction.atomic():
            speak(cursor)
            assert (speak, state(onlooker)) == (speak, "idle in transaction")
        assert (speak, state(onlooker)) == (speak, "idle")


def test_whoever_counts_statements_sees_them_all(django_assert_num_queries):
    seen = []

    def watch(execute, sql, values, many, context):
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch), CaptureQueriesContext(connection) as captured, transaction.atomic():
        assert connection.ask(ONE, ("SELECT 'a%%'", [])) == [[(1,)], [("a%",)]]
        with transaction.atomic():
            pass
    assert seen[:2] == [ONE, ("SELECT 'a%%'", [])]
    assert [sql.split()[0] for sql, _ in seen[2:]] == ["SAVEPOINT", "RELEASE"]
    assert [query["sql"].split()[0] for query in captured] == [
        "BEGIN", "SELECT", "SELECT", "SAVEPOINT", "RELEASE", "COMMIT",
    ]  # fmt: skip
    assert captured[1]["sql"] == "SELECT 1::bigint"
    with django_assert_num_queries(1):
        connection.ask(ONE)


@pytest.mark.parametrize("is_watched", [False, True])
def test_an_error_ends_the_trip_and_a_savepoint_saves_the_rest(is_watched):
    failing = ONE, ("SELECT 1 / %s::bigint", [0]), ("SELECT 'not reached', %s::bigint", [2])
    connection.force_debug_cursor = is_watched
    try:
        with transaction.atomic():
            for _ in range(2):
                with pytest.raises(DataError, match="division by zero"), transaction.atomic():
                    connection.ask(*failing)
            assert connection.ask(*failing[::2]) == [[(1,)], [("not reached", 2)]]
    finally:
        connection.force_debug_cursor = False
    with pytest.raises(DataError):
        connection.ask(*failing)
    assert connection.ask(ONE) == [[(1,)]]


def test_a_value_that_cannot_be_sent_changes_nothing(onlooker):
    with transaction.atomic():
        with pytest.raises(DataError, match="NUL"):
            connection.ask(ONE, ("SELECT %s::text", ["\0"]))
        assert state(onlooker) == "idle"
        assert connection.ask(ONE) == [[(1,)]]
        assert state(onlooker) == "idle in transaction"


def test_a_statement_is_prepared_once_for_each_set_of_types():
    for value in (1, 2, None, None):
        connection.ask(("SELECT %s::bigint", [value]))
    with connection.cursor() as cursor:
        assert read(cursor, "SELECT count(*) FROM pg_prepared_statements") == [(2,)]


def test_what_is_prepared_never_grows_beyond_its_bound(monkeypatch):
    monkeypatch.setattr(direct, "MOST_PREPARED", 3)
    for number in [*range(10), 0, 9]:
        assert connection.ask((f"SELECT {number}", [])) == [[(number,)]]
    with connection.cursor() as cursor:
        assert read(cursor, "SELECT count(*) FROM pg_prepared_statements") == [(3,)]


def test_what_was_prepared_before_a_table_changed_is_prepared_anew():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE changing (a integer)")
        asked = "SELECT * FROM changing", []
        assert connection.ask(asked) == [[]]
        cursor.execute("ALTER TABLE changing ADD b integer")
        with pytest.raises(psycopg.errors.FeatureNotSupported), unwrapped():
            connection.ask(asked)
        cursor.execute("INSERT INTO changing VALUES (1, 2)")
        assert connection.ask(asked) == [[(1, 2)]]
        cursor.execute("DISCARD PLANS; DEALLOCATE ALL")
        with pytest.raises(ProgrammingError, match="does not exist"):
            connection.ask(asked)
        assert connection.ask(asked) == [[(1, 2)]]


@contextmanager
def unwrapped():
    try:
        yield
    except Exception as error:
        raise error.__cause__ from None


@pytest.mark.sweep
def test_large_values_go_both_ways_at_once():
    texts = [letter * 3_000_000 for letter in "abc"]
    asked = [("SELECT %s::text || %s::text", [text, text]) for text in texts]
    assert connection.ask(*asked) == [[(text + text,)] for text in texts]


def test_what_is_set_for_a_transaction_holds_in_it_and_ends_with_it():
    confine = ("SELECT set_config('clientline.user_id', %s::text, true)", ["7"])
    ask = ("SELECT coalesce(current_setting('clientline.user_id', true), '')", [])
    with transaction.atomic():
        connection.ask(confine, only_reads=True)
        assert connection.ask(ask, only_reads=True) == [[("7",)]]
    assert connection.ask(ask, only_reads=True) == [[("",)]]


def test_a_timeout_is_told_and_the_connection_lives():
    with pytest.raises(OperationalError) as caught, transaction.atomic():
        connection.ask(("SELECT set_config('statement_timeout', '50ms', true)", []))
        connection.ask(("SELECT pg_sleep(5)", []))
    assert caught.value.__cause__.sqlstate == "57014"
    assert connection.ask(ONE) == [[(1,)]]


def terminate(onlooker):
    read(onlooker, "SELECT pg_terminate_backend(%s, 5000)", connection.connection.info.backend_pid)


def test_a_server_that_ends_the_connection_is_heard_to_the_end():
    connection.has_committed = False  # as each request begins
    with pytest.raises(OperationalError) as caught, transaction.atomic():
        connection.ask(ONE, ("SELECT pg_terminate_backend(pg_backend_pid())", []), ONE)
    assert caught.value.__cause__.sqlstate == "57P01"
    assert type(read_refusal(caught.value)) is Unavailable
    assert connection.ask(ONE) == [[(1,)]]


def test_a_connection_that_dies_between_two_requests_is_replaced_without_a_word(onlooker):
    with transaction.atomic():
        connection.ask(ONE, only_reads=True)
    terminate(onlooker)
    connection.close_if_unusable_or_obsolete()  # what Django does before each request
    with transaction.atomic():
        assert connection.ask(ONE) == [[(1,)]]


def test_one_that_dies_within_a_transaction_fails_it(onlooker):
    with pytest.raises(OperationalError), transaction.atomic():
        connection.ask(ONE)
        terminate(onlooker)
        connection.ask(ONE)
    assert connection.ask(ONE) == [[(1,)]]


def interrupt(signum, frame):
    raise KeyboardInterrupt


def test_an_interrupted_trip_ends_on_the_server_and_closes_the_connection(onlooker):
    connection.ask(ONE)
    pid, before = connection.connection.info.backend_pid, signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            connection.ask(("SELECT pg_sleep(60)", []))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert connection.connection.closed
    wait_for(lambda: read(onlooker, "SELECT FROM pg_stat_activity WHERE pid = %s", pid) == [])


def test_an_answer_that_cannot_be_read_leaves_the_connection_whole():
    with pytest.raises(DataError), transaction.atomic():
        connection.ask(("SELECT '20000-01-01'::timestamptz", []))
    assert connection.ask(ONE) == [[(1,)]]


def test_nobody_asks_from_an_event_loop():
    async def ask():
        return connection.ask(ONE)

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(ask())


def test_nothing_is_asked_in_a_transaction_that_has_to_be_rolled_back():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            connection.ask(ONE)


def test_without_autocommit_each_transaction_begins_with_its_first_statement(onlooker):
    connection.set_autocommit(False)
    for end in (connection.commit, connection.rollback):
        connection.ask(ONE)
        assert state(onlooker) == "idle in transaction"
        end()
        assert state(onlooker) == "idle"
    connection.set_autocommit(True)
    connection.ask(ONE)
    assert state(onlooker) == "idle"


def test_a_syntax_error_is_one():
    with pytest.raises(ProgrammingError):
        connection.ask(("SELEC 1", []))
    assert connection.ask(ONE) == [[(1,)]]


def test_all_connections_share_one_table_of_how_values_are_read():
    """Each would copy it to change a loader in it, and write into the pages of every class that is in it."""
    other = connection.copy()
    shared = connection.get_connection_params()["context"]
    assert other.get_connection_params()["context"] is shared
    # And in it instants are psycopg's, which reads them in C.
    oid = adapters.types["timestamptz"].oid
    assert shared.get_loader(oid, Format.TEXT) is adapters.get_loader(oid, Format.TEXT)
    connection.ensure_connection()
    assert connection.connection.adapters.get_loader(oid, Format.TEXT) is adapters.get_loader(oid, Format.TEXT)


def test_for_a_row_of_many_values_this_threads_connection_is_looked_up_once(salon, monkeypatch):
    look_up, found = BaseConnectionHandler.__getitem__, []
    monkeypatch.setattr(
        BaseConnectionHandler, "__getitem__", lambda own, alias: found.append(alias) or look_up(own, alias)
    )
    salon.visit.pk, salon.visit.status, salon.visit.cancelled_at = None, "cancelled", salon.visit.appointment_date
    insertion = prepare_visit_insertion()
    found.clear()
    insertion.save(salon.visit)
    assert len(insertion.fields) > 30
    assert len(found) == 3  # for the values, to ask, and for its name


def test_times_are_read_whatever_style_a_server_writes_them_in():
    other = connection.copy()
    options = {"options": "-c DateStyle=German -c IntervalStyle=iso_8601"}
    other.settings_dict = other.settings_dict | {"OPTIONS": other.settings_dict["OPTIONS"] | options}
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT '2027-01-15 09:00+00'::timestamptz, '26 hours'::interval")
            assert cursor.fetchone() == (datetime(2027, 1, 15, 9, tzinfo=UTC), timedelta(hours=26))
    finally:
        other.close()
