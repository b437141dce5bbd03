"""Django's PostgreSQL engine with nine differences: the embedded server is started on demand, foreign keys are
checked at once, instants are read by psycopg's C code, statements can be asked directly, BEGIN and savepoints travel
with what comes after them, a health check is no query, a server that cannot be reached is told in a sentence,
a lost COMMIT is told from a lost connection, and sequences that are set forward stay in the residue of their cell.
"""

from contextlib import contextmanager
from functools import cache

from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base, operations
from django.utils.asyncio import async_unsafe
from psycopg import Error, adapters
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format

from clientline.database import direct
from clientline.database.sequences import move_past_rows
from clientline.postgres.backend.outcomes import OutcomeLost, leaves_doubt, watch_writing, writes
from clientline.postgres.backend.patience import patience
from clientline.postgres.backend.unreachable import Unreachable, explain_too_old, explain_unreachable
from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import PORT, Cluster

RESTART = """SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence
WHERE seqrelid = pg_get_serial_sequence('{table}', '{column}')::regclass;"""
# Goes into the WAL and nowhere else, with a transaction's number, as a change would. The number is asked for first:
# a primary that has become a standby refuses that as it refuses a change, and the message by an internal error.
NOTHING = "SELECT pg_current_xact_id(), pg_logical_emit_message(true, 'clientline', ''::text)"
PREPARE_AFTER = 5  # executions on one connection
PATIENCE = 10  # seconds for a server to take a connection; psycopg's own 130 would hold a thread as long
InstantLoader = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)


@cache
def read_instants_fast(template):
    """How Django has values sent and read, once for all connections: each would copy what it changes for itself."""
    # Django's loader is Python, so that UTC is its own object. Connections run in UTC anyway, and
    # psycopg's loader returns equal instants several times faster.
    shared = AdaptersMap(template)
    shared.register_loader("timestamptz", InstantLoader)
    return shared


def find_socket_directory(data):
    """Where the embedded server listens; it is started if need be."""
    try:
        return str(Cluster(data).ensure_running())
    except PostgresUnavailable as error:
        raise Unreachable(str(error)) from error


class DatabaseOperations(operations.DatabaseOperations):
    # What `sqlsequencereset` prints and `loaddata` does. Django's would lead a cell's sequence out of its residue.
    def sequence_reset_sql(self, style, model_list):
        keys = [(model._meta.db_table, model._meta.auto_field) for model in model_list]
        return [f"{move_past_rows(table, column=key.column).as_string()};" for table, key in keys if key is not None]

    # The start is of the residue, too.
    def sequence_reset_by_name_sql(self, style, sequences):
        names = ((each["table"], each["column"] or "id") for each in sequences)
        return [RESTART.format(table=self.quote_name(table), column=column) for table, column in names]

    def deferrable_sql(self):
        # A deferred key fails at COMMIT, where no view and no handler can turn it into an answer.
        return ""

    def last_executed_query(self, cursor, sql, params):
        return self.compose_sql(sql, params)  # the text of a prepared one holds no values


class Travelling:
    """A cursor that only sends, for whoever watches statements: execute wrappers, and the log of queries."""

    def __init__(self, send):
        self.execute = send

    def close(self):
        pass


