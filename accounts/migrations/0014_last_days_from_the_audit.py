"""Whoever left the team already gets as the last day the local date on which the audit saw them deactivated.

Who was never seen active keeps none, and counts in no report, as before.
"""

from django.db import migrations

from clientline.zones import find_zone

DEACTIVATED = """
    SELECT users.id, organizations.timezone, max(audit.at)
    FROM users JOIN organizations ON organizations.id = users.organization_id
    JOIN audit ON audit."table" = 'users' AND audit."row" = users.id AND audit.action = 'update'
        AND audit.changes -> 'is_active' ->> 1 = 'false'
    WHERE NOT users.is_active AND users.role <> 'client' AND users.works_until IS NULL
    GROUP BY users.id, organizations.timezone
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', 'off', true)")  # nobody did it
        cursor.execute(DEACTIVATED)
        for pk, name, at in cursor.fetchall():
            day = at.astimezone(find_zone(name)).date()
            cursor.execute("UPDATE users SET works_until = %s WHERE id = %s", [day, pk])
        cursor.execute("SELECT set_config('clientline.audit', 'on', true)")


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0013_last_days"),
        ("organizations", "0007_countries_of_old_organizations"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
