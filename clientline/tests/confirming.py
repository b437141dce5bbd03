"""Whether an answer that changes nothing waits for standbys as one that does."""

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientline.postgres.backend.base import NOTHING


@contextmanager
def assert_is_confirmed():
    """The block ends a transaction that wrote nothing and that nobody loses: see `DatabaseWrapper.confirm`."""
    connection.has_written = False  # by what the test did before, in whose transaction this one is
    with CaptureQueriesContext(connection) as asked:
        yield
    assert NOTHING in [query["sql"] for query in asked]
