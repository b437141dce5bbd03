"""What rows of before get: clients without a password their address as contact address, too; whoever has a telephone
its number in E.164, as their organization's country dials; erased clients a made address in place of `erased-…`.
Of a merge in the past nothing tells which record stayed.
"""

from django.db import migrations

from clientline.made_addresses import MAKE_SQL
from clientline.telephones import write_e164

AT_ONCE = 2_000  # a statement's worth

MAKE_ADDRESSES = f"""
    UPDATE users SET email = {MAKE_SQL}
    WHERE role = 'client' AND email LIKE 'erased-%@erased.invalid' AND (password = '' OR password LIKE '!%')
"""
FILL_CONTACTS = """
    UPDATE users SET contact_email = email
    WHERE role = 'client' AND email NOT LIKE '%.invalid' AND (password = '' OR password LIKE '!%')
"""
PHONES = """
    SELECT users.id, users.phone, country FROM users JOIN organizations ON organizations.id = organization_id
    WHERE users.phone <> '' AND users.id > %s ORDER BY users.id LIMIT %s
"""
FILL_PHONES = """
    UPDATE users SET phone_e164 = number FROM unnest(%s::bigint[], %s::text[]) AS found (key, number)
    WHERE id = key AND number <> ''
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', 'off', true)")  # nobody did it
        cursor.execute(MAKE_ADDRESSES)
        cursor.execute(FILL_CONTACTS)
        fill_phones(cursor)
        cursor.execute("SELECT set_config('clientline.audit', 'on', true)")


def fill_phones(cursor):
    last = 0
    while rows := cursor.execute(PHONES, [last, AT_ONCE]).fetchall():
        keys = [key for key, _, _ in rows]
        cursor.execute(FILL_PHONES, [keys, [write_e164(phone, country) for _, phone, country in rows]])
        last = keys[-1]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_contact_apart_from_sign_in"),
        ("organizations", "0007_countries_of_old_organizations"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
