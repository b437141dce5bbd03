"""What `rule` says of a receipt. The table stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reach', '0007_logos'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='rule',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Of a reminder the minutes before the visit, of a receipt its number, else 0'),
        ),
    ]
