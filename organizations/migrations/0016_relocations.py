"""Who moves between installations. Everybody who is here is at home here, which needs no row."""

import clientline.columns
import django.utils.timezone
from django.db import migrations, models

from clientline.operations import grant, guard_home


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0015_receipts_by_mail'),
    ]

    operations = [
        migrations.CreateModel(
            name='RelocatedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.BigIntegerField()),
                ('table', models.CharField(max_length=63)),
                ('row', models.BigIntegerField()),
            ],
            options={
                'db_table': 'relocated_rows',
                'constraints': [models.UniqueConstraint(fields=('organization', 'table', 'row'), name='relocated_row_once')],
            },
        ),
        migrations.CreateModel(
            name='Relocation',
            fields=[
                ('organization', models.BigIntegerField(primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('leaving', 'leaving'), ('frozen', 'frozen'), ('moved', 'moved'), ('arriving', 'arriving'), ('arrived', 'arrived')], max_length=10)),
                ('address', models.CharField(blank=True, db_default='', default='', help_text='Of the other installation', max_length=2000)),
                ('notes_rows', models.BooleanField(db_default=False, default=False, help_text='Whether rows that change are noted, to be compared at the end')),
                ('since', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'db_table': 'relocations',
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['leaving', 'frozen', 'moved', 'arriving', 'arrived'])), name='relocation_state_is_known')],
            },
        ),
        grant("relocations", "SELECT"),  # who confines a transaction may be confined already
        guard_home(),
    ]
