"""A last day may lie ahead. Nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_page_for_guests'),
    ]

    operations = [
        migrations.AlterField(
            model_name='user',
            name='works_until',
            field=models.DateField(blank=True, help_text='Of somebody of the team, the last date on which they begin to work', null=True),
        ),
    ]
