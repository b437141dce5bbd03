"""By what calendars know a visit, and how often it moved. Old visits get a name each, and count from 0: nobody was told."""

from django.db import migrations, models

import clientline.columns


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0016_reasons_of_the_stranded'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='calendar_uid',
            field=models.TextField(db_default=models.Func(output_field=models.TextField(), template='gen_random_uuid()::text'), default=clientline.columns.make_uid, editable=False, help_text='By which calendars know it, for ever'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='sequence',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text='How often it was moved, cancelled or followed new time zone rules'),
        ),
    ]
