"""Django's PostgreSQL engine with six differences: the embedded server is started on demand, foreign keys are
checked at once, instants are read by psycopg's C code, statements can be prepared, a health check is no query, and
a server that cannot be reached is told in a sentence.
"""

from contextlib import contextmanager
from select import POLLIN, poll

from django.db.backends.postgresql import base, operations
from psycopg import Error, adapters
from psycopg.pq import Format

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
    ops_class = DatabaseOperations

    def get_connection_params(self):
        params = super().get_connection_params()
        params["prepare_threshold"] = params["prepare_threshold"] or PREPARE_AFTER
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
        return connection

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
        with self.wrap_database_errors, self.connection.pipeline():
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
