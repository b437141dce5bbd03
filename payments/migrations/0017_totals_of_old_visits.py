"""The figures of clients for the visits and the money that are there."""

from django.db import migrations

COUNT = """
    LOCK TABLE appointments, payments, refunds IN SHARE MODE;
    SELECT count_client_totals(NULL);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("payments", "0016_client_totals"),
    ]

    operations = [
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
