"""Django's PostgreSQL engine with three differences: the embedded server is started on demand,
foreign keys are checked at once, and instants are read by psycopg's C code.
"""

from django.db.backends.postgresql import base, operations
from psycopg import OperationalError, adapters
from psycopg.pq import Format

from clientline.embedded_postgres import PORT, Cluster
from clientline.postgres_binaries import PostgresUnavailable

InstantLoader = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)


def socket_directory(data):
    """Where the embedded server listens; it is started if need be."""
    try:
        return str(Cluster(data).ensure_running())
    except PostgresUnavailable as error:
        raise OperationalError(str(error)) from error


class DatabaseOperations(operations.DatabaseOperations):
    def deferrable_sql(self):
        # A deferred key fails at COMMIT, where no view and no handler can turn it into an answer.
        return ""


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self):
        params = super().get_connection_params()
        if data := self.settings_dict.get("EMBEDDED_DATA"):
            params |= {"host": socket_directory(data), "port": PORT}
        return params

    def create_cursor(self, name=None):
        # Django's loader is Python, so that UTC is its own object. Connections run in UTC anyway, and
        # psycopg's loader returns equal instants several times faster.
        cursor = super().create_cursor(name)
        cursor.adapters.register_loader("timestamptz", InstantLoader)
        return cursor