class DatabaseWrapper(base.DatabaseWrapper):
    """`has_written` tells of the running transaction; `has_committed` of all since somebody last set it to False."""

    ops_class = DatabaseOperations

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.has_written = self.has_committed = False
        self.doubt = ""  # what the server said that leaves the outcome of a COMMIT open
        self.execute_wrappers.append(watch_writing)

    @property
    def is_handed_about(self):
        """Whether a pooler gives each transaction another connection: nothing may be prepared, or sent ahead."""
        return self.settings_dict.get("POOLER") == "transaction"

    def get_connection_params(self):
        params = super().get_connection_params()
        params["prepare_threshold"] = None if self.is_handed_about else params["prepare_threshold"] or PREPARE_AFTER
        params["context"] = read_instants_fast(params["context"])
        params.setdefault("connect_timeout", PATIENCE)
        if data := self.settings_dict.get("EMBEDDED_DATA"):
            params |= {"host": find_socket_directory(data), "port": PORT}
        return params

    def get_new_connection(self, conn_params):
        try:
            connection = direct.Connection.connect(**conn_params, autocommit=True)
        except Error as error:
            raise explain_unreachable(error, self.settings_dict) from error
        connection.add_notice_handler(self.hear)
        # psycopg reads no other; for this one libpq has no variable, as it has for instants (see settings).
        if (connection.info.parameter_status("IntervalStyle") or "postgres") != "postgres":
            connection.execute("SET IntervalStyle = 'postgres'")
        return connection

    def hear(self, notice):
        if leaves_doubt(notice):
            self.doubt = f"{notice.message_primary} ({notice.sqlstate})"

    @contextmanager
    def saving(self):
        """Around what makes changes last. Raises OutcomeLost where nobody can know whether it did."""
        self.doubt = ""
        try:
            with patience.limit(self.connection):
                yield
        except (OperationalError, InterfaceError) as error:
            if self.connection is None or self.connection.closed:
                raise OutcomeLost(self.doubt or str(error)) from error.__cause__
            raise
        self.has_committed = True
        if self.doubt:
            raise OutcomeLost(self.doubt)

    def commit(self):
        if self.run_on_commit and self.connection is not None:
            self.connection.has_only_read = False  # what comes after the commit counts on it
        self.send_told()  # before COMMIT: what is lost here is known to be lost
        has_written, self.has_written = self.has_written, False
        # Sent on a connection that is closed already, COMMIT reaches nobody: then nothing is saved, and that is known.
        if not has_written or self.connection is None or self.connection.closed:
            return super().commit()
        with self.saving():
            return super().commit()

    def set_autocommit(self, autocommit, *args, **kwargs):
        # Behind a COMMIT that lost its connection Django would make another only to say so, and where nobody answers,
        # that error would take the place of the doubt: callers would be told that nothing was saved.
        if self.connection is None and autocommit:
            return
        super().set_autocommit(autocommit, *args, **kwargs)

    def rollback(self):
        self.has_written = False
        super().rollback()

    def close(self):
        self.has_written = False
        super().close()

    def check_database_version_supported(self):
        found, oldest = self.get_database_version(), self.features.minimum_database_version
        if found < oldest:
            raise explain_too_old(found, oldest, self.settings_dict)

    def create_cursor(self, name=None):
        return self.connection.cursor()  # Django's would ask the loader for its zone

    # Private: Django's own hooks for savepoints. Without them each would be a trip of its own.
    def _savepoint(self, sid):
        self.send_ahead(self.ops.savepoint_create_sql(sid))

    # Private, like the one before.
    def _savepoint_commit(self, sid):
        self.send_ahead(self.ops.savepoint_commit_sql(sid))

    def send_ahead(self, sql):
        """Have a statement without values or rows travel with the next one, or not at all where none comes."""
        self.ensure_connection()
        watched = self.watch(lambda sql, params=None: self.connection.ahead.append(sql.encode()))
        watched.execute(sql)

    def watch(self, send):
        """A cursor whose `execute` passes whoever watches statements, and then is `send(sql, values)`."""
        cursor = Travelling(send)
        return self.make_debug_cursor(cursor) if self.queries_logged else self.make_cursor(cursor)

    @async_unsafe
    def ask(self, *asked, only_reads=False):
        """The rows of each (sql, values), in one trip; see `direct.Connection.ask`. No type may be left to a guess."""
        if self.connection is None or not self.health_check_done:
            self.close_if_health_check_failed()
            self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        if self.is_handed_about:
            return [self.ask_by_cursor(sql, values) for sql, values in asked]
        if self.queries_logged or len(self.execute_wrappers) > 1:
            return self.ask_watched(asked, only_reads)
        if only_reads or not any(writes(sql) for sql, _ in asked):
            return self.travel(asked, only_reads)
        if self.in_atomic_block:
            self.has_written = True
            return self.travel(asked, only_reads)
        with self.saving():
            return self.travel(asked, only_reads)

    def tell(self, sql, values):
        """Run a change of which nobody needs the rows: within a transaction it travels with the next statement."""
        if self.connection is None or not self.in_atomic_block or self.is_handed_about:
            self.ask((sql, values))
            return
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        self.has_written = True
        if self.queries_logged or len(self.execute_wrappers) > 1:
            self.watch(lambda sql, values: self.connection.tell((sql, values))).execute(sql, values)
        else:
            with self.wrap_database_errors:
                self.connection.tell((sql, values))

    def confirm(self):
        """Let the COMMIT of this transaction wait for standbys, though it may have changed nothing.

        An answer that says done because it was done before rests on rows that it only read. Where the outcome of their
        COMMIT was unknown, they may lie on a primary that was cut off, and be lost with it.
        """
        if self.has_written or self.needs_rollback:
            return
        with self.cursor() as cursor:
            cursor.execute(NOTHING)
        self.has_written = True

    def send_told(self):
        if self.connection is not None and self.connection.told:
            self.travel((), only_reads=False)

    def travel(self, asked, only_reads):
        try:
            return self.connection.ask(asked, only_reads=only_reads)
        except Error:
            with self.wrap_database_errors:
                raise

    def ask_watched(self, asked, only_reads):
        """Each passes the watchers before it is sent, and the last one takes all along: so its errors pass them too."""
        travelling, rows = [], []

        def send(sql, values):
            travelling.append((sql, values))
            if len(travelling) == len(asked):
                rows.extend(self.connection.ask(travelling, only_reads=only_reads))

        for sql, values in asked:
            self.watch(send).execute(sql, values)
        return rows

    def ask_by_cursor(self, sql, values):
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)
        with self.make_debug_cursor(cursor) if self.queries_logged else self.make_cursor(cursor) as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def is_usable(self):
        # A server that went away has said so: there is something to read. Asking it would cost each request a trip.
        return self.is_quiet() or super().is_usable()

    def is_quiet(self):
        """Whether the connection is open and nothing has come in unasked."""
        if self.connection is None or self.connection.closed:
            return False
        try:
            self.connection.settle()
        except Error:
            return False
        return not self.connection.incoming.poll(0)
