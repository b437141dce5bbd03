"""Connections of tests about what goes through them."""

import pytest
from django.db import connection


@pytest.fixture
def fresh_connection(transactional_db):
    """Nothing is prepared yet, and nothing is left to the next test."""
    connection.close()
    yield
    connection.close()


@pytest.fixture
def onlooker():
    """Somebody else's connection, that of a superuser or of the owner."""
    other = connection.copy()
    with other.cursor() as cursor:
        yield cursor
    other.close()
