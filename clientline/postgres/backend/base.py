"""Django's PostgreSQL engine with seven differences: the embedded server is started on demand, foreign keys are
checked at once, instants are read by psycopg's C code, statements can be prepared, a health check is no query,
a server that cannot be reached is told in a sentence, and a lost COMMIT is told from a lost connection.
"""

from contextlib import contextmanager, nullcontext
from select import POLLIN, poll

from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base, operations
from psycopg import Error, adapters
from psycopg.pq import Format

from clientline.postgres.backend.outcomes import OutcomeLost, leaves_doubt, watch_writing
from clientline.postgres.backend.patience import patience
from clientline.postgres.backend.unreachable import Unreachable, explain_too_old, explain_unreachable
from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import PORT, Cluster

PREPARE_AFTER = 5  # executions on one connection
PATIENCE = 10  # seconds for a server to take a connection; psycopg's own 130 would hold a thread as long
InstantLoader = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)


def find_socket_directory(data):
    """Where the embedded server listens; it is started if need be."""
    try:
        return str(Cluster(data).ensure_running())
    except PostgresUnavailable as error:
        raise Unreachable(str(error)) from error


class DatabaseOperations(operations.DatabaseOperations):
    def deferrable_sql(self):
        # A deferred key fails at COMMIT, where no view and no handler can turn it into an answer.
        return ""

    def last_executed_query(self, cursor, sql, params):
        return self.compose_sql(sql, params)  # the text of a prepared one holds no values


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
        params.setdefault("connect_timeout", PATIENCE)
        if data := self.settings_dict.get("EMBEDDED_DATA"):
            params |= {"host": find_socket_directory(data), "port": PORT}
        return params

    def get_new_connection(self, conn_params):
        # Django's loader is Python, so that UTC is its own object. Connections run in UTC anyway, and
        # psycopg's loader returns equal instants several times faster.
        try:
            connection = super().get_new_connection(conn_params)
        except Error as error:
            raise explain_unreachable(error, self.settings_dict) from error
        connection.adapters.register_loader("timestamptz", InstantLoader)
        connection.add_notice_handler(self.hear)
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
        has_written, self.has_written = self.has_written, False
        # Sent on a connection that is closed already, COMMIT reaches nobody: then nothing is saved, and that is known.
        if not has_written or self.connection is None or self.connection.closed:
            return super().commit()
        with self.saving():
            return super().commit()

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

    def open_prepared_cursor(self):
        """A cursor for statements that come again and again: PostgreSQL gets the values apart, and plans once.

        Django's own cursors write the values into the text. These statements may not leave a type to be guessed.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_thread_sharing()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)
        return self.make_debug_cursor(cursor) if self.queries_logged else self.make_cursor(cursor)

    @contextmanager
    def pipeline(self):
        """What prepared cursors execute inside is sent at once; a failure is raised at the end at the latest."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors, nullcontext() if self.is_handed_about else self.connection.pipeline():
            yield

    def is_usable(self):
        # A server that went away has said so: there is something to read. Asking it would cost each request a trip.
        return self.is_quiet() or super().is_usable()

    def is_quiet(self):
        """Whether the connection is open and nothing has come in unasked."""
        if self.connection is None or self.connection.closed:
            return False
        incoming = poll()
        incoming.register(self.connection.fileno(), POLLIN)
        return not incoming.poll(0)
