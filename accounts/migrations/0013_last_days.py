"""People who leave have a last day, up to which reports count their hours. Old rows get it by the next migration."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_factor_and_address_end_sign_ins'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='works_until',
            field=models.DateField(blank=True, editable=False, help_text='Of somebody who left the team, the last date they were of it', null=True),
        ),
    ]
