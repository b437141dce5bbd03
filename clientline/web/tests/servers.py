"""Servers on the database of the tests, with other arguments than the lasting one."""

from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from clientline.demo.serving import Gunicorn, write_database_url


def environment_of_tests():
    address = write_database_url(connection.get_connection_params())
    return {"DATABASE_URL": address, "SECRET_KEY": settings.SECRET_KEY, "RATE_LIMIT": "0"}


@contextmanager
def server_with(*arguments):
    with Gunicorn(environment_of_tests(), *arguments) as server:
        yield server
