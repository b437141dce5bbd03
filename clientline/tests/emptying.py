"""A database in which nothing is yet, in the middle of a test: Django's `flush` would make all permissions anew."""

from django.db import connection

from clientline.tests.database import empty_tables

BEGIN_ANEW = """
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence JOIN pg_class ON oid = seqrelid
WHERE relnamespace = 'public'::regnamespace AND relname !~ '^(django|auth)_'
"""


def empty_database():
    """Without rows, and with numbers that begin at 1, as a new installation is."""
    empty_tables(None)
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_ANEW)
