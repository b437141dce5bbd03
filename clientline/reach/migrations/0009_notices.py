"""Finds a message by what its provider calls it. Old rows are found, too."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0015_receipts_by_mail'),
        ('reach', '0008_receipts_have_numbers'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='message_by_provider'),
        ),
    ]
