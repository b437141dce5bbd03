"""Everybody who is here gets the words by which they are found, some at a time, each time in a transaction of its own.

It may be broken off and begun again.
"""

from django.db import migrations, transaction

from clientline.made_addresses import show_address
from clientline.search_words import make_words

AT_ONCE = 2_000  # people

PEOPLE = """
    SELECT id, organization_id, name, email, contact_email, phone, phone_e164 FROM users
    WHERE id > %s ORDER BY id LIMIT %s
"""
WRITE = """
    INSERT INTO search_words (organization_id, user_id, word)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) ON CONFLICT DO NOTHING
"""


def fill(apps, schema_editor):
    last = 0
    while rows := write_some(schema_editor.connection, last):
        last = rows[-1][0]


def write_some(connection, last):
    """Of the people behind the id `last`; returns their rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        rows = cursor.execute(PEOPLE, [last, AT_ONCE]).fetchall()
        found = [(organization, key, word) for key, organization, *about in rows for word in words_of(*about)]
        cursor.execute(WRITE, [[each[column] for each in found] for column in range(3)])
    return rows


def words_of(name, email, contact_email, phone, phone_e164):
    addresses = (show_address(email), contact_email)
    return make_words(name=name, addresses=addresses, phone=phone, phone_e164=phone_e164)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0019_search_words")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
