"""Whether clients get receipts by mail. Old organizations send them, as new ones: where no mail server is set, nothing goes out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0014_what_clients_are_told'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='sends_receipts',
            field=models.BooleanField(db_default=True, default=True, help_text='Whether clients get receipts by mail when money came or went back'),
        ),
    ]
